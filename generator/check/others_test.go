package check

import (
	"strings"
	"testing"
)

// suite has the shape of a suite that holds a registry: a pod with the registry
// and a program that looks after it, which read one configuration, and a program
// that is told of both by variables. Images have numbers and entrypoints of
// their own.
const suite = `apiVersion: v1
kind: ConfigMap
metadata: {name: suite-registry, namespace: s}
data:
  config.yml: |
    version: 0.1
    storage: {filesystem: {rootdirectory: /storage}, cache: {layerinfo: redis}, delete: {enabled: true}}
    redis: {addr: redis:6379, enableTLS: false}
    http: {addr: ":5000", draintimeout: 20s, relativeurls: true}
    auth: {htpasswd: {realm: suite, path: /etc/registry/passwd}}
  ctl-config.yml: |
    protocol: http
    port: 8080
---
apiVersion: v1
kind: Secret
metadata: {name: suite-registry, namespace: s}
data: {REGISTRY_HTPASSWD: YTokMnkkMDUkYWJjZGVmZ2hpamtsbW5vcHFyc3R1dWFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6QUJDREU=, REGISTRY_HTTP_SECRET: YWJj}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: suite-core, namespace: s}
data: {REGISTRY_URL: "http://suite-registry:5000", REGISTRY_STORAGE_PROVIDER_NAME: filesystem, REGISTRY_CREDENTIAL_USERNAME: a}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: suite-registry, namespace: s, labels: {app.kubernetes.io/name: suite, app.kubernetes.io/version: 2.1.0}}
spec:
  replicas: 1
  strategy: {type: Recreate}
  selector: {matchLabels: {c: registry}}
  template:
    metadata: {labels: {c: registry}}
    spec:
      enableServiceLinks: false
      containers:
      - name: registry
        image: example.com/suite/registry-photon:2.1.0
        envFrom: [{secretRef: {name: suite-registry}}]
        ports: [{containerPort: 5000}]
        volumeMounts: [{name: data, mountPath: /storage}, {name: passwd, mountPath: /etc/registry/passwd, subPath: passwd}, {name: config, mountPath: /etc/registry/config.yml, subPath: config.yml}]
      - name: registryctl
        image: example.com/suite/suite-registryctl:2.1.0
        envFrom: [{secretRef: {name: suite-registry}}]
        ports: [{containerPort: 8080}]
        volumeMounts: [{name: data, mountPath: /storage}, {name: config, mountPath: /etc/registry/config.yml, subPath: config.yml}, {name: config, mountPath: /etc/registryctl/config.yml, subPath: ctl-config.yml}]
      volumes:
      - {name: data, persistentVolumeClaim: {claimName: data}}
      - {name: passwd, secret: {secretName: suite-registry, items: [{key: REGISTRY_HTPASSWD, path: passwd}]}}
      - {name: config, configMap: {name: suite-registry}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: suite-core, namespace: s}
spec:
  selector: {matchLabels: {c: core}}
  template:
    metadata: {labels: {c: core}}
    spec: {containers: [{name: core, image: 'example.com/suite/suite-core:2.1.0', envFrom: [{configMapRef: {name: suite-core}}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: suite-core, namespace: s}
spec: {selector: {c: core}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: suite, namespace: s}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: suite-core, port: {number: 80}}}}]}}]}
`

// written has the shape of a registry whose configuration an init container
// writes, out of a ConfigMap with stand-ins.
const written = `apiVersion: v1
kind: ConfigMap
metadata: {name: gl-registry, namespace: s}
data:
  configure: cp /config/config.yml /registry/config.yml
  config.yml: |
    version: 0.1
    http: {addr: ":5000", secret: "HTTP_SECRET"}
    auth: {token: {realm: 'https://a', service: container_registry, issuer: a}}
    storage: {s3: {bucket: registry, accesskey: "ACCESS_KEY"}}
    database: {enabled: false}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gl-registry, namespace: s}
spec:
  replicas: 2
  selector: {matchLabels: {app: registry}}
  template:
    metadata: {labels: {app: registry}}
    spec:
      initContainers: [{name: configure, image: 'example.com/base:1', args: [sh, /config/configure], volumeMounts: [{name: secrets, mountPath: /config}, {name: server, mountPath: /registry}]}]
      containers:
      - name: registry
        image: example.com/gl/gitlab-container-registry:v4.1.0-gitlab
        ports: [{containerPort: 5000}]
        volumeMounts: [{name: server, mountPath: /etc/docker/registry}]
        readinessProbe: {httpGet: {path: /debug/health, port: 5001}}
      volumes: [{name: server, emptyDir: {}}, {name: secrets, projected: {sources: [{configMap: {name: gl-registry}}]}}]
---
apiVersion: v1
kind: Service
metadata: {name: gl-registry, namespace: s}
spec: {selector: {app: registry}, ports: [{port: 5000, targetPort: 5000}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: gl-registry, namespace: s, annotations: {nginx.ingress.kubernetes.io/proxy-body-size: "0"}}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: gl-registry, port: {number: 5000}}}}]}}]}
`

// named has an image whose name is that of a registry, of something else.
const named = `apiVersion: apps/v1
kind: Deployment
metadata: {name: names, namespace: s}
spec:
  selector: {matchLabels: {app: names}}
  template:
    metadata: {labels: {app: names}}
    spec: {containers: [{name: names, image: 'example.com/names/registry:1.4.0'}]}
---
apiVersion: v1
kind: Service
metadata: {name: names, namespace: s}
spec: {selector: {app: names}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: names, namespace: s}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: names, port: {number: 80}}}}]}}]}
`

// What people run beside a registry is none, and what others have of their own
// is no error.
func TestOthersHaveNoErrors(t *testing.T) {
	for name, text := range map[string]string{"suite": suite, "written": written, "named": named} {
		objects, err := Parse("x", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range (Rendered{From: "x", Objects: objects}).Run() {
			if f.Severity == Error || f.Rule == "vulnerable-image" && name != "named" {
				t.Errorf("%s: %s", name, f.Error())
			}
			if strings.Contains(f.Object, "core") || strings.Contains(f.Path, "containers[1]") {
				t.Errorf("%s: taken for a registry: %s", name, f.Error())
			}
		}
	}
}

// In the same suite what is broken is found.
func TestOthersAreLookedAt(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"no users' file":       {"{name: passwd, mountPath: /etc/registry/passwd, subPath: passwd}, ", "", "has nothing where auth.htpasswd.path points to"},
		"no such key":          {"key: REGISTRY_HTPASSWD, path", "key: users, path", "takes the key users of the Secret suite-registry"},
		"beside the volume":    {"rootdirectory: /storage", "rootdirectory: /data", "images are kept at /data"},
		"no realm":             {"realm: suite, ", "", "auth.htpasswd.realm: is missing"},
		"a variable's storage": {"REGISTRY_HTTP_SECRET: YWJj", "REGISTRY_STORAGE_S3_BUCKET: YWJj", "has several storages, filesystem, s3"},
	} {
		if !strings.Contains(suite, c.old) {
			t.Fatalf("no %q", c.old)
		}
		objects, err := Parse("x", []byte(strings.Replace(suite, c.old, c.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		all := ""
		for _, f := range (Rendered{From: "x", Objects: objects}).Run() {
			all += f.Error() + "\n"
		}
		if !strings.Contains(all, c.want) {
			t.Errorf("%s: %s", name, all)
		}
	}
}
