package deliver

import (
	"fmt"
	"testing"

	"github.com/reggen/reggen/generator/object"
)

// The names that a builder knows are those that the text says, and where it knows
// none the text is asked.
func TestSplitKnowsTheFiles(t *testing.T) {
	text := "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  namespace: apps\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: \"no\"\n"
	objects, err := object.Parse("the build", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	known := built{Text: []byte(text)}
	for _, o := range objects {
		known.Files = append(known.Files, ObjectFile(o))
	}
	asked := built{Text: []byte(text), Files: known.Files[:1]}
	a, err := split(known, "env")
	b, errB := split(asked, "env")
	if err != nil || errB != nil || len(a) != 3 || a[0].name != "apps_v1_service_a.yaml" || a[1].name != "apps_v1_deployment_no.yaml" || fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("%q, %v\n%q, %v", a, err, b, errB)
	}
}
