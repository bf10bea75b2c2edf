package spec

import (
	"path"
	"regexp"
	"strings"
)

// The syntaxes that Kubernetes, docker and nginx define. They are also the
// patterns of the JSON schema, so they keep to what both Go and JavaScript
// understand.
const (
	patternLabel      = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`                                   // DNS label, RFC 1123; at most 63
	patternService    = `^[a-z]([-a-z0-9]*[a-z0-9])?$`                                      // DNS label, RFC 1035: Services need it
	patternName       = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$` // DNS subdomain; at most 253
	patternHost       = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:[0-9]{1,5})?$`
	patternRepository = `^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]+)?(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)+$|^[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*$`
	patternRule       = `^[a-z][a-z0-9]*(-[a-z0-9]+)*$`
	patternVersion    = `^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?$`
	patternTag        = `^[A-Za-z0-9_][-A-Za-z0-9_.]{0,127}$`
	patternDigest     = `^sha256:[0-9a-f]{64}$`
	patternBucket     = `^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`
	patternRegion     = `^[A-Za-z0-9][-A-Za-z0-9_]*$`
	patternQuantity   = `^([0-9]+\.?[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+)?$`
	patternBodySize   = `^[0-9]+[kKmMgG]?$`
	patternDataKey    = `^[-._a-zA-Z0-9]{1,253}$`
	patternLabelValue = `^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$`
	patternEnv        = `^[-._a-zA-Z][-._a-zA-Z0-9]*$`
	patternQualified  = `^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`
)

var (
	reLabel      = regexp.MustCompile(patternLabel)
	reService    = regexp.MustCompile(patternService)
	reName       = regexp.MustCompile(patternName)
	reHost       = regexp.MustCompile(patternHost)
	reRepository = regexp.MustCompile(patternRepository)
	reVersion    = regexp.MustCompile(patternVersion)
	reTag        = regexp.MustCompile(patternTag)
	reDigest     = regexp.MustCompile(patternDigest)
	reBucket     = regexp.MustCompile(patternBucket)
	reRegion     = regexp.MustCompile(patternRegion)
	reQuantity   = regexp.MustCompile(patternQuantity)
	reBodySize   = regexp.MustCompile(patternBodySize)
	reDataKey    = regexp.MustCompile(patternDataKey)
	reQualified  = regexp.MustCompile(patternQualified)
	reIPv4       = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$`)
)

const (
	wantLabel = "a DNS label: at most 63 lower-case letters, digits and hyphens, a letter or digit at both ends"
	wantName  = "lower-case letters, digits, hyphens and dots, a letter or digit at both ends of each part, at most 253"
)

func isLabel(s string) bool { return len(s) <= 63 && reLabel.MatchString(s) }

func isName(s string) bool { return len(s) <= 253 && reName.MatchString(s) }

// checkHost says why s is no host that docker and Kubernetes both understand,
// or "". A port may follow.
func checkHost(s string) string {
	name, port, hasPort := strings.Cut(s, ":")
	switch {
	case strings.Contains(s, "://"):
		return "has a scheme: write it without https://"
	case strings.Contains(s, "/"):
		return "has a path; a registry is a host alone"
	case s != strings.ToLower(s):
		return "has capital letters, which image names can't have"
	case !reHost.MatchString(s) || len(name) > 253 || hasPort && !isPort(port):
		return quote(s) + " is not a DNS name, with a port if need be"
	case !hasPort && !strings.Contains(name, ".") && name != "localhost":
		return quote(s) + " has neither a dot nor a port, so docker would take it for an account of Docker Hub"
	}
	for _, l := range strings.Split(name, ".") {
		if len(l) > 63 {
			return "has a part of more than 63 characters"
		}
	}
	return ""
}

func isPort(s string) bool {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return len(s) <= 5 && n > 0 && n <= 65535
}

// checkQualified says why s is no key of a label or annotation, or "".
func checkQualified(s string) string {
	prefix, name, has := strings.Cut(s, "/")
	if !has {
		name = prefix
	} else if !isName(prefix) {
		return "the key's part before the slash is not a DNS name"
	}
	if len(name) > 63 || !reQualified.MatchString(name) {
		return "the key is not at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends"
	}
	return ""
}

// checkFolder says why s is no relative folder, or "". Paths have slashes on
// every system, so that one spec means the same everywhere.
func checkFolder(s string) string {
	switch {
	case s == "":
		return "is empty"
	case hasControl(s):
		return "has a control character"
	case strings.Contains(s, `\`):
		return "has a backslash; paths are written with slashes"
	case path.IsAbs(s):
		return "is absolute; it is relative to the folder whose kustomization.yaml holds generators"
	}
	return ""
}
