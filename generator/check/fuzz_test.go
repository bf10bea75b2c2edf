package check

import "testing"

// Whatever YAML comes in, the rules on objects judge it or Parse refuses it;
// they never give up, and what they find names an object that is there.
func FuzzRendered(f *testing.F) {
	for _, odd := range []string{
		collector, second, route("a"),
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: x, template: {spec: {containers: [1, {image: 7, env: [1, {name: REGISTRY_HTTP_SECRET}], envFrom: [2], volumeMounts: [3]}], volumes: [4]}}}\n",
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: {image: registry}}}}\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {config.yml: 'version: 0.1\nstorage: 1\nhttp: []'}\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{image: 'registry:99999999999999999999.1.1', volumeMounts: [{name: v, mountPath: /}]}], volumes: [{name: v, configMap: {name: c}}]}}}\n",
		"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: d}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{command: [garbage-collect, 1]}]}}}}}\n",
		"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, annotations: {nginx.ingress.kubernetes.io/proxy-body-size: k}}\nspec: {rules: [1, {http: {paths: [2]}}], tls: [3], defaultBackend: []}\n",
	} {
		f.Add([]byte(odd))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		objects, err := Parse("x", text)
		if err != nil {
			return
		}
		there := map[string]bool{}
		for _, o := range objects {
			there[o.ID().String()] = true
		}
		for _, found := range (Rendered{From: "x", Objects: objects}).Run() {
			if !there[found.Object] || found.What == "" {
				t.Errorf("found %q of %q", found.What, found.Object)
			}
		}
	})
}
