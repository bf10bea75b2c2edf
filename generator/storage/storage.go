// Package storage is where a registry keeps its images, as a spec says it: a
// bucket of some provider or a volume, with their defaults and what is wrong
// with them.
package storage

import "strings"

// Providers are those of S3 that have presets. A compatible service without one is
// minio with its endpoint.
var Providers = []string{"aws", "digitalocean", "minio", "ceph", "r2"}

// Place is where blobs live; exactly one is set.
type Place struct {
	S3         *S3         `json:"s3,omitempty"`
	Filesystem *Filesystem `json:"filesystem,omitempty"`
	Azure      *Azure      `json:"azure,omitempty"`
	GCS        *GCS        `json:"gcs,omitempty"`
	Swift      *Swift      `json:"swift,omitempty"`
}

// S3 is an S3 bucket or a compatible one. Pointers tell "not said" from false.
type S3 struct {
	Provider           string       `json:"provider,omitempty"`
	Region             string       `json:"region,omitempty"`
	Bucket             string       `json:"bucket,omitempty"`
	Endpoint           string       `json:"endpoint,omitempty"`
	RootDirectory      string       `json:"rootDirectory,omitempty"`
	ForcePathStyle     *bool        `json:"forcePathStyle,omitempty"`
	Encrypt            *bool        `json:"encrypt,omitempty"`
	Secure             *bool        `json:"secure,omitempty"`
	Redirect           *bool        `json:"redirect,omitempty"`
	ExistingSecret     *S3SecretRef `json:"existingSecret,omitempty"`
	AmbientCredentials bool         `json:"ambientCredentials,omitempty"`
}

// S3SecretRef names a Secret that something else brings, and its two keys.
type S3SecretRef struct {
	Name      string `json:"name"`
	AccessKey string `json:"accessKey,omitempty"` // default s3AccessKey
	SecretKey string `json:"secretKey,omitempty"` // default s3SecretKey
}

// Filesystem is a volume: a claim made here, an existing one, or an emptyDir.
type Filesystem struct {
	Size          string `json:"size,omitempty"`
	StorageClass  string `json:"storageClass,omitempty"`
	AccessMode    string `json:"accessMode,omitempty"`
	ExistingClaim string `json:"existingClaim,omitempty"`
	EmptyDir      bool   `json:"emptyDir,omitempty"`
}

// Default returns s with every unset field filled in that has a default. v2 says
// that version 2 of the registry runs.
func Default(s Place, v2 bool) Place {
	if s.S3 != nil {
		s.S3 = defaultS3(*s.S3, v2)
	}
	if s.Filesystem != nil {
		s.Filesystem = defaultFilesystem(*s.Filesystem)
	}
	if s.Azure != nil {
		s.Azure = defaultAzure(*s.Azure)
	}
	if s.GCS != nil {
		s.GCS = defaultGCS(*s.GCS)
	}
	if s.Swift != nil {
		s.Swift = defaultSwift(*s.Swift)
	}
	return s
}

func set(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func pointer[T any](v T) *T { return &v }

// defaultS3 applies the provider's preset. MinIO and Ceph are usually reached
// by a name inside the cluster, so clients aren't redirected there, and hold
// buckets in the path, not in the host. Version 2 of the registry knows no such
// setting: it puts buckets into the path wherever an endpoint is set (its S3
// driver, v2.8.3).
func defaultS3(s S3, v2 bool) *S3 {
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
		if v2 {
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
