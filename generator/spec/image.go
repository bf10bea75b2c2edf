package spec

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

var (
	Flavors      = []string{string(Distribution), string(DistributionV2), string(GitLab)}
	PullPolicies = []string{"Always", "IfNotPresent", "Never"}
)

func (v *validator) image() {
	i := v.s.Image
	const path = "spec.image.repository"
	switch {
	case strings.Contains(i.Repository, "@"):
		v.Add(path, "has a digest in it", "the name alone; the digest goes into spec.image.digest")
	case strings.Contains(i.Repository, "://"):
		v.Add(path, "has a scheme", "an image's name, for instance registry.example.com/mirror/registry")
	case !syntax.Repository.Matches(i.Repository) && strings.LastIndex(i.Repository, ":") > strings.LastIndex(i.Repository, "/"):
		v.Add(path, "has a tag in it", "the name alone; the tag goes into spec.image.tag")
	case !syntax.Repository.Matches(i.Repository) || len(i.Repository) > 255:
		v.Add(path, problem.Quoted(i.Repository)+" is not an image's name", "one, for instance registry or registry.example.com/mirror/registry")
	}
	if i.Tag != "" && !syntax.Tag.Matches(i.Tag) {
		v.Add("spec.image.tag", problem.Quoted(i.Tag)+" is not an image's tag", "at most 128 letters, digits, '_', '.' and '-', neither '.' nor '-' first")
	}
	if i.Digest != "" && !syntax.Digest.Matches(i.Digest) {
		v.Add("spec.image.digest", "is not an image's digest", "sha256: and 64 hexadecimal digits in lower case")
	}
	v.version(i)
	v.Enum("spec.image.pullPolicy", i.PullPolicy, PullPolicies)
	if v.Enum("spec.image.flavor", string(i.Flavor), Flavors) {
		v.flavor(i)
	}
	seen := map[string]bool{}
	for n, name := range i.PullSecrets {
		at := fmt.Sprintf("spec.image.pullSecrets[%d]", n)
		if !v.Missing(at, name, "the name of a Secret") {
			v.Name(at, name)
		}
		if seen[name] {
			v.Add(at, "stands in the list twice", "")
		}
		seen[name] = true
	}
}

// major finds the major version of a tag that is a release of distribution.
var major = regexp.MustCompile(`^v?([23])(\.[0-9]+){0,2}(-|$)`)

// flavor checks that the tag is a release of the program that flavor names:
// the two distributions read different configurations.
func (v *validator) flavor(i Image) {
	const path = "spec.image.flavor"
	m := major.FindStringSubmatch(i.Tag)
	switch {
	case i.Flavor != GitLab && strings.HasSuffix(i.Tag, "-gitlab"):
		v.Add(path, fmt.Sprintf("is %s, and the tag %s is GitLab's", i.Flavor, problem.Quoted(i.Tag)), string(GitLab))
	case m == nil:
	case i.Flavor == Distribution && m[1] == "2":
		v.Add(path, "is distribution, which is version 3, and the tag is "+problem.Quoted(i.Tag), string(DistributionV2))
	case i.Flavor == DistributionV2 && m[1] == "3":
		v.Add(path, "is distribution-v2, and the tag is "+problem.Quoted(i.Tag), string(Distribution))
	}
}

// reGitLab reads a release of GitLab's fork, from its tag or spec.image.version.
var reGitLab = regexp.MustCompile(`^v?([0-9]{1,4})\.([0-9]{1,4})\.[0-9]{1,4}(?:-gitlab)?$`)

// gitlabRelease is the release of GitLab's fork, as far as the spec says it.
func (i Image) gitlabRelease() (major, minor int, known bool) {
	text := i.Tag
	if i.Version != "" {
		text = i.Version
	} else if !strings.HasSuffix(text, "-gitlab") || !strings.HasPrefix(text, "v") {
		return 0, 0, false
	}
	m := reGitLab.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, false
	}
	major, _ = strconv.Atoi(m[1])
	minor, _ = strconv.Atoi(m[2])
	return major, minor, true
}

// version checks that a version is one, and what the tag says too.
func (v *validator) version(i Image) {
	const path = "spec.image.version"
	if i.Version == "" {
		return
	}
	if !syntax.Version.Matches(i.Version) {
		v.Add(path, problem.Quoted(i.Version)+" is not a release", "three numbers, for instance 3.1.1")
		return
	}
	tag := reRelease.FindString(i.Tag)
	if tag != "" && strings.TrimPrefix(tag, "v") != strings.SplitN(i.Version, "-", 2)[0] {
		v.Add(path, fmt.Sprintf("is %s, and the tag %s says another", i.Version, problem.Quoted(i.Tag)), "one of the two: a version is for tags that don't say")
	}
}

// reRelease finds the release that a tag begins with.
var reRelease = regexp.MustCompile(`^v?[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}`)

// gitlab refuses images of GitLab's fork that can't read an htpasswd file.
// Its support was deprecated in v3.32.0 (its changelog, March 2022) and the
// change that removed it was proposed the day after v3.37.1; releases don't
// name the removal, so the last one that surely has it is v3.37.
func (v *validator) gitlab() {
	i := v.s.Image
	if i.Flavor != GitLab {
		return
	}
	const path, want = "spec.image.tag", "a release up to v3.37, for instance v2.13.1-gitlab, or spec.auth.anonymous"
	major, minor, known := i.gitlabRelease()
	switch {
	case i.Tag == "" && !(known && i.Digest != ""):
		v.Add(path, "is missing: the gitlab flavor has no default, and the version decides whether it knows htpasswd", "a release, for instance v2.13.1-gitlab")
	case v.s.Auth.Anonymous || i.Tag != "" && !syntax.Tag.Matches(i.Tag):
	case !known:
		v.Add(path, problem.Quoted(i.Tag)+" doesn't say its version, and GitLab's registry lost htpasswd in 2022", "spec.image.version beside it, or "+want)
	case (major > 3 || major == 3 && minor > 37) && i.Version != "":
		v.Add("spec.image.version", i.Version+" can't authenticate: GitLab's registry lost htpasswd in 2022", want)
	case major > 3 || major == 3 && minor > 37:
		v.Add(path, problem.Quoted(i.Tag)+" can't authenticate: GitLab's registry lost htpasswd in 2022", want)
	}
}
