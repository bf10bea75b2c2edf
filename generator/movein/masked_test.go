package movein

import (
	"strings"
	"testing"
)

func TestMasked(t *testing.T) {
	for _, c := range []struct{ path, from, want string }{
		{"spec/replicas", "1", "1"},
		{"spec/template/spec/containers/name=c/image", "registry:2", "registry:2"},
		{"spec/template/spec/containers/name=c/env", "- name: A\n  value: canary\n", "- name: A\n  value: (not shown)"},
		{"spec/template/spec/containers/name=c/env/name=A/value", "canary", notShown},
		{"spec/template/spec/containers/name=c/env/name=A/valueFrom/secretKeyRef/name", "docker-registry-secret", "docker-registry-secret"},
		{"spec/template/spec/containers/name=c/env", "- name: A\n  valueFrom:\n    secretKeyRef:\n      key: k\n      name: s\n", "- name: A\n  valueFrom:\n    secretKeyRef:\n      key: k\n      name: s"},
		{"spec/template/spec/containers/name=c/command/0", "canary", notShown},
		{"spec/template/spec", "containers:\n- args:\n  - canary\n  env:\n  - name: A\n    value: canary\n  image: i\n", "containers:\n- args:\n  - (not shown)\n  env:\n  - name: A\n    value: (not shown)\n  image: i"},
		{"metadata", "annotations:\n  a: canary\n", "annotations:\n  a: (not shown)"},
		{"metadata/annotations", "name: canary\n", "name: (not shown)"},
		{"data/config.yml: redis", "name: canary\npassword: canary\n", "name: (not shown)\npassword: (not shown)"},
		{"data/plain", "canary\n: - {", notShown},
		{"spec/whatever", "password: canary\nurl: https://a:canary@b\nsize: 3\n", "password: (not shown)\nsize: 3\nurl: (not shown)"},
		{"spec/token", "canary", notShown},
		{"metadata/labels", "heritage: Helm\n", "heritage: Helm"},
		{"spec/paused", "", ""},
	} {
		if got := Masked(c.path, c.from); got != c.want || strings.Contains(got, "canary") {
			t.Errorf("%s: %q instead of %q", c.path, got, c.want)
		}
	}
}
