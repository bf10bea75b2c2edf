package release

import (
	_ "embed"
	"sync"

	"github.com/Masterminds/semver/v3"
	"sigs.k8s.io/yaml"
)

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
		panic("release: the embedded vulnerabilities: " + err.Error())
	}
	return v
})

// has says whether a release has the vulnerability.
func (v vulnerability) has(release *semver.Version) bool {
	return release.LessThan(semver.MustParse(v.Fixed)) && (v.From == "" || !release.LessThan(semver.MustParse(v.From)))
}

// Vulnerable is what is known of a release, and the one that has none of it.
func Vulnerable(version *semver.Version) (ids []string, mended string) {
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
	return ids, best.String()
}
