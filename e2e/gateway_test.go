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

// The HTTPRoutes are what the Gateway API's own types say, field by field.
func TestRoutesAreWhatTheGatewayAPITakes(t *testing.T) {
	found := 0
	for _, name := range []string{"gateway", "gateway-pull-host"} {
		build, err := os.ReadFile(filepath.Join(repo, "testdata", "cases", name, "build.yaml"))
		must(t, err)
		for _, doc := range bytes.Split(build, []byte("\n---\n")) {
			if !bytes.Contains(doc, []byte("kind: HTTPRoute\n")) {
				continue
			}
			found++
			text, err := yaml.YAMLToJSONStrict(doc)
			must(t, err)
			d := json.NewDecoder(bytes.NewReader(text))
			d.DisallowUnknownFields()
			var route gateway.HTTPRoute
			if err := d.Decode(&route); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if route.APIVersion != gateway.GroupVersion.String() || len(route.Spec.Hostnames) != 1 || len(route.Spec.ParentRefs) != 1 || len(route.Spec.Rules) != 1 || len(route.Spec.Rules[0].BackendRefs) != 1 {
				t.Errorf("%s: %+v", name, route)
			}
		}
	}
	if found != 3 {
		t.Errorf("%d HTTPRoutes", found)
	}
}
