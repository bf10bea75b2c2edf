package rendered

import (
	"net/url"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/reggen/reggen/generator/release"
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
		Reason: "Published vulnerabilities of the registry, kept with sources and the date of the last look in generator/release/vulnerabilities.yaml; what came later is not in it.",
		Fix:    "Move to the release that mends it.",
	},
	{
		ID: "gitlab-htpasswd", Severity: Error, Inputs: []Input{Objects}, onlyOn: gitlabHtpasswd,
		Title:  "GitLab's registry is one that knows htpasswd",
		Reason: "GitLab's fork lost htpasswd in 2022, after v3.37: newer ones don't start with this configuration.",
		Fix:    "Use distribution's own image, which reads the same storage.",
	},
	{
		ID: "own-image", Severity: Error, Inputs: []Input{Objects}, onlyOn: ownImage,
		Title:  "the registry's own image comes from elsewhere",
		Reason: "A node that doesn't have the image yet asks the registry for it, which doesn't run because its image is missing: after the loss of the nodes nothing starts any more. It comes of rewriting image names, by ImagePullSecrets for instance, in the registry's own kustomization.",
		Fix:    "Keep the transformer in the applications' kustomizations, or leave the registry's image out of what it rewrites.",
	},
}

func ownImage(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		name, _, _ := r.image()
		host, _, _ := strings.Cut(name, "/")
		if slices.Contains(b.hosts(r), host) {
			l = append(l, at(r.object, r.path+".image", "another registry's", "is pulled from %s, which this registry itself serves", host))
		}
	}
	return l
}

// hosts are the names by which a registry is asked, with a port where there is one.
func (b *build) hosts(r registry) []string {
	var out []string
	if address, _ := r.setting("http", "host").value.(string); address != "" {
		if u, err := url.Parse(address); err == nil {
			out = append(out, u.Host)
		}
	}
	for _, o := range b.fronts(r) {
		for _, rule := range list(o, "spec", "rules") {
			out = append(out, text(asMap(rule), "host"))
		}
	}
	for _, o := range b.routes(r) {
		for _, name := range list(o, "spec", "hostnames") {
			s, _ := name.(string)
			out = append(out, s)
		}
	}
	return slices.DeleteFunc(out, func(host string) bool { return host == "" })
}

func imageTag(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		name, tag, digest := r.image()
		if digest != "" || name == "" {
			continue
		}
		h := at(r.object, r.path+".image", "a digest", "is known by the tag %s alone", tag)
		switch {
		case tag == "" || tag == "latest":
			h.what = "is whatever is newest"
		case release.Whole(tag):
			h.severity = Info // a release is not moved, as a habit
		}
		l = append(l, h)
	}
	return l
}

func imageVersion(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		if number, _ := r.says().Version(); number == "" {
			l = append(l, at(r.object, r.path+".image", "a release as the tag, or the label app.kubernetes.io/version", "doesn't say its version"))
		}
	}
	return l
}

func vulnerableImage(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		number, version, gitlab := r.says().Newest()
		if version == nil || gitlab {
			continue
		}
		if ids, best := release.Vulnerable(version); len(ids) > 0 {
			l = append(l, at(r.object, r.path+".image", best+" or newer", "is version %s, which has %s", number, strings.Join(ids, ", ")))
		}
	}
	return l
}

// lastHtpasswd: see the refusal of the same in package spec.
var lastHtpasswd = semver.MustParse("3.37.999")

func gitlabHtpasswd(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		number, gitlab := r.says().Version()
		version, err := semver.NewVersion(number)
		if gitlab && err == nil && version.GreaterThan(lastHtpasswd) && r.section("auth", "htpasswd") {
			l = append(l, at(r.object, r.path+".image", "a release up to v3.37, or distribution's image", "is GitLab's %s, which knows no htpasswd", number))
		}
	}
	return l
}

// says is what the registry's object says about its image.
func (r registry) says() release.Image {
	ref, _ := r.container["image"].(string)
	return release.Image{Ref: ref, App: text(r.object, "metadata", "labels", "app.kubernetes.io/name"), Label: text(r.object, "metadata", "labels", "app.kubernetes.io/version")}
}

// image takes the image's reference apart.
func (r registry) image() (name, tag, digest string) { return r.says().Parts() }

// major is the first number of the version, "" when nothing says it.
func (r registry) major() (number string, gitlab bool) {
	number, _, gitlab = r.says().Newest()
	number, _, _ = strings.Cut(number, ".")
	return number, gitlab
}
