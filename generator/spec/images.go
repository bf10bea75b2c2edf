package spec

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

// KindImages is a pull secret for the pods of an application.
const KindImages = "ImagePullSecrets"

// ImagePullSecrets stands under the transformers of an application's
// kustomization: it brings a pull secret to the pods that run images of a
// registry, and to no others. Its name is the Secret's.
type ImagePullSecrets struct {
	APIVersion string     `json:"apiVersion"`
	Kind       string     `json:"kind"`
	Metadata   Metadata   `json:"metadata"`
	Spec       ImagesSpec `json:"spec"`
}

// ImagesSpec is what a person decides about an application's images.
type ImagesSpec struct {
	Host     string            `json:"host"`               // of the registry
	User     string            `json:"user,omitempty"`     // who pulls: a credential of this folder; "": the sealed file is another's
	Email    string            `json:"email,omitempty"`    // in the docker config
	Existing bool              `json:"existing,omitempty"` // something else brings the Secret
	Rewrite  map[string]string `json:"rewrite,omitempty"`  // beginning of an image's name -> what takes its place, on the host
	Kinds    map[string]string `json:"kinds,omitempty"`    // Kind.group -> where its pod's spec is
	Check    *Check            `json:"check,omitempty"`
	Reggen   string            `json:"reggen,omitempty"`
	Secrets  Secrets           `json:"secrets,omitempty"`
}

// DecodeImages is Decode for an ImagePullSecrets.
func DecodeImages(data []byte, file string) (*ImagePullSecrets, error) {
	var s ImagePullSecrets
	l := read(data, file, KindImages, &s, func() problem.List {
		strip(s.Metadata.Annotations)
		s = DefaultImages(s)
		return ValidateImages(s)
	})
	if len(l) > 0 {
		return nil, l
	}
	return &s, nil
}

// DefaultImages is Default for an ImagePullSecrets.
func DefaultImages(s ImagePullSecrets) ImagePullSecrets {
	if s.Spec.Secrets.Credentials == nil {
		s.Spec.Secrets.Credentials = []string{"credentials"}
	}
	set(&s.Spec.Secrets.Sealed, "sealed")
	return s
}

// ValidateImages is Validate for an ImagePullSecrets.
func ValidateImages(s ImagePullSecrets) problem.List {
	v := validator{r: Registry{Metadata: s.Metadata, Spec: RegistrySpec{Secrets: s.Spec.Secrets, Check: s.Spec.Check, Reggen: s.Spec.Reggen}}}
	v.s = v.r.Spec
	if s.APIVersion != APIVersion {
		v.enumOrMissing("apiVersion", s.APIVersion, APIVersion)
	}
	if s.Kind != KindImages {
		v.enumOrMissing("kind", s.Kind, KindImages)
	}
	if !v.Missing("metadata.name", s.Metadata.Name, "the pull secret's name") {
		v.Name("metadata.name", s.Metadata.Name)
	}
	if ns := s.Metadata.Namespace; ns != "" && !syntax.IsLabel(ns) {
		v.Add("metadata.namespace", problem.Quoted(ns)+" is not a namespace", syntax.WantLabel)
	}
	if !v.Missing("spec.host", s.Spec.Host, "the registry's host, as images name it") {
		if what := syntax.CheckHost(s.Spec.Host); what != "" {
			v.Add("spec.host", what, "for instance registry.example.com")
		}
	}
	if u := s.Spec.User; u != "" {
		if what := syntax.CheckUser(u); what != "" {
			v.Add("spec.user", what, "")
		}
		if s.Spec.Existing {
			v.Add("spec.existing", "says that something else brings the Secret, and spec.user that reggen makes it", "one of the two")
		}
	} else if s.Spec.Email != "" {
		v.Add("spec.email", "has no effect without spec.user: the sealed file says it", "")
	}
	if syntax.HasControl(s.Spec.Email) {
		v.Add("spec.email", "has a newline or another control character", "")
	}
	v.rewrite(s.Spec)
	v.kinds(s.Spec.Kinds)
	v.check()
	v.maxAge()
	v.constraint()
	if s.Spec.User == "" { // nothing is written there, and it may be a registry's
		if what := syntax.CheckFolder(s.Spec.Secrets.Sealed); what != "" {
			v.Add("spec.secrets.sealed", what, "a relative folder, for instance that of the registry's environment")
		}
	} else {
		v.folders()
	}
	v.Problems.Sort()
	return v.Problems
}

func (v *validator) rewrite(s ImagesSpec) {
	for _, from := range slices.Sorted(maps.Keys(s.Rewrite)) {
		at, to := problem.Below("spec.rewrite", from), s.Rewrite[from]
		host, _, _ := strings.Cut(from, "/")
		switch {
		case syntax.CheckHost(host) != "":
			p := problem.Problem{Path: at, What: "does not begin with a registry's host", Want: "the whole name, or its beginning up to a slash, for instance docker.io/library/nginx or docker.io"}
			if named, err := reference.ParseNormalizedNamed(from); err == nil {
				p.Near = named.Name()
			}
			v.Problems.Add(p)
		case !isImagePrefix(from):
			v.Add(at, "is not an image's name or the beginning of one", "lower-case parts between slashes, no tag")
		case host == s.Host:
			v.Add(at, "is on spec.host already", "")
		}
		switch {
		case to != s.Host && !strings.HasPrefix(to, s.Host+"/"):
			v.Add(at, problem.Quoted(to)+" is not on spec.host", "for instance "+path.Join(s.Host, "library"))
		case !isImagePrefix(to):
			v.Add(at, problem.Quoted(to)+" is not an image's name or the beginning of one", "lower-case parts between slashes, no tag")
		}
	}
}

// isImagePrefix says whether an image's name can begin so.
func isImagePrefix(s string) bool {
	named, err := reference.ParseNormalizedNamed(s + "/x/y") // docker.io/x alone is docker.io/library/x
	return err == nil && named.Name() == s+"/x/y"
}

func (v *validator) kinds(m map[string]string) {
	for _, kind := range slices.Sorted(maps.Keys(m)) {
		at := problem.Below("spec.kinds", kind)
		name, group, grouped := strings.Cut(kind, ".")
		if name == "" || strings.ToUpper(name[:1]) != name[:1] || strings.ContainsAny(name, "/ ") || grouped && !syntax.IsName(group) {
			v.Add(at, "is not a kind with its group", "for instance Rollout.argoproj.io")
		}
		for _, part := range strings.Split(m[kind], ".") {
			if part = strings.TrimSuffix(part, "[]"); part == "" || !syntax.DataKey.Matches(part) {
				v.Add(at, problem.Quoted(m[kind])+" is not the path of a pod's spec", "where containers stand, for instance spec.template.spec; a list's entries are tasks[]")
				break
			}
		}
	}
}

// Derives says whether reggen seal makes the Secret, out of a credential here.
func (s ImagesSpec) Derives() bool { return s.User != "" }
