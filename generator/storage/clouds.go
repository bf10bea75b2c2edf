package storage

import (
	"net/url"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

// Azure is a container of a storage account.
type Azure struct {
	AccountName        string          `json:"accountName,omitempty"`
	Container          string          `json:"container,omitempty"`
	Realm              string          `json:"realm,omitempty"`
	RootDirectory      string          `json:"rootDirectory,omitempty"`
	Redirect           *bool           `json:"redirect,omitempty"`
	ExistingSecret     *AzureSecretRef `json:"existingSecret,omitempty"`
	AmbientCredentials bool            `json:"ambientCredentials,omitempty"`
}

// AzureSecretRef names a Secret that something else brings, and its key.
type AzureSecretRef struct {
	Name       string `json:"name"`
	AccountKey string `json:"accountKey,omitempty"` // default azureAccountKey
}

// GCS is a bucket of Google Cloud Storage.
type GCS struct {
	Bucket             string        `json:"bucket,omitempty"`
	RootDirectory      string        `json:"rootDirectory,omitempty"`
	Redirect           *bool         `json:"redirect,omitempty"`
	ExistingSecret     *GCSSecretRef `json:"existingSecret,omitempty"`
	AmbientCredentials bool          `json:"ambientCredentials,omitempty"`
}

// GCSSecretRef names a Secret that something else brings, and its key, which
// holds the JSON key file of a service account.
type GCSSecretRef struct {
	Name string `json:"name"`
	Key  string `json:"key,omitempty"` // default key.json
}

// Swift is a container of an OpenStack object store.
type Swift struct {
	AuthURL        string          `json:"authURL,omitempty"`
	Container      string          `json:"container,omitempty"`
	Region         string          `json:"region,omitempty"`
	Tenant         string          `json:"tenant,omitempty"`
	Domain         string          `json:"domain,omitempty"`
	RootDirectory  string          `json:"rootDirectory,omitempty"`
	ExistingSecret *SwiftSecretRef `json:"existingSecret,omitempty"`
}

// SwiftSecretRef names a Secret that something else brings, and its two keys,
// whose values the registry reads as YAML.
type SwiftSecretRef struct {
	Name     string `json:"name"`
	Username string `json:"username,omitempty"` // default swiftUsername
	Password string `json:"password,omitempty"` // default swiftPassword
}

// kinds are the kinds of storage that are set, by the spec's names for them.
func (s Place) kinds() []string {
	var out []string
	for _, k := range []struct {
		name string
		set  bool
	}{{"azure", s.Azure != nil}, {"filesystem", s.Filesystem != nil}, {"gcs", s.GCS != nil}, {"s3", s.S3 != nil}, {"swift", s.Swift != nil}} {
		if k.set {
			out = append(out, k.name)
		}
	}
	return out
}

// Keys says which kind of storage it is, and whether it needs a credential of
// that type: neither an existing Secret nor the pod's own credentials are named.
func (s Place) Keys() (kind string, own bool) {
	switch {
	case s.S3 != nil:
		return "s3", s.S3.ExistingSecret == nil && !s.S3.AmbientCredentials
	case s.Azure != nil:
		return "azure", s.Azure.ExistingSecret == nil && !s.Azure.AmbientCredentials
	case s.GCS != nil:
		return "gcs", s.GCS.ExistingSecret == nil && !s.GCS.AmbientCredentials
	case s.Swift != nil:
		return "swift", s.Swift.ExistingSecret == nil
	}
	return "filesystem", false
}

func defaultAzure(a Azure) *Azure {
	if a.Redirect == nil {
		a.Redirect = pointer(true)
	}
	if a.ExistingSecret != nil {
		ref := *a.ExistingSecret
		set(&ref.AccountKey, "azureAccountKey")
		a.ExistingSecret = &ref
	}
	return &a
}

// defaultGCS: without a key file the registry can't sign addresses by itself,
// so clients fetch layers through it.
func defaultGCS(g GCS) *GCS {
	if g.Redirect == nil {
		g.Redirect = pointer(!g.AmbientCredentials)
	}
	if g.ExistingSecret != nil {
		ref := *g.ExistingSecret
		set(&ref.Key, "key.json")
		g.ExistingSecret = &ref
	}
	return &g
}

func defaultSwift(s Swift) *Swift {
	if s.ExistingSecret != nil {
		ref := *s.ExistingSecret
		set(&ref.Username, "swiftUsername")
		set(&ref.Password, "swiftPassword")
		s.ExistingSecret = &ref
	}
	return &s
}

func (v *validator) azure(a Azure) {
	const path = "spec.storage.azure"
	if !v.Missing(path+".accountName", a.AccountName, "the storage account's name") && !syntax.AzureAccount.Matches(a.AccountName) {
		v.Add(path+".accountName", problem.Quoted(a.AccountName)+" is not a storage account's name", "3 to 24 lower-case letters and digits")
	}
	if !v.Missing(path+".container", a.Container, "the container's name") && !syntax.AzureContainer.Matches(a.Container) {
		v.Add(path+".container", problem.Quoted(a.Container)+" is not a container's name", "3 to 63 lower-case letters, digits and single hyphens, a letter or digit at both ends")
	}
	if a.Realm != "" && (syntax.CheckHost(a.Realm) != "" || strings.Contains(a.Realm, ":")) {
		v.Add(path+".realm", problem.Quoted(a.Realm)+" is not a domain", "that of another cloud, for instance core.usgovcloudapi.net")
	}
	v.folder(path+".rootDirectory", a.RootDirectory)
	if a.RootDirectory != "" && !v.V3 {
		v.Add(path+".rootDirectory", "is what only version 3 of the registry knows", "no rootDirectory, or spec.image.flavor distribution")
	}
	v.oneSource(path, a.AmbientCredentials, a.ExistingSecret != nil)
	if a.AmbientCredentials && !v.V3 {
		v.Add(path+".ambientCredentials", "is true, and only version 3 of the registry takes such credentials", "spec.image.flavor distribution, or the account's key")
	}
	if ref := a.ExistingSecret; ref != nil {
		v.SecretRef(path+".existingSecret", ref.Name, map[string]string{"accountKey": ref.AccountKey})
	}
}

func (v *validator) gcs(g GCS) {
	const path = "spec.storage.gcs"
	if !v.Missing(path+".bucket", g.Bucket, "the bucket's name") && !syntax.GCSBucket.Matches(g.Bucket) {
		v.Add(path+".bucket", problem.Quoted(g.Bucket)+" is not a bucket's name", "3 to 222 lower-case letters, digits, '-', '_' and '.', a letter or digit at both ends")
	}
	v.folder(path+".rootDirectory", g.RootDirectory)
	v.oneSource(path, g.AmbientCredentials, g.ExistingSecret != nil)
	if ref := g.ExistingSecret; ref != nil {
		v.SecretRef(path+".existingSecret", ref.Name, map[string]string{"key": ref.Key})
	}
}

func (v *validator) swift(s Swift) {
	const path = "spec.storage.swift"
	if !v.V2 {
		v.Add(path, "is what only version 2 of the registry knows: version 3 dropped it", "spec.image.flavor distribution-v2, or another storage")
	}
	if !v.Missing(path+".authURL", s.AuthURL, "where Keystone listens, for instance https://keystone.example.com/v3") {
		u, err := url.Parse(s.AuthURL)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || !syntax.IsEndpointHost(u):
			v.Add(path+".authURL", "is not a URL", "https:// and where Keystone listens")
		case u.User != nil:
			v.Add(path+".authURL", "has a user name or a password in it", "https:// and a host; the user is a credential")
		}
	}
	if !v.Missing(path+".container", s.Container, "the container's name") && (strings.Contains(s.Container, "/") || syntax.HasControl(s.Container) || len(s.Container) > 256) {
		v.Add(path+".container", problem.Quoted(s.Container)+" is not a container's name", "at most 256 characters, no slash")
	}
	for _, f := range []struct{ name, value string }{{"region", s.Region}, {"tenant", s.Tenant}, {"domain", s.Domain}} {
		if syntax.HasControl(f.value) {
			v.Add(path+"."+f.name, "has a newline or another control character", "")
		}
	}
	v.folder(path+".rootDirectory", s.RootDirectory)
	if ref := s.ExistingSecret; ref != nil {
		at := path + ".existingSecret"
		v.SecretRef(at, ref.Name, map[string]string{"username": ref.Username, "password": ref.Password})
		if ref.Username == ref.Password && ref.Username != "" {
			v.Add(at, "username and password name the same key of the Secret", "two keys")
		}
	}
}

// folder checks a folder inside a bucket.
func (v *validator) folder(path, folder string) {
	if syntax.HasControl(folder) || strings.Contains(folder+"/", "../") {
		v.Add(path, "has .. or a control character", "a folder in the bucket")
	}
}

// oneSource refuses two sources of a storage's keys.
func (v *validator) oneSource(path string, ambient, existing bool) {
	if ambient && existing {
		v.Add(path+".ambientCredentials", "is true, and existingSecret names static keys", "one of the two")
	}
}

// oneStorage refuses none and several.
func (v *validator) oneStorage() {
	const all = "azure, filesystem, gcs, s3 or swift"
	switch kinds := v.s.kinds(); {
	case len(kinds) == 0:
		v.Add("spec.storage", "says nothing about where images are kept", "one of "+all)
	case len(kinds) > 1:
		v.Problems.Add(problem.Problem{
			Path: "spec.storage", What: "has " + strings.Join(kinds, " and "), Want: "one of them",
			Next: "remove the others; in an overlay's patch, " + kinds[0] + ": null takes out what the base has set",
		})
	}
}
