package takeover

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
		{"spec/whatever", "password: canary\nurl: https://a:canary@b\nsize: 3\n", "password: (not shown)\nsize: (not shown)\nurl: (not shown)"},
		{"spec/token", "canary", notShown},
		{"metadata/labels", "heritage: Helm\n", "heritage: Helm"},
		{"metadata/labels/team", "somebody", "somebody"},
		{"spec/paused", "", ""},
		{"spec/template/spec/containers/name=c/env/name=A/value", "canary:", notShown},
		{"spec/template/spec/containers/name=c/env/name=A/value", "{canary: canary}", notShown},
		{"metadata/annotations/a.example.org/b", "{canary: 1}", notShown},
		{"data/script", "canary: 1\n", notShown},
		{"data/config.yml: redis/password", "canary", notShown},
		{"spec/template/spec/containers/name=c/livenessProbe", "httpGet:\n  path: /?token=canary\n  port: 5000\n  httpHeaders:\n  - name: X-Api\n    value: canary\n", "httpGet:\n  httpHeaders:\n  - name: X-Api\n    value: (not shown)\n  path: (not shown)\n  port: 5000"},
		{"spec/template/spec/containers/name=c/livenessProbe/httpGet/path", "/?token=canary", notShown},
		{"spec/template/spec/containers/name=c/lifecycle/postStart/httpGet/httpHeaders/name=X/value", "canary", notShown},
		{"spec/template/spec/containers/name=c/lifecycle", "postStart:\n  exec:\n    command:\n    - canary\n", "postStart:\n  exec:\n    command:\n    - (not shown)"},
		{"spec/rules/0/host", "registry.example.org", "registry.example.org"},
		{"spec/rules/0/host", "canary@b?", notShown},
		{"spec/whatever/path", "canary: x", notShown},
		{"spec/template/spec/containers/name=c/image", "registry@sha256:" + strings.Repeat("0", 64), "registry@sha256:" + strings.Repeat("0", 64)},
		{"spec/template/spec/volumes/name=x/csi/volumeAttributes/key", "canary", notShown},
		{"spec/template/spec/volumes/name=x/csi", "volumeAttributes:\n  image: canary\n  key: canary\n", "volumeAttributes:\n  image: (not shown)\n  key: (not shown)"},
		{"spec/template/spec/volumes/name=x/csi/volumeAttributes/pin", "12348765", notShown},
		{"spec/template/spec/containers/name=c/livenessProbe", "httpGet:\n  host: canary\n", "httpGet:\n  host: (not shown)"},
		{"spec/accessModes/0", "ReadWriteOnce", notShown},
	} {
		if got := Masked(c.path, c.from, strings.Contains(c.from, "\n")); got != c.want || strings.Contains(got, "canary") {
			t.Errorf("%s: %q instead of %q", c.path, got, c.want)
		}
	}
}
