// Package syntax has the syntaxes that Kubernetes, docker, nginx and the clouds
// define for what stands in a spec.
package syntax

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression. It is also one of the JSON schema, so it keeps
// to what both Go and JavaScript understand.
type Pattern string

// What names, tags, quantities and the like have to look like.
const (
	Label          Pattern = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`                                   // DNS label, RFC 1123; at most 63
	Service        Pattern = `^[a-z]([-a-z0-9]*[a-z0-9])?$`                                      // DNS label, RFC 1035: Services need it
	Name           Pattern = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$` // DNS subdomain; at most 253
	Host           Pattern = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:[0-9]{1,5})?$`
	Repository     Pattern = `^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]+)?(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)+$|^[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*$`
	Rule           Pattern = `^[a-z][a-z0-9]*(-[a-z0-9]+)*$`
	Version        Pattern = `^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?$`
	Tag            Pattern = `^[A-Za-z0-9_][-A-Za-z0-9_.]{0,127}$`
	Digest         Pattern = `^sha256:[0-9a-f]{64}$`
	Bucket         Pattern = `^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`
	Region         Pattern = `^[A-Za-z0-9][-A-Za-z0-9_]*$`
	Quantity       Pattern = `^([0-9]+\.?[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+)?$`
	BodySize       Pattern = `^[0-9]+[kKmMgG]?$`
	DataKey        Pattern = `^[-._a-zA-Z0-9]{1,253}$`
	LabelValue     Pattern = `^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$`
	Env            Pattern = `^[-._a-zA-Z][-._a-zA-Z0-9]*$`
	Qualified      Pattern = `^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`
	Amount         Pattern = `^(0|[1-9][0-9]{0,4})%?$`
	AzureAccount   Pattern = `^[a-z0-9]{3,24}$`
	AzureContainer Pattern = `^[a-z0-9](-?[a-z0-9]){2,62}$`
	GCSBucket      Pattern = `^[a-z0-9]([a-z0-9._-]{1,220})[a-z0-9]$`
	// GatewayDuration is GEP-2257's: up to five digits and a unit, at most four
	// times.
	GatewayDuration Pattern = `^([0-9]{1,5}(h|m|s|ms)){1,4}$`
	Interval        Pattern = `^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$`
	Duration        Pattern = `^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	Days            Pattern = `^[1-9][0-9]{0,3}d$`
	Header          Pattern = `^[A-Za-z][-A-Za-z0-9]*$`
	// IPv4 is an address, in no schema.
	IPv4 Pattern = `^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$`
)

var compiled sync.Map // of Pattern to *regexp.Regexp

// Matches says whether s has the syntax.
func (p Pattern) Matches(s string) bool {
	re, ok := compiled.Load(p)
	if !ok {
		re, _ = compiled.LoadOrStore(p, regexp.MustCompile(string(p)))
	}
	return re.(*regexp.Regexp).MatchString(s)
}
