package syntax

import (
	"path"
	"strings"
	"unicode"

	"github.com/reggen/reggen/generator/problem"
)

// What is wanted, in words.
const (
	WantLabel = "a DNS label: at most 63 lower-case letters, digits and hyphens, a letter or digit at both ends"
	WantName  = "lower-case letters, digits, hyphens and dots, a letter or digit at both ends of each part, at most 253"
)

// IsLabel says whether s is a DNS label.
func IsLabel(s string) bool { return len(s) <= 63 && Label.Matches(s) }

// IsName says whether s is a DNS subdomain, as most objects are named.
func IsName(s string) bool { return len(s) <= 253 && Name.Matches(s) }

// CheckHost says why s is no host that docker and Kubernetes both understand,
// or "". A port may follow.
func CheckHost(s string) string {
	name, port, hasPort := strings.Cut(s, ":")
	switch {
	case strings.Contains(s, "://"):
		return "has a scheme: write it without https://"
	case strings.Contains(s, "/"):
		return "has a path; a registry is a host alone"
	case s != strings.ToLower(s):
		return "has capital letters, which image names can't have"
	case !Host.Matches(s) || len(name) > 253 || hasPort && !IsPort(port):
		return problem.Quoted(s) + " is not a DNS name, with a port if need be"
	case !hasPort && !strings.Contains(name, ".") && name != "localhost":
		return problem.Quoted(s) + " has neither a dot nor a port, so docker would take it for an account of Docker Hub"
	}
	for _, l := range strings.Split(name, ".") {
		if len(l) > 63 {
			return "has a part of more than 63 characters"
		}
	}
	return ""
}

// IsPort says whether s is the number of a port.
func IsPort(s string) bool {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return len(s) <= 5 && n > 0 && n <= 65535
}

// CheckQualified says why s is no key of a label or annotation, or "".
func CheckQualified(s string) string {
	prefix, name, has := strings.Cut(s, "/")
	if !has {
		name = prefix
	} else if !IsName(prefix) {
		return "the key's part before the slash is not a DNS name"
	}
	if len(name) > 63 || !Qualified.Matches(name) {
		return "the key is not at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends"
	}
	return ""
}

// CheckFolder says why s is no relative folder, or "". Paths have slashes on
// every system, so that one spec means the same everywhere.
func CheckFolder(s string) string {
	switch {
	case s == "":
		return "is empty"
	case HasControl(s):
		return "has a control character"
	case strings.Contains(s, `\`):
		return "has a backslash; paths are written with slashes"
	case path.IsAbs(s):
		return "is absolute; it is relative to the folder whose kustomization.yaml holds generators"
	}
	return ""
}

// HasControl says whether s has a control character or a line separator.
func HasControl(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return true
		}
	}
	return false
}
