// Package release says which release of which program an image holds, as far as
// its name, its tag and the labels beside it tell, and what is known of that
// release.
package release

import (
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"
)

// Image is what an object says about a container's image.
type Image struct {
	Ref   string // the image
	App   string // the label app.kubernetes.io/name
	Label string // the label app.kubernetes.io/version
}

// official are the images of distribution's own project, wherever they are
// mirrored: what they do when they are told nothing is known.
var official = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(registry|docker\.io/registry|(.*/)?library/registry|(.*/)?distribution/distribution)$`)
})

// numbered are names of images whose numbers are the registry's. Others pack a
// registry together with programs of their own, and count those.
var numbered = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(^|[-_])(registry|distribution)$`) })

// packs are projects that do so under a name that ends like the registry's.
var packs = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`harbor|quay|nexus|openshift|origin`) })

// Version says which release of which program the image holds: from its tag,
// or from the label app.kubernetes.io/version where the tag doesn't say.
func (i Image) Version() (number string, gitlab bool) {
	name, tag, _ := i.Parts()
	gitlab = strings.Contains(path.Base(name), "gitlab") || strings.Contains(name, "gitlab-org/") || strings.HasSuffix(tag, "-gitlab")
	if !i.counts() {
		return "", gitlab
	}
	for _, text := range []string{tag, i.Label} {
		if m := whole().FindStringSubmatch(text); m != nil {
			return m[1], gitlab
		}
	}
	return "", gitlab
}

// counts says whether the image's numbers are the registry's: by its name, or
// by the name of the application that the label with the number belongs to.
func (i Image) counts() bool {
	name, _, _ := i.Parts()
	if packs().MatchString(name) || packs().MatchString(i.App) {
		return false
	}
	return numbered().MatchString(path.Base(name)) || numbered().MatchString(i.App)
}

// whole is a version in a tag. What stands behind it is a
// pre-release, or a build of somebody's (-alpine, -gitlab) that says nothing.
var whole = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^v?([0-9]+\.[0-9]+\.[0-9]+(?:-(?:alpha|beta|rc)\.?[0-9]+)?)(?:[-+_].*)?$`)
})

// line is a tag that names the newest of a line of releases: 2, v3.0, 2-alpine.
var line = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^v?([0-9]{1,2})(?:\.([0-9]+))?(?:-[a-z].*)?$`) })

// Newest is the version as far as it is known: what Version says, or the line
// of releases that the tag names and the newest release it can ever have.
func (i Image) Newest() (number string, newest *semver.Version, gitlab bool) {
	number, gitlab = i.Version()
	if v, err := semver.NewVersion(number); err == nil {
		return number, v, gitlab
	}
	_, tag, _ := i.Parts()
	m := line().FindStringSubmatch(tag)
	if m == nil || !i.counts() {
		return "", nil, gitlab
	}
	number, last := m[1], ".999999.999999"
	if m[2] != "" {
		number, last = m[1]+"."+m[2], ".999999"
	}
	v, err := semver.NewVersion(number + last)
	if err != nil {
		return "", nil, gitlab
	}
	return number, v, gitlab
}

// Parts takes the reference apart.
func (i Image) Parts() (name, tag, digest string) {
	name, digest, _ = strings.Cut(i.Ref, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name, tag = name[:colon], name[colon+1:]
	}
	return name, tag, digest
}

// Official says whether the image is distribution's own, mirrored or not.
func (i Image) Official() bool {
	name, _, _ := i.Parts()
	return official().MatchString(name)
}

// Whole says whether a tag is a whole release.
func Whole(tag string) bool { return whole().MatchString(tag) }
