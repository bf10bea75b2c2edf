package configuration

import (
	"fmt"
	"strings"
	"testing"

	v3 "github.com/distribution/distribution/v3/configuration"
	v2 "github.com/docker/distribution/configuration"

	"github.com/reggen/reggen/generator/check"
)

// TestServiceNames gives the registry's parsers the variables that the kubelet
// makes of a Service, and compares what becomes of it with what check says: an
// error where one of them gives up, a warning elsewhere.
func TestServiceNames(t *testing.T) {
	const file = "version: 0.1\nstorage: {s3: {bucket: a, region: b}}\nauth: {htpasswd: {realm: a, path: b}}\nhttp: {secret: a}\n"
	const beside = `apiVersion: v1
kind: Service
metadata: {name: %s}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: r}
spec: {template: {spec: {containers: [{name: r, image: registry}]}}}
`
	for _, name := range []string{"registry", "registry-ui", "registry-docker-registry", "registry-http", "registry-log", "registry-health", "registry-redis", "registry-proxy", "registry-version",
		"registry-storage", "registry-storage-gateway", "registry-auth", "registry-middleware", "registry-http-headers", "registry-log-hooks", "registry-notifications-endpoints", "registry-log-fields"} {
		t.Run(name, func(t *testing.T) {
			prefix := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
			for end, value := range map[string]string{"SERVICE_HOST": "10.0.0.1", "SERVICE_PORT": "5000", "PORT": "tcp://10.0.0.1:5000", "PORT_5000_TCP": "tcp://10.0.0.1:5000",
				"PORT_5000_TCP_PROTO": "tcp", "PORT_5000_TCP_PORT": "5000", "PORT_5000_TCP_ADDR": "10.0.0.1"} {
				t.Setenv(prefix+"_"+end, value)
			}
			fails := gives(func() error { _, err := v3.Parse(strings.NewReader(file)); return err }) ||
				gives(func() error { _, err := v2.Parse(strings.NewReader(file)); return err })
			objects, err := check.Parse("x", fmt.Appendf(nil, beside, name))
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, f := range (check.Rendered{From: "x", Objects: objects}).Run() {
				if f.Rule == "service-links" {
					found = true
					if (f.Severity == check.Error) != fails {
						t.Errorf("check says %s; the registry fails: %v", f.Severity, fails)
					}
				}
			}
			if !found {
				t.Error("check says nothing")
			}
		})
	}
}

// gives says whether the registry gives up, with an error or a panic.
func gives(parse func() error) (up bool) {
	defer func() { up = up || recover() != nil }()
	return parse() != nil
}
