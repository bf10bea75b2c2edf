package movein

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/spec"
)

// storage is where images are kept.
func (m *move) storage() {
	kind := m.in.text("storage")
	switch kind {
	case "s3":
		m.s3()
	case "azure":
		azure := tree{}
		azure.put(m.in.text("secrets", "azure", "accountName"), "accountName")
		azure.put(m.in.text("secrets", "azure", "container"), "container")
		m.out.put(map[string]any(azure), "storage", "azure")
	case "swift":
		swift := tree{}
		swift.put(m.in.text("swift", "authurl"), "authURL")
		swift.put(m.in.text("swift", "container"), "container")
		m.out.put(map[string]any(swift), "storage", "swift")
		if m.out.get("image", "flavor") == nil {
			m.out.put("distribution-v2", "image", "flavor") // version 3 has no Swift
		}
	case "", "filesystem":
		m.filesystem()
	}
	const elsewhere = "the release stores elsewhere"
	for _, other := range []string{"s3", "azure", "swift"} {
		if other != kind {
			m.drop(elsewhere, other)
			m.drop(elsewhere, "secrets", other)
			if m.made.Credentials[credential.Type(other)] != nil {
				delete(m.made.Credentials, credential.Type(other))
				m.left("secrets."+other, "is not carried over: "+elsewhere, "")
			}
		}
	}
	if m.yes("persistence", "deleteEnabled") {
		defer func() { m.in.put(true, "persistence", "deleteEnabled") }()
	}
	m.drop("images are on no volume of that kind", "persistence")
	m.drop("no credential has a field for it", "secrets")
}

func (m *move) filesystem() {
	fs := tree{}
	if m.yes("persistence", "enabled") {
		fs.put(m.in.text("persistence", "existingClaim"), "existingClaim")
		if fs["existingClaim"] == nil {
			fs.put(m.in.text("persistence", "size"), "size")
			fs.put(m.in.text("persistence", "storageClass"), "storageClass")
			if mode := m.in.text("persistence", "accessMode"); mode != "ReadWriteOnce" {
				fs.put(mode, "accessMode")
			}
		} else {
			fs.put(m.in.text("persistence", "accessMode"), "accessMode")
			m.drop("the claim is there, and has one", "persistence", "size")
			m.drop("the claim is there, and has one", "persistence", "storageClass")
		}
	} else {
		fs["emptyDir"] = true
		for _, key := range []string{"existingClaim", "size", "storageClass", "accessMode"} {
			m.drop("persistence is off", "persistence", key)
		}
		m.left("persistence", "is off: images live as long as the pod, as in the release", "set spec.storage to keep them")
	}
	m.out["storage"] = map[string]any{"filesystem": map[string]any(fs)}
}

// s3 is a bucket: whose service it is follows from the endpoint.
func (m *move) s3() {
	s3 := tree{}
	region, endpoint, bucket := m.in.text("s3", "region"), m.in.text("s3", "regionEndpoint"), m.in.text("s3", "bucket")
	host := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(endpoint, "https://"), "http://"), "/")
	_, unclear := strconv.ParseBool(fmt.Sprint(m.in.get("s3", "secure"))) // not said, or neither true nor false
	secure := unclear != nil || m.flag("s3", "secure")
	switch {
	case strings.HasSuffix(host, ".digitaloceanspaces.com"):
		s3["provider"] = "digitalocean"
		if at := strings.TrimSuffix(host, ".digitaloceanspaces.com"); !strings.Contains(at, ".") {
			region = at
		}
	case within(host, ".r2.cloudflarestorage.com"):
		s3["provider"], s3["endpoint"] = "r2", endpoint
	case host == "" || strings.HasSuffix(host, ".amazonaws.com"):
		if host != "" && host != "s3."+region+".amazonaws.com" {
			s3["endpoint"] = endpoint
		}
	default:
		s3["provider"], s3["endpoint"] = "minio", endpoint
		m.left("s3.regionEndpoint", "is of a service that has no presets: taken for one like MinIO", "set spec.storage.s3.provider, see docs/reference/registry.md")
	}
	if isPlaceholder(region) {
		m.left("s3.region", "is a placeholder: nyc3 stands for it", "set spec.storage.s3.region")
		region = "nyc3"
	}
	if isPlaceholder(bucket) {
		m.left("s3.bucket", "is a placeholder: my-bucket stands for it", "set spec.storage.s3.bucket")
		bucket = "my-bucket"
	}
	if !(s3["provider"] == "minio" && region == "us-east-1") && !(s3["provider"] == "r2" && region == "auto") {
		s3.put(region, "region")
	}
	s3.put(bucket, "bucket")
	s3.put(strings.Trim(m.in.text("s3", "rootdirectory"), "/"), "rootDirectory")
	for field, key := range map[string]string{"encrypt": "encrypt", "forcePathStyle": "forcepathstyle"} {
		switch yes := m.flag("s3", key); {
		case yes && key == "forcepathstyle" && m.out.get("image", "flavor") == string(spec.DistributionV2):
			m.left("s3.forcepathstyle", "has no effect: version 2 takes the path wherever there is a regionEndpoint", "")
		case yes:
			s3[field] = true
		}
	}
	switch {
	case !secure && endpoint == "":
		m.left("s3.secure", "is not carried over: without a regionEndpoint the provider's own is asked, by https", "")
	case !secure:
		s3["secure"] = false
	}
	if m.flag("s3", "skipverify") {
		m.left("s3.skipverify", "is not carried over: nobody would notice another server in the bucket's place", "mount the authority's certificate by spec.extra.volumes")
	}
	if ref := m.in.text("secrets", "s3", "secretRef"); ref != "" {
		s3["existingSecret"] = map[string]any{"name": ref}
		m.beside("secrets.s3", credential.S3)
	}
	m.drop("the spec has no field for it", "s3")
	if m.made.Credentials[credential.S3] == nil && s3["existingSecret"] == nil && !m.placeholders {
		if s3["provider"] == nil && m.out.get("image", "flavor") == nil {
			s3["ambientCredentials"] = true
		} else {
			m.left("secrets.s3", "has no keys, and this version or service of a registry needs some", "reggen credential set s3")
		}
	}
	m.out["storage"] = map[string]any{"s3": map[string]any(s3)}
}
