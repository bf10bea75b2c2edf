package storage

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

var AccessModes = []string{"ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"}

// needsEndpoint says for each provider without one what an endpoint looks
// like; needsRegion names those whose region decides where requests go.
var (
	needsEndpoint = map[string]string{
		"minio": "where it listens, for instance http://minio.minio.svc:9000 with secure: false",
		"ceph":  "where its gateway listens, for instance https://s3.example.com",
		"r2":    "https://<account>.r2.cloudflarestorage.com",
	}
	needsRegion = map[string]string{"aws": "the bucket's, for instance eu-central-1", "digitalocean": "the Space's, for instance nyc3"}
)

// Needs says in words which region and which endpoint a provider needs, "" for
// one that it needs not.
func Needs(provider string) (region, endpoint string) {
	return needsRegion[provider], needsEndpoint[provider]
}

// Beside is what the rest of a spec says that a storage depends on.
type Beside struct {
	V2, V3    bool   // which version of distribution runs; neither: another program
	Pods      int    // how many pods there may be; 0: not known
	PodsField string // the field that says so
}

type validator struct {
	s Place
	Beside
	syntax.Judge
}

// Validate returns everything that is wrong with s, which Default has been
// applied to.
func Validate(s Place, b Beside) problem.List {
	v := validator{s: s, Beside: b}
	v.oneStorage()
	if s.S3 != nil {
		v.s3(*s.S3)
	}
	if s.Filesystem != nil {
		v.filesystem(*s.Filesystem)
	}
	if s.Azure != nil {
		v.azure(*s.Azure)
	}
	if s.GCS != nil {
		v.gcs(*s.GCS)
	}
	if s.Swift != nil {
		v.swift(*s.Swift)
	}
	return v.Problems
}

func (v *validator) s3(s S3) {
	const path = "spec.storage.s3"
	if v.Enum(path+".provider", s.Provider, Providers) {
		v.Missing(path+".region", s.Region, needsRegion[s.Provider])
		if want := needsEndpoint[s.Provider]; want != "" {
			v.Missing(path+".endpoint", s.Endpoint, want)
		}
	}
	badRegion := s.Region != "" && !syntax.Region.Matches(s.Region)
	if badRegion {
		v.Add(path+".region", problem.Quoted(s.Region)+" is not a region", "letters, digits and hyphens")
	}
	if !v.Missing(path+".bucket", s.Bucket, "the bucket's name") {
		if what := syntax.CheckBucket(s.Bucket); what != "" {
			v.Add(path+".bucket", what, "3 to 63 lower-case letters, digits, hyphens and dots, a letter or digit at both ends")
		}
	}
	if !badRegion || !strings.Contains(s.Endpoint, s.Region) { // else it was made of the region
		v.endpoint(path+".endpoint", s)
	}
	v.folder(path+".rootDirectory", s.RootDirectory)
	if s.Provider == "digitalocean" && s.Encrypt != nil && *s.Encrypt {
		v.Add(path+".encrypt", "is true, and Spaces refuses requests that ask for encryption: it encrypts everything by itself", "false")
	}
	if f := s.ForcePathStyle; f != nil && *f != (s.Endpoint != "") && v.V2 {
		v.Add(path+".forcePathStyle", fmt.Sprintf("is %v, and version 2 of the registry puts the bucket's name into the path beside an endpoint, and only there", *f),
			"no forcePathStyle, or spec.image.flavor distribution")
	}
	if s.AmbientCredentials {
		v.ambient(path+".ambientCredentials", s)
	}
	if ref := s.ExistingSecret; ref != nil {
		at := path + ".existingSecret"
		v.SecretRef(at, ref.Name, map[string]string{"accessKey": ref.AccessKey, "secretKey": ref.SecretKey})
		if ref.AccessKey == ref.SecretKey && ref.AccessKey != "" {
			v.Add(at, "accessKey and secretKey name the same key of the Secret", "two keys")
		}
	}
}

// ambient checks credentials that the pod finds by itself.
func (v *validator) ambient(path string, s S3) {
	if s.ExistingSecret != nil {
		v.Add(path, "is true, and existingSecret names static keys", "one of the two")
	}
	if s.Provider != "aws" {
		v.Add(path, "is true, and only AWS gives pods credentials of their own", "provider aws, or static keys")
	}
	if !v.V3 {
		v.Add(path, "is true, and only version 3 of the registry takes such credentials", "spec.image.flavor distribution, or static keys")
	}
}

// endpoint checks the scheme, that nothing but a host follows it, and that it
// doesn't contradict the region or repeat the bucket.
func (v *validator) endpoint(path string, s S3) {
	secure := s.Secure == nil || *s.Secure
	if s.Endpoint == "" {
		if !secure && needsEndpoint[s.Provider] == "" {
			v.Add("spec.storage.s3.secure", "is false, and without an endpoint the provider's own is used, with https", "true, or an endpoint with http://")
		}
		return
	}
	u, err := url.Parse(s.Endpoint)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		v.Add(path, "is not a URL", "https:// and a host, with a port if need be")
		return
	case u.User != nil:
		v.Add(path, "has a user name or a password in it", "https:// and a host; the keys are a credential")
		return
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || strings.HasSuffix(s.Endpoint, "#"):
		v.Add(path, "has a path, a query or a fragment", "https:// and a host; the bucket and rootDirectory are fields of their own")
		return
	case u.Scheme != "http" && u.Scheme != "https":
		v.Add(path, "its scheme is "+problem.Quoted(u.Scheme), "https://, or http:// with secure: false")
		return
	case !syntax.IsEndpointHost(u):
		v.Add(path, "its host is not a DNS name or an address", "https:// and a host, with a port if need be")
		return
	case u.Scheme == "http" && secure:
		v.Add(path, "begins with http://, and secure is true", "https://, or secure: false, which sends images and signed requests in clear")
	case u.Scheme == "https" && !secure:
		v.Add("spec.storage.s3.secure", "is false, and the endpoint begins with https://", "true, or an endpoint with http://")
	}
	host := u.Hostname()
	if s.Bucket != "" && strings.HasPrefix(host, s.Bucket+".") && strings.Count(host, ".") > 1 && s.Bucket != s.Region {
		v.Add(path, "has the bucket's name in it, which the registry adds by itself", "the provider's endpoint alone")
		return
	}
	if region, ok := strings.CutSuffix(host, ".digitaloceanspaces.com"); ok && s.Provider == "digitalocean" && s.Region != "" && region != s.Region {
		v.Add(path, fmt.Sprintf("is in the region %s, and spec.storage.s3.region is another", problem.Quoted(region)), "one region")
	}
}

func (v *validator) filesystem(f Filesystem) {
	const path = "spec.storage.filesystem"
	made := f.Size != "" || f.StorageClass != ""
	switch {
	case f.EmptyDir && f.ExistingClaim != "":
		v.Add(path, "has both emptyDir and existingClaim", "one of the two")
	case f.EmptyDir && (made || f.AccessMode != ""):
		v.Add(path, "has emptyDir, and size, storageClass or accessMode, which are a claim's", "emptyDir alone")
	case f.ExistingClaim != "" && made:
		v.Add(path, "has existingClaim, and size or storageClass, which are a new claim's", "existingClaim alone, or with the accessMode that it has")
	}
	v.Name(path+".existingClaim", f.ExistingClaim)
	v.Name(path+".storageClass", f.StorageClass)
	if f.Size != "" {
		v.size(path+".size", f.Size)
	}
	if f.AccessMode != "" && !v.Enum(path+".accessMode", f.AccessMode, AccessModes) {
		return
	}
	n, field := v.Pods, v.PodsField
	if n < 2 || f.AccessMode == "ReadWriteMany" && !f.EmptyDir {
		return
	}
	const want = "1, or spec.storage.s3, or a volume with accessMode: ReadWriteMany"
	switch {
	case f.EmptyDir:
		v.Add(field, fmt.Sprintf("is %d, and an emptyDir is each pod's own: every replica would hold other images", n), want)
	case f.ExistingClaim != "" && f.AccessMode == "":
		v.Add(field, fmt.Sprintf("is %d, and the existing claim may belong to one node", n), "1, or accessMode: ReadWriteMany if that is what the claim has, or spec.storage.s3")
	default:
		v.Add(field, fmt.Sprintf("is %d, and a %s volume belongs to one node or pod", n, f.AccessMode), want)
	}
}

// size checks the capacity of a claim.
func (v *validator) size(path, size string) {
	p := problem.Problem{Path: path, What: problem.Quoted(size) + " is not a size", Want: "a quantity, for instance 10Gi"}
	switch digits := strings.TrimRight(size, "KMGTPEi"); {
	case len(size) > problem.LongestQuoted || !syntax.Quantity.Matches(size):
		if s := strings.TrimSuffix(strings.TrimSuffix(size, "b"), "B"); s != size && syntax.Quantity.Matches(s) {
			p.Near = s
		}
	case strings.ContainsAny(size[len(size)-1:], "num"):
		p.What = problem.Quoted(size) + " is a fraction: m means thousandths"
		if size[len(size)-1] == 'm' {
			p.Near = size[:len(size)-1] + "Mi"
		}
	case strings.Trim(digits, "0.k") == "":
		p.What = "is zero"
	default:
		return
	}
	v.Problems.Add(p)
}
