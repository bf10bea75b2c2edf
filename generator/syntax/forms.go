package syntax

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/problem"
)

// CheckBucket says why b is no name of a bucket on S3, or "".
func CheckBucket(b string) string {
	switch {
	case !Bucket.Matches(b), strings.Contains(b, ".."), strings.Contains(b, ".-"), strings.Contains(b, "-."):
		return problem.Quoted(b) + " is not a bucket's name"
	case IPv4.Matches(b):
		return "looks like an address"
	}
	return ""
}

// IsEndpointHost says whether the host of a URL is a DNS name or an address, with a
// port if need be.
func IsEndpointHost(u *url.URL) bool {
	if strings.Contains(u.Host, "[") {
		return true // url.Parse has checked an IPv6 address
	}
	host := strings.ToLower(u.Host)
	return Host.Matches(host) && (u.Port() == "" || IsPort(u.Port()))
}

// CheckServer says why s is no server of a docker config, or "": the kubelet
// compares its host label by label, its port exactly and its path as a prefix.
func CheckServer(s string) string {
	host, path, hasPath := strings.Cut(s, "/")
	switch {
	case strings.Contains(s, "://"):
		return "has a scheme"
	case hasPath && (path == "" || strings.ContainsAny(path, " ?#%@\\") || HasControl(path) || strings.Contains(path, "//")):
		return "its path is empty or has characters that no image name has"
	}
	return CheckHost(host)
}

const WantLabelValue = "at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends"

// CheckLabelValue says why s is not the value of a label, or "".
func CheckLabelValue(s string) string {
	if len(s) > 63 || s != "" && !Qualified.Matches(s) {
		return problem.Quoted(s) + " is not a label's value"
	}
	return ""
}

// DaysOf is the number of a text of Days, 0 for any other.
func DaysOf(s string) int {
	if !Days.Matches(s) {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSuffix(s, "d"))
	return n
}

// IsResource says whether k is the name of a resource that a container may ask for.
func IsResource(k string) bool {
	switch {
	case k == "cpu", k == "memory", k == "ephemeral-storage":
		return true
	case strings.HasPrefix(k, "hugepages-"):
		return Quantity.Matches(strings.TrimPrefix(k, "hugepages-"))
	}
	return strings.Contains(k, "/") && CheckQualified(k) == ""
}
