package chart

import (
	"fmt"
	"testing"

	"sigs.k8s.io/yaml"
)

func config(t testing.TB, objs map[string]map[string]any) map[string]any {
	t.Helper()
	var c map[string]any
	if err := yaml.UnmarshalStrict([]byte(at(objs["ConfigMap-config"], "data", "config.yml").(string)), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConfigOfAnS3Registry(t *testing.T) {
	c := config(t, objects(t, s3Values))
	for path, want := range map[string]any{
		"region": "nyc3", "bucket": "space", "regionendpoint": "https://nyc3.digitaloceanspaces.com",
		"forcepathstyle": false, "encrypt": false, "secure": true, "skipverify": false, "accesskey": nil, "secretkey": nil,
	} {
		if got := at(c, "storage", "s3", path); got != want {
			t.Errorf("storage.s3.%s is %v, want %v", path, got, want)
		}
	}
	for name, got := range map[string]any{
		"redirect is a boolean": at(c, "storage", "redirect", "disable") == false,
		"host":                  at(c, "http", "host") == "https://registry.example.com",
		"htpasswd":              at(c, "auth", "htpasswd", "path") == "/auth/htpasswd",
		"health":                at(c, "health", "storagedriver", "enabled") == true,
		"no secret":             at(c, "http", "secret") == nil,
	} {
		if got != true {
			t.Errorf("%s: %v", name, c)
		}
	}
}

func TestFlavors(t *testing.T) {
	for flavor, want := range map[string]struct{ command, pathStyle string }{
		"distribution":    {"[registry] [serve /etc/distribution/config.yml]", "forcepathstyle"},
		"distribution-v2": {"[registry] [serve /etc/docker/registry/config.yml]", ""},
		"gitlab":          {"[/bin/registry] [serve /etc/docker/registry/config.yml]", "pathstyle"},
	} {
		objs := objects(t, s3Values+"image: {flavor: "+flavor+"}\n")
		container := at(objs["Deployment"], "spec", "template", "spec", "containers", 0)
		if got := fmt.Sprint(at(container, "command"), at(container, "args")); got != want.command {
			t.Errorf("%s runs %s", flavor, got)
		}
		for _, key := range []string{"forcepathstyle", "pathstyle"} {
			if got := at(config(t, objs), "storage", "s3", key); (got == false) != (key == want.pathStyle) {
				t.Errorf("%s: %s is %v", flavor, key, got)
			}
		}
	}
}

// A user's false and 0 survive the merge, which Helm's own merge drops.
func TestConfigDataWins(t *testing.T) {
	c := config(t, objects(t, s3Values+`
persistence: {deleteEnabled: true}
configData: {storage: {delete: {enabled: false}, cache: {blobdescriptor: redis}}, health: {storagedriver: {enabled: false, threshold: 0}}, log: {level: debug}}
`))
	if at(c, "storage", "delete", "enabled") != false || at(c, "health", "storagedriver", "enabled") != false || at(c, "health", "storagedriver", "threshold") != float64(0) {
		t.Errorf("a false was dropped: %v", c)
	}
	if at(c, "storage", "cache", "blobdescriptor") != "redis" || at(c, "log", "level") != "debug" || at(c, "storage", "s3", "region") != "nyc3" {
		t.Errorf("not merged: %v", c)
	}
}

// Values files for the chart that the tutorial installs work as they are.
func TestTheTutorialsValues(t *testing.T) {
	objs := objects(t, `
ingress:
  enabled: true
  hosts: [registry.example.com]
  annotations: {kubernetes.io/ingress.class: nginx, cert-manager.io/cluster-issuer: letsencrypt-prod, nginx.ingress.kubernetes.io/proxy-body-size: "30720m"}
  tls: [{secretName: docker-registry-prod, hosts: [registry.example.com]}]
storage: s3
secrets: {htpasswd: "demo:x\n", s3: {accessKey: demo, secretKey: demo}}
s3: {region: nyc3, regionEndpoint: nyc3.digitaloceanspaces.com, secure: true, bucket: space}
image: {repository: someone/registry, tag: dev}
`)
	if at(objs["Ingress"], "metadata", "annotations", "nginx.ingress.kubernetes.io/proxy-body-size") != "30720m" {
		t.Error("the annotations are lost")
	}
	if at(objs["Deployment"], "spec", "template", "spec", "containers", 0, "image") != "someone/registry:dev" {
		t.Error("the image is lost")
	}
}
