package spec

import "strings"

// Providers are those of S3 that have presets. A compatible service without one is
// minio with its endpoint.
var Providers = []string{"aws", "digitalocean", "minio", "ceph", "r2"}

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
	if s.Storage.S3 != nil {
		s.Storage.S3 = defaultS3(*s.Storage.S3, s.Image.Flavor)
	}
	if s.Storage.Filesystem != nil {
		s.Storage.Filesystem = defaultFilesystem(*s.Storage.Filesystem)
	}
	if s.Storage.Azure != nil {
		s.Storage.Azure = defaultAzure(*s.Storage.Azure)
	}
	if s.Storage.GCS != nil {
		s.Storage.GCS = defaultGCS(*s.Storage.GCS)
	}
	if s.Storage.Swift != nil {
		s.Storage.Swift = defaultSwift(*s.Storage.Swift)
	}
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

// defaultS3 applies the provider's preset. MinIO and Ceph are usually reached
// by a name inside the cluster, so clients aren't redirected there, and hold
// buckets in the path, not in the host. Version 2 of the registry knows no such
// setting: it puts buckets into the path wherever an endpoint is set (its S3
// driver, v2.8.3).
func defaultS3(s S3, flavor Flavor) *S3 {
	set(&s.Provider, "aws")
	selfHosted := s.Provider == "minio" || s.Provider == "ceph"
	switch {
	case s.Provider == "digitalocean" && s.Endpoint == "" && s.Region != "":
		s.Endpoint = "https://" + s.Region + ".digitaloceanspaces.com"
	case s.Provider == "r2":
		set(&s.Region, "auto")
	case selfHosted:
		set(&s.Region, "us-east-1")
	}
	if s.Secure == nil {
		s.Secure = pointer(true)
	}
	if s.Encrypt == nil {
		s.Encrypt = pointer(false)
	}
	if s.Redirect == nil {
		s.Redirect = pointer(!selfHosted)
	}
	if s.ForcePathStyle == nil {
		s.ForcePathStyle = pointer(selfHosted)
		if flavor == DistributionV2 {
			s.ForcePathStyle = pointer(s.Endpoint != "")
		}
	}
	if s.Endpoint != "" && !strings.Contains(s.Endpoint, "://") {
		scheme := "https://"
		if !*s.Secure {
			scheme = "http://"
		}
		s.Endpoint = scheme + s.Endpoint
	}
	if s.ExistingSecret != nil {
		ref := *s.ExistingSecret
		set(&ref.AccessKey, "s3AccessKey")
		set(&ref.SecretKey, "s3SecretKey")
		s.ExistingSecret = &ref
	}
	return &s
}

func defaultFilesystem(f Filesystem) *Filesystem {
	if f.ExistingClaim == "" && !f.EmptyDir {
		set(&f.Size, "10Gi")
		set(&f.AccessMode, "ReadWriteOnce")
	}
	return &f
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
