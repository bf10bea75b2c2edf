package spec

import "github.com/reggen/reggen/generator/storage"

// defaultTags are the registry's releases that each flavor starts from.
// GitLab's has none: the version decides whether it can authenticate at all.
var defaultTags = map[Flavor]string{Distribution: "3.1.1", DistributionV2: "2.8.3"}

// Default returns r with every unset field filled in that has a default. It
// changes nothing that r points to, and defaulting twice is defaulting once.
// A field that has no sensible default stays unset, for Validate to ask for.
func Default(r Registry) Registry {
	s := &r.Spec
	s.Image = defaultImage(s.Image)
	if s.Autoscaling != nil {
		s.Autoscaling = defaultAutoscaling(*s.Autoscaling)
	} else if s.Replicas == nil {
		s.Replicas = pointer(1)
	}
	s.Storage = storage.Default(s.Storage, s.Image.Flavor == DistributionV2)
	if s.Proxy != nil {
		s.Proxy = defaultProxy(*s.Proxy)
	}
	if s.Ingress != nil {
		in := *s.Ingress
		if in.TLSSecretName == "" && r.Metadata.Name != "" {
			in.TLSSecretName = r.Metadata.Name + "-tls"
		}
		s.Ingress = &in
	}
	set(&s.Auth.Realm, "Registry")
	if s.Auth.ExistingSecret != nil {
		ref := *s.Auth.ExistingSecret
		set(&ref.Key, "htpasswd")
		s.Auth.ExistingSecret = &ref
	}
	s.PullSecrets = defaultPullSecrets(r)
	if s.Service != nil {
		s.Service = defaultService(*s.Service)
	}
	if s.ServiceAccount != nil {
		s.ServiceAccount = defaultServiceAccount(*s.ServiceAccount)
	}
	if s.Metrics != nil {
		s.Metrics = defaultMetrics(*s.Metrics)
	}
	if s.Scheduling != nil {
		s.Scheduling = defaultScheduling(*s.Scheduling)
	}
	if s.Chart != nil {
		c := *s.Chart
		set(&c.ReleaseName, r.Metadata.Name)
		set(&c.Hooks, HooksRefuse)
		s.Chart = &c
	}
	if s.Secrets.Credentials == nil {
		s.Secrets.Credentials = []string{"credentials"}
	}
	set(&s.Secrets.Sealed, "sealed")
	return r
}

func set(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func pointer[T any](v T) *T { return &v }

// defaultImage leaves the tag alone when a digest says what to run: a tag
// that nobody wrote would only pretend to name that digest's version.
func defaultImage(i Image) Image {
	set(&i.Repository, "registry")
	set(&i.PullPolicy, "IfNotPresent")
	if i.Flavor == "" {
		i.Flavor = Distribution
	}
	if i.Digest == "" {
		set(&i.Tag, defaultTags[i.Flavor])
	}
	return i
}

func defaultPullSecrets(r Registry) map[string]PullSecret {
	if r.Spec.PullSecrets == nil {
		return nil
	}
	out := make(map[string]PullSecret, len(r.Spec.PullSecrets))
	for name, p := range r.Spec.PullSecrets {
		if p.Namespaces == nil && r.Metadata.Namespace != "" {
			p.Namespaces = []string{r.Metadata.Namespace}
		}
		set(&p.Server, r.Spec.Host)
		out[name] = p
	}
	return out
}
