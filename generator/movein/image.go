package movein

import (
	"regexp"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator/spec"
)

var (
	official = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^((docker\.io/)?library/|docker\.io/)?registry$|(^|/)distribution/distribution$`)
	})
	release2 = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^v?2(\.|$|-)`) })
	release3 = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^v?3(\.|$|-)`) })
	gitlab   = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(^|/)(gitlab-container-registry|container-registry)(/|$)`)
	})
)

// image is what runs. Which program an image holds follows from the official
// image's tag, and from GitLab's name; otherwise nobody can tell.
func (m *move) image() {
	repository, tag := m.in.text("image", "repository"), m.in.text("image", "tag")
	known := true
	if isPlaceholder(repository) {
		known = false
		m.left("image", "is a placeholder, and is not taken: the official image runs", "set spec.image")
		repository, tag = "", ""
	}
	m.out.put(m.in.take("image", "pullPolicy"), "image", "pullPolicy")
	if m.out.get("image", "pullPolicy") == "IfNotPresent" {
		m.out.take("image", "pullPolicy")
	}
	m.out.put(namesOf(m.in.list("imagePullSecrets")), "image", "pullSecrets")
	if repository != "registry" {
		m.out.put(repository, "image", "repository")
	}
	m.out.put(tag, "image", "tag")
	if flavor := m.in.text("image", "flavor"); flavor != "" { // of reggen's own chart
		if flavor != string(spec.Distribution) {
			m.out.put(flavor, "image", "flavor")
		}
		known = false
	}
	switch {
	case !known:
	case repository == "" && tag == "":
		m.left("image", "is the chart's own, which depends on its version: "+string(spec.Distribution)+" 3.1.1 runs", "set spec.image to keep what runs now")
	case gitlab().MatchString(repository):
		m.out.put(string(spec.GitLab), "image", "flavor")
	case release2().MatchString(tag):
		m.out.put(string(spec.DistributionV2), "image", "flavor")
	case !release3().MatchString(tag) && (tag != "" || !official().MatchString(repository)):
		m.left("image", "is taken for version 3 of distribution: its name does not say which program it holds", "set spec.image.flavor if it is another")
	}
}

// namesOf are the names in a list of references.
func namesOf(list []any) (out []any) {
	for _, e := range list {
		switch e := e.(type) {
		case string:
			out = append(out, e)
		case map[string]any:
			if name, _ := e["name"].(string); name != "" {
				out = append(out, name)
			}
		}
	}
	return out
}

// within says that a text has something in it.
func within(text string, of ...string) bool {
	for _, s := range of {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}
