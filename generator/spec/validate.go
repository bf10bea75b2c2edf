package spec

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/storage"
	"github.com/reggen/reggen/generator/syntax"
)

// MaxName leaves room for the suffixes of what is named after the registry.
const MaxName = 40

// Validate returns everything that is wrong with r, which Default has been
// applied to, sorted. It judges r alone: what credentials, sealed files and
// the chart make of it is theirs to say.
func Validate(r Registry) problem.List {
	v := validator{r: r, s: r.Spec}
	v.identity()
	v.host()
	v.image()
	v.gitlab()
	if n := r.Spec.Replicas; n != nil && *n < 1 {
		v.Add("spec.replicas", fmt.Sprintf("is %d", *n), "at least 1")
	}
	pods, field := v.most()
	v.Problems = append(v.Problems, storage.Validate(r.Spec.Storage, storage.Beside{V2: r.Spec.Image.Flavor == DistributionV2, V3: r.Spec.Image.Flavor == Distribution, Pods: pods, PodsField: field})...)
	v.ingress()
	v.gateway()
	v.auth()
	v.pullSecrets()
	v.resources("spec.resources.requests", r.Spec.Resources.Requests)
	v.resources("spec.resources.limits", r.Spec.Resources.Limits)
	v.scheduling()
	v.service()
	v.serviceAccount()
	v.extra()
	v.budget()
	v.autoscaling()
	v.networkPolicy()
	v.metrics()
	v.check()
	v.garbageCollection()
	v.proxy()
	v.tls()
	v.redis()
	v.notifications()
	if c := r.Spec.Chart; c != nil {
		v.chartSource("spec.chart", *c)
	}
	v.maxAge()
	v.constraint()
	v.folders()
	v.Problems.Sort()
	return v.Problems
}

// validator collects what is wrong with one registry.
type validator struct {
	r Registry
	s RegistrySpec
	syntax.Judge
}

func (v *validator) identity() {
	if v.r.APIVersion != APIVersion {
		v.enumOrMissing("apiVersion", v.r.APIVersion, APIVersion)
	}
	if v.r.Kind != KindRegistry {
		v.enumOrMissing("kind", v.r.Kind, KindRegistry)
	}
	m := v.r.Metadata
	switch {
	case v.Missing("metadata.name", m.Name, "the registry's name, which its objects bear"):
	case len(m.Name) > MaxName:
		v.Add("metadata.name", fmt.Sprintf("has %d characters", len(m.Name)), fmt.Sprintf("at most %d, since objects named after it add to it", MaxName))
	case !syntax.Service.Matches(m.Name):
		v.Add("metadata.name", problem.Quoted(m.Name)+" is not the name of a Service", "lower-case letters, digits and hyphens, a letter first, no hyphen last")
	}
	v.namespace()
	v.annotations("metadata.labels", m.Labels, true)
	v.annotations("metadata.annotations", m.Annotations, true)
	for _, k := range slices.Sorted(maps.Keys(m.Labels)) {
		if IsOwnLabel(k) {
			v.Add(problem.Below("metadata.labels", k), OwnLabel, "another key")
		}
		if what := syntax.CheckLabelValue(m.Labels[k]); what != "" {
			v.Add(problem.Below("metadata.labels", k), what, syntax.WantLabelValue)
		}
	}
}

func (v *validator) namespace() {
	ns := v.r.Metadata.Namespace
	switch {
	case v.Missing("metadata.namespace", ns, "the namespace, since pods, Secrets and the records of sealed files are bound to it"):
	case !syntax.IsLabel(ns):
		v.Add("metadata.namespace", problem.Quoted(ns)+" is not a namespace", syntax.WantLabel)
	}
}

func (v *validator) constraint() {
	if c := v.s.Reggen; c != "" {
		if _, err := semver.NewConstraint(c); err != nil {
			v.Add("spec.reggen", problem.Quoted(c)+" is not a version constraint", "one, for instance \">= 0.3, < 1\"")
		}
	}
}

// OwnLabel says what is wrong with a label of IsOwnLabel.
const OwnLabel = "is one of the chart's own: pods are selected by it or named by it"

// IsOwnLabel says whether the chart sets a label itself: a user's has to be
// called otherwise.
func IsOwnLabel(key string) bool { return slices.Contains(ownLabels, key) }

// ownLabels are set by the chart on every object.
var ownLabels = []string{"app", "release", "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}

func (v *validator) enumOrMissing(path, value, want string) {
	if !v.Missing(path, value, want) {
		v.Enum(path, value, []string{want})
	}
}

// annotations checks the keys of labels or annotations. Those of the
// registry's metadata go on every object, the Secrets included, where SOPS
// would encrypt what is called data at any depth.
func (v *validator) annotations(path string, m map[string]string, onSecrets bool) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if what := syntax.CheckQualified(k); what != "" {
			v.Add(problem.Below(path, k), what, "")
		}
		switch {
		case onSecrets && (k == "data" || k == "stringData"):
			v.Add(problem.Below(path, k), "SOPS would encrypt it: sealed Secrets encrypt every field named data or stringData", "another key")
		case strings.HasPrefix(k, "reggen.dev/"):
			v.Add(problem.Below(path, k), "reggen.dev/ is reggen's own", "another key")
		}
	}
}

func (v *validator) host() {
	const path = "spec.host"
	if v.Missing(path, v.s.Host, "the name by which docker reaches the registry, for instance registry.example.com") {
		return
	}
	if what := syntax.CheckHost(v.s.Host); what != "" {
		p := problem.Problem{Path: path, What: what}
		if l := strings.ToLower(v.s.Host); l != v.s.Host && syntax.CheckHost(l) == "" {
			p.Near = l
		}
		v.Problems.Add(p)
		return
	}
	name, port, _ := strings.Cut(v.s.Host, ":")
	front := "spec.ingress"
	if v.s.Ingress == nil {
		front = "spec.gateway"
	}
	switch {
	case v.s.Ingress == nil && v.s.Gateway == nil:
	case port != "":
		v.Add(path, "has a port, and "+front+" serves 443 only", "a host without a port, or no "+front)
	case syntax.IPv4.Matches(name):
		v.Add(path, "is an address, and "+front+" needs a name", "a DNS name, or no "+front)
	}
}

func (v *validator) ingress() {
	in := v.s.Ingress
	if in == nil {
		return
	}
	v.Name("spec.ingress.className", in.ClassName)
	v.Name("spec.ingress.clusterIssuer", in.ClusterIssuer)
	v.Name("spec.ingress.tlsSecretName", in.TLSSecretName)
	if in.MaxBodySize != "" && !syntax.BodySize.Matches(in.MaxBodySize) {
		v.Add("spec.ingress.maxBodySize", problem.Quoted(in.MaxBodySize)+" is not a size as nginx writes it", "a number with k, m or g after it, for instance 8g; 0 is no limit")
	}
	v.annotations("spec.ingress.annotations", in.Annotations, false)
	clash := func(key, field, value string) {
		if _, ok := in.Annotations[key]; ok && value != "" {
			v.Add(problem.Below("spec.ingress.annotations", key), "spec.ingress."+field+" sets this already", "one of the two")
		}
	}
	clash("nginx.ingress.kubernetes.io/proxy-body-size", "maxBodySize", in.MaxBodySize)
	clash("cert-manager.io/cluster-issuer", "clusterIssuer", in.ClusterIssuer)
	clash("cert-manager.io/issuer", "clusterIssuer", in.ClusterIssuer)
	clash("kubernetes.io/ingress.class", "className", in.ClassName)
}

func (v *validator) auth() {
	a := v.s.Auth
	if syntax.HasControl(a.Realm) {
		v.Add("spec.auth.realm", "has a newline or another control character", "text for an HTTP header")
	}
	if a.ExistingSecret != nil {
		if a.Anonymous {
			v.Add("spec.auth", "anonymous lets everybody in, and existingSecret says who may", "one of the two")
		}
		v.SecretRef("spec.auth.existingSecret", a.ExistingSecret.Name, map[string]string{"key": a.ExistingSecret.Key})
	}
}

func (v *validator) folders() {
	s := v.s.Secrets
	const list = "spec.secrets.credentials"
	if len(s.Credentials) == 0 {
		v.Add(list, "is empty", "at least one folder")
	}
	seen := map[string]bool{}
	for i, c := range s.Credentials {
		at := fmt.Sprintf("%s[%d]", list, i)
		if what := syntax.CheckFolder(c); what != "" {
			v.Add(at, what, "a relative folder")
			continue
		}
		if seen[path.Clean(c)] {
			v.Add(at, "stands in the list twice", "")
		}
		seen[path.Clean(c)] = true
	}
	const at = "spec.secrets.sealed"
	sealed := path.Clean(s.Sealed)
	if what := syntax.CheckFolder(s.Sealed); what != "" {
		v.Add(at, what, "a relative folder")
		return
	}
	if sealed == "." || sealed == ".." || strings.HasPrefix(sealed, "../") {
		v.Add(at, "is not a folder below the one whose kustomization.yaml holds generators", "one below it: reggen seal owns it and removes files there")
		return
	}
	for _, c := range slices.Sorted(maps.Keys(seen)) {
		if c == "." || c == sealed || strings.HasPrefix(c, sealed+"/") || strings.HasPrefix(sealed, c+"/") {
			v.Add(at, "shares a folder with "+list, "folders apart: people may read the one, the cluster the other")
			return
		}
	}
}
