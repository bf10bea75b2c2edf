package check

import (
	_ "embed"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"
	"sigs.k8s.io/yaml"
)

// imageRules look at which program the registry is.
var imageRules = []Rule{
	{
		ID: "image-tag", Severity: Warning, Inputs: []Input{Objects}, onlyOn: imageTag,
		Title:  "the image is the one that was tried",
		Reason: "A tag can be moved to another image, and latest is meant to be: a pod that starts on a new node then runs another program than its neighbours.",
		Fix:    "Pin the digest: crane digest IMAGE prints it, spec.image.digest takes it, and Renovate keeps it fresh.",
	},
	{
		ID: "image-version", Severity: Info, Inputs: []Input{Objects}, onlyOn: imageVersion,
		Title:  "the image says which version it holds",
		Reason: "Without a version nobody can tell whether it has known vulnerabilities, or which configuration it reads.",
		Fix:    "Use a tag that is a release, or name it in spec.image.version.",
	},
	{
		ID: "vulnerable-image", Severity: Warning, Inputs: []Input{Objects}, onlyOn: vulnerableImage,
		Title:  "the image has no known vulnerability",
		Reason: "Published vulnerabilities of the registry, kept with sources and the date of the last look in generator/check/vulnerabilities.yaml; what came later is not in it.",
		Fix:    "Move to the release that mends it.",
	},
	{
		ID: "gitlab-htpasswd", Severity: Error, Inputs: []Input{Objects}, onlyOn: gitlabHtpasswd,
		Title:  "GitLab's registry is one that knows htpasswd",
		Reason: "GitLab's fork lost htpasswd in 2022, after v3.37: newer ones don't start with this configuration.",
		Fix:    "Use distribution's own image, which reads the same storage.",
	},
}

func imageTag(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		name, tag, digest := image(r.container)
		if digest != "" || name == "" {
			continue
		}
		h := at(r.object, r.path+".image", "a digest", "is known by the tag %s alone", tag)
		switch {
		case tag == "" || tag == "latest":
			h.what = "is whatever is newest"
		case release.MatchString(tag):
			h.severity = Info // a release is not moved, as a habit
		}
		l = append(l, h)
	}
	return l
}

func imageVersion(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		if number, _ := r.version(); number == "" {
			l = append(l, at(r.object, r.path+".image", "a release as the tag, or the label app.kubernetes.io/version", "doesn't say its version"))
		}
	}
	return l
}

// vulnerability is one of the data file's entries.
type vulnerability struct {
	ID     string `json:"id"`
	From   string `json:"from,omitempty"`
	Fixed  string `json:"fixed"`
	About  string `json:"about"`
	Source string `json:"source"`
}

//go:embed vulnerabilities.yaml
var vulnerabilitiesFile []byte

// vulnerabilities are the known ones, and when somebody last looked.
var vulnerabilities = sync.OnceValue(func() (v struct {
	Looked string          `json:"looked"`
	Known  []vulnerability `json:"known"`
}) {
	if err := yaml.UnmarshalStrict(vulnerabilitiesFile, &v); err != nil {
		panic("check: the embedded vulnerabilities: " + err.Error())
	}
	return v
})

// has says whether a release has the vulnerability.
func (v vulnerability) has(release *semver.Version) bool {
	return release.LessThan(semver.MustParse(v.Fixed)) && (v.From == "" || !release.LessThan(semver.MustParse(v.From)))
}

func vulnerableImage(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		number, version, gitlab := r.newest()
		if version == nil || gitlab {
			continue
		}
		var ids []string
		best := version
		for _, v := range vulnerabilities().Known {
			if !v.has(version) {
				continue
			}
			ids = append(ids, v.ID+" ("+v.About+")")
			if f := semver.MustParse(v.Fixed); f.GreaterThan(best) {
				best = f
			}
		}
		if len(ids) > 0 {
			l = append(l, at(r.object, r.path+".image", best.String()+" or newer", "is version %s, which has %s", number, strings.Join(ids, ", ")))
		}
	}
	return l
}

// lastHtpasswd: see the refusal of the same in package spec.
var lastHtpasswd = semver.MustParse("3.37.999")

func gitlabHtpasswd(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		number, gitlab := r.version()
		version, err := semver.NewVersion(number)
		if gitlab && err == nil && version.GreaterThan(lastHtpasswd) && r.section("auth", "htpasswd") {
			l = append(l, at(r.object, r.path+".image", "a release up to v3.37, or distribution's image", "is GitLab's %s, which knows no htpasswd", number))
		}
	}
	return l
}

// version says which release of which program the image holds: from its tag,
// or from the label app.kubernetes.io/version where the tag doesn't say.
func (r registry) version() (number string, gitlab bool) {
	name, tag, _ := image(r.container)
	gitlab = strings.Contains(path.Base(name), "gitlab") || strings.Contains(name, "gitlab-org/") || strings.HasSuffix(tag, "-gitlab")
	for _, text := range []string{tag, text(r.object, "metadata", "labels", "app.kubernetes.io/version")} {
		if m := release.FindStringSubmatch(text); m != nil {
			return m[1], gitlab
		}
	}
	return "", gitlab
}

// release is a whole version in a tag. What stands behind it is a
// pre-release, or a build of somebody's (-alpine, -gitlab) that says nothing.
var release = regexp.MustCompile(`^v?([0-9]+\.[0-9]+\.[0-9]+(?:-(?:alpha|beta|rc)\.?[0-9]+)?)(?:[-+_].*)?$`)

// line is a tag that names the newest of a line of releases: 2, v3.0, 2-alpine.
var line = regexp.MustCompile(`^v?([0-9]{1,2})(?:\.([0-9]+))?(?:-[a-z].*)?$`)

// newest is the version as far as it is known: what version says, or the line
// of releases that the tag names and the newest release it can ever have.
func (r registry) newest() (number string, release *semver.Version, gitlab bool) {
	number, gitlab = r.version()
	if v, err := semver.NewVersion(number); err == nil {
		return number, v, gitlab
	}
	_, tag, _ := image(r.container)
	m := line.FindStringSubmatch(tag)
	if m == nil {
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

// major is the first number of the version, "" when nothing says it.
func (r registry) major() (number string, gitlab bool) {
	number, _, gitlab = r.newest()
	number, _, _ = strings.Cut(number, ".")
	return number, gitlab
}

// image takes a container's image apart.
func image(container map[string]any) (name, tag, digest string) {
	name, _ = container["image"].(string)
	name, digest, _ = strings.Cut(name, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name, tag = name[:colon], name[colon+1:]
	}
	return name, tag, digest
}
