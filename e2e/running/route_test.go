//go:build linux

package running

import (
	"os"
	"path/filepath"
)

// fromRoute is what a Gateway makes of the HTTPRoute, and of the
// BackendTLSPolicy of the Service behind it: the certificate in the pod is
// checked against the policy's authority and name.
func (f *front) fromRoute() string {
	o := f.c.current()
	rules := o.routes[0].Spec.Rules
	if len(rules) != 1 || len(rules[0].BackendRefs) != 1 || len(rules[0].Matches) > 1 {
		f.t.Errorf("a route of a shape that this test doesn't translate")
	}
	backend := rules[0].BackendRefs[0]
	path := "/"
	if len(rules[0].Matches) == 1 && rules[0].Matches[0].Path != nil {
		path = *rules[0].Matches[0].Path.Value
	}
	// A Gateway limits no body; how long it waits is its own affair.
	directives := []string{"client_max_body_size 0;", "proxy_request_buffering off;", "proxy_buffering off;", "proxy_read_timeout 900s;", "proxy_send_timeout 900s;"}
	scheme := "http"
	for _, policy := range o.backendTLS {
		if string(policy.Spec.TargetRefs[0].Name) != string(backend.Name) {
			f.t.Errorf("the policy is about the Service %s, the route sends to %s", policy.Spec.TargetRefs[0].Name, backend.Name)
			continue
		}
		ca, there := o.configMaps[string(policy.Spec.Validation.CACertificateRefs[0].Name)]
		if !there {
			f.t.Errorf("no ConfigMap with the policy's authority")
		}
		file := filepath.Join(f.dir, "backend-ca.crt")
		if err := os.WriteFile(file, []byte(ca.Data["ca.crt"]), 0o644); err != nil {
			f.t.Error(err)
		}
		scheme = "https"
		name := string(policy.Spec.Validation.Hostname)
		directives = append(directives, "proxy_ssl_verify on;", "proxy_ssl_trusted_certificate "+file+";", "proxy_ssl_name "+name+";", "proxy_ssl_server_name on;")
	}
	return f.config(path, f.endpoints(string(backend.Name), int32(*backend.Port)), scheme, directives)
}
