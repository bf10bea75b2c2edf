package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	gateway "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"
)

// The HTTPRoutes and BackendTLSPolicies are what the Gateway API's own types
// say, field by field.
func TestRoutesAreWhatTheGatewayAPITakes(t *testing.T) {
	routes, policies := 0, 0
	for _, name := range []string{"gateway", "gateway-pull-host", "gateway-backend-tls", "gateway-backend-tls-system"} {
		build, err := os.ReadFile(filepath.Join(repo, "testdata", "cases", name, "build.yaml"))
		must(t, err)
		for _, doc := range bytes.Split(build, []byte("\n---\n")) {
			switch {
			case bytes.Contains(doc, []byte("kind: HTTPRoute\n")):
				routes++
				var route gateway.HTTPRoute
				strictly(t, doc, &route)
				if route.APIVersion != gateway.GroupVersion.String() || len(route.Spec.Hostnames) != 1 || len(route.Spec.ParentRefs) != 1 || len(route.Spec.Rules) != 1 || len(route.Spec.Rules[0].BackendRefs) != 1 {
					t.Errorf("%s: %+v", name, route)
				}
			case bytes.Contains(doc, []byte("kind: BackendTLSPolicy\n")):
				policies++
				var policy gateway.BackendTLSPolicy
				strictly(t, doc, &policy)
				v := policy.Spec.Validation
				if policy.APIVersion != gateway.GroupVersion.String() || len(policy.Spec.TargetRefs) != 1 || v.Hostname == "" || (len(v.CACertificateRefs) == 1) == (v.WellKnownCACertificates != nil) {
					t.Errorf("%s: %+v", name, policy)
				}
			}
		}
	}
	if routes != 5 || policies != 2 {
		t.Errorf("%d HTTPRoutes, %d BackendTLSPolicies", routes, policies)
	}
}

// strictly decodes an object into its type, every field of it.
func strictly(t *testing.T, doc []byte, into any) {
	t.Helper()
	text, err := yaml.YAMLToJSONStrict(doc)
	must(t, err)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Error(err)
	}
}
