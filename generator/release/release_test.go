package release

import (
	"strings"
	"testing"
)

// The data file says where each entry comes from and when somebody looked.
func TestVulnerabilities(t *testing.T) {
	v := vulnerabilities()
	if len(v.Looked) != len("2006-01-02") || len(v.Known) < 5 {
		t.Fatalf("%+v", v)
	}
	for _, k := range v.Known {
		if !strings.HasPrefix(k.ID, "CVE-") || !strings.HasPrefix(k.Source, "https://") || k.About == "" || k.Fixed == "" {
			t.Errorf("%+v", k)
		}
	}
}

// An image's number is the registry's only where its name says so.
func TestVersion(t *testing.T) {
	for _, c := range []struct {
		image  Image
		number string
	}{
		{Image{Ref: "registry:3.1.1"}, "3.1.1"},
		{Image{Ref: "r.example.com:5000/mirror/registry:2.8.3-alpine@sha256:00"}, "2.8.3"},
		{Image{Ref: "example.com/platform/own-registry:v3.0.0-rc.1"}, "3.0.0-rc.1"},
		{Image{Ref: "example.com/app:9.9.9", App: "docker-registry", Label: "3.1.0"}, "9.9.9"},
		{Image{Ref: "example.com/app@sha256:00", App: "docker-registry", Label: "3.1.0"}, "3.1.0"},
		{Image{Ref: "harbor/harbor-registry:2.13.2", App: "harbor", Label: "2.13.2"}, ""},
		{Image{Ref: "goharbor/registry-photon:v2.13.2", App: "harbor", Label: "2.13.2"}, ""},
		{Image{Ref: "example.com/app:2.13.2"}, ""},
	} {
		if number, _ := c.image.Version(); number != c.number {
			t.Errorf("%s: %q, want %q", c.image.Ref, number, c.number)
		}
	}
	for ref, official := range map[string]bool{"registry:3": true, "docker.io/library/registry:2": true, "mirror.example.com/hub/library/registry@sha256:00": true,
		"ghcr.io/distribution/distribution:3.0.0": true, "example.com/registry:3": false, "bitnami/harbor-registry:2": false} {
		if (Image{Ref: ref}).Official() != official {
			t.Errorf("%s is official: %v", ref, !official)
		}
	}
}
