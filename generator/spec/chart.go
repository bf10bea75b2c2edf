package spec

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

// KindChart is a release of any chart: values that a person wrote, some of them
// out of credentials.
const KindChart = "Chart"

// Chart is one release of a chart in one environment, merged by kustomize from a
// base and the environment's patch. Its name is the release's, unless
// spec.chart.releaseName says otherwise.
type Chart struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Metadata   Metadata  `json:"metadata"`
	Spec       ChartSpec `json:"spec"`
}

// ChartSpec is what a person decides about a release.
type ChartSpec struct {
	Chart        ChartSource            `json:"chart"`
	Values       map[string]any         `json:"values,omitempty"`
	SecretValues map[string]SecretValue `json:"secretValues,omitempty"` // by the value's path, as helm --set has it
	PublicValues []string               `json:"publicValues,omitempty"` // that sound like secrets and are none, by their paths
	Check        *Check                 `json:"check,omitempty"`
	Reggen       string                 `json:"reggen,omitempty"`
	Secrets      Secrets                `json:"secrets,omitempty"`
}

// ChartSource says which chart is rendered, and for which cluster.
type ChartSource struct {
	Path        string   `json:"path"` // a folder or a .tgz, relative to the folder whose kustomization.yaml holds generators
	SHA256      string   `json:"sha256,omitempty"`
	ReleaseName string   `json:"releaseName,omitempty"`
	KubeVersion string   `json:"kubeVersion,omitempty"`
	APIVersions []string `json:"apiVersions,omitempty"`
	Hooks       string   `json:"hooks,omitempty"`
	SkipCRDs    bool     `json:"skipCRDs,omitempty"`
}

// SecretValue names a field of a credential.
type SecretValue struct {
	Credential string `json:"credential"` // its metadata.name
	Field      string `json:"field"`      // of its stringData
}

// The ways to treat hooks. A hook is an object that Helm applies at a moment of
// its own; whoever applies manifests has no such moments.
const (
	HooksRefuse = "refuse"
	HooksKeep   = "keep"
	HooksDrop   = "drop"
)

// Hooks are the ways to treat hooks, the default first.
var Hooks = []string{HooksRefuse, HooksKeep, HooksDrop}

// DecodeChart is Decode for a Chart.
func DecodeChart(data []byte, file string) (*Chart, error) {
	var c Chart
	l := read(data, file, KindChart, &c, func() problem.List {
		strip(c.Metadata.Annotations)
		c = DefaultChart(c)
		return ValidateChart(c)
	})
	if len(l) > 0 {
		return nil, l
	}
	return &c, nil
}

// DefaultChart is Default for a Chart.
func DefaultChart(c Chart) Chart {
	if c.Spec.Secrets.Credentials == nil {
		c.Spec.Secrets.Credentials = []string{"credentials"}
	}
	set(&c.Spec.Secrets.Sealed, "sealed")
	set(&c.Spec.Chart.ReleaseName, c.Metadata.Name)
	set(&c.Spec.Chart.Hooks, HooksRefuse)
	return c
}

// MaxRelease is how long the name of a release may be (Helm's own limit).
const MaxRelease = 53

// ValidateChart is Validate for a Chart.
func ValidateChart(c Chart) problem.List {
	// What Registry and Chart share is checked by the same code.
	v := validator{r: Registry{Metadata: c.Metadata, Spec: RegistrySpec{Secrets: c.Spec.Secrets, Check: c.Spec.Check, Reggen: c.Spec.Reggen}}}
	v.s = v.r.Spec
	if c.APIVersion != APIVersion {
		v.enumOrMissing("apiVersion", c.APIVersion, APIVersion)
	}
	if c.Kind != KindChart {
		v.enumOrMissing("kind", c.Kind, KindChart)
	}
	switch name := c.Metadata.Name; {
	case v.Missing("metadata.name", name, "the release's name, which its objects bear"):
	case len(name) > MaxRelease || !syntax.IsName(name):
		v.Add("metadata.name", problem.Quoted(name)+" is not the name of a release", fmt.Sprintf("at most %d lower-case letters, digits, hyphens and dots, a letter or digit at both ends", MaxRelease))
	}
	v.namespace()
	v.chartSource("spec.chart", c.Spec.Chart)
	v.secretValues(c.Spec.SecretValues)
	v.check()
	v.maxAge()
	v.constraint()
	v.folders()
	v.Problems.Sort()
	return v.Problems
}

var (
	sha256Text = regexp.MustCompile(`^[0-9a-f]{64}$`)
	apiVersion = regexp.MustCompile(`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?v[0-9]+((alpha|beta)[0-9]+)?(/[A-Za-z]+)?$`)
)

// chartSource checks spec.chart of either kind.
func (v *validator) chartSource(at string, c ChartSource) {
	if !v.Missing(at+".path", c.Path, "the chart's folder or its .tgz, relative to the folder whose kustomization.yaml holds generators") {
		if what := syntax.CheckFolder(c.Path); what != "" {
			v.Add(at+".path", what, "a relative path in this repository; helm pull brings a chart there")
		}
	}
	if c.SHA256 != "" && !sha256Text.MatchString(c.SHA256) {
		v.Add(at+".sha256", "is not a SHA-256", "64 lower-case hexadecimal digits, as sha256sum prints them")
	}
	if n := c.ReleaseName; n != "" && (len(n) > MaxRelease || !syntax.IsName(n)) {
		v.Add(at+".releaseName", problem.Quoted(n)+" is not the name of a release", fmt.Sprintf("at most %d lower-case letters, digits, hyphens and dots, a letter or digit at both ends", MaxRelease))
	}
	if _, err := semver.NewVersion(c.KubeVersion); c.KubeVersion != "" && err != nil {
		v.Add(at+".kubeVersion", problem.Quoted(c.KubeVersion)+" is not a version of Kubernetes", "one, for instance 1.35.0")
	}
	for i, a := range c.APIVersions {
		if !apiVersion.MatchString(a) {
			v.Add(fmt.Sprintf("%s.apiVersions[%d]", at, i), problem.Quoted(a)+" is not what a cluster serves", "a group and version, with a kind if the chart asks for one, for instance monitoring.coreos.com/v1")
		}
	}
	if c.Hooks != "" {
		v.Enum(at+".hooks", c.Hooks, Hooks)
	}
}

func (v *validator) secretValues(m map[string]SecretValue) {
	for _, path := range slices.Sorted(maps.Keys(m)) {
		at, s := problem.Below("spec.secretValues", path), m[path]
		if path == "" || syntax.HasControl(path) {
			v.Add(at, "is not the path of a value", "one as helm --set has it, for instance auth.password or users[0].token")
		}
		v.Missing(at+".credential", s.Credential, "the metadata.name of a credential")
		v.Missing(at+".field", s.Field, "a field of that credential's stringData")
	}
}
