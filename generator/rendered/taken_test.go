package rendered

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/configuration"
)

// What many containers read is judged once, and as far as anybody reads on.
func TestFaultsAreBounded(t *testing.T) {
	keys := ""
	for i := range 500 {
		keys += fmt.Sprintf("    k%d: a\n", i)
	}
	text := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: a}\ndata:\n  config.yml: |\n    version: 0.1\n    storage: {filesystem: {}}\n" + keys
	for i := range 3 {
		text += fmt.Sprintf("---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d%d, namespace: a}\nspec: {template: {spec: {containers: [{name: r, image: registry, volumeMounts: [{name: c, mountPath: /etc/distribution}]}], volumes: [{name: c, configMap: {name: c}}]}}}\n", i)
	}
	objects, err := Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	hits := wholeConfiguration(look(objects))
	if len(hits) != configuration.Most+1 || hits[configuration.Most].severity != Error || !strings.Contains(hits[configuration.Most].what, "more") {
		t.Errorf("%d hits, the last is %+v", len(hits), hits[len(hits)-1])
	}
	variables := ""
	for i := range 500 {
		variables += fmt.Sprintf("{name: REGISTRY_X%d, value: a},", i)
	}
	objects, err = Parse("f", []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: a}\nspec: {containers: [{name: r, image: 'registry:3.1.1', env: ["+variables+"]}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if hits := wholeConfiguration(look(objects)); len(hits) != configuration.Most+1 || hits[configuration.Most].severity != Error {
		t.Errorf("%d hits on variables", len(hits))
	}
}
