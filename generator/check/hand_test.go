package check

import "testing"

// hand is a registry as people write it by hand: no configuration but the
// image's own and variables, and Secrets that somebody else made.
const hand = `apiVersion: v1
kind: Service
metadata: {name: registry}
spec: {selector: {app: registry}, ports: [{port: 5000}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: registry}
spec:
  replicas: 3
  selector: {matchLabels: {app: registry}}
  template:
    metadata: {labels: {app: registry}}
    spec:
      containers:
      - name: registry
        image: registry:2
        env:
        - {name: REGISTRY_AUTH, value: htpasswd}
        - {name: REGISTRY_AUTH_HTPASSWD_REALM, value: Registry}
        - {name: REGISTRY_AUTH_HTPASSWD_PATH, value: /auth/htpasswd}
        volumeMounts:
        - {name: data, mountPath: /var/lib/registry}
        - {name: auth, mountPath: /auth}
        livenessProbe: {httpGet: {path: /, port: 5000}}
      volumes:
      - name: data
        persistentVolumeClaim: {claimName: data}
      - name: auth
        secret: {secretName: htpasswd}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: gc}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: gc
            image: registry:2
            command: [/bin/sh, -c, "registry garbage-collect /etc/docker/registry/config.yml"]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: registry
  annotations: {kubernetes.io/ingress.class: nginx-internal}
spec:
  rules: [{host: r.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: registry, port: {number: 5000}}}}]}}]
`

const (
	handEnv   = "        env:\n"
	handClaim = "        persistentVolumeClaim: {claimName: data}\n"
	handShell = `[/bin/sh, -c, "registry garbage-collect /etc/docker/registry/config.yml"]`
)

var handProbes = map[string][]probe{
	"http-secret": {
		{"none, and a Secret with the users beside it", "", nil, "error: x: Deployment registry: spec.template.spec.containers[0]: has no http secret"},
		{"an empty one", "", []string{handEnv, handEnv + "        - {name: REGISTRY_HTTP_SECRET, value: ''}\n"}, "has no http secret"},
		{"variables that can't be seen", "", []string{handEnv, "        envFrom: [{secretRef: {name: elsewhere}}]\n" + handEnv}, ""},
		{"a configuration that an init container writes", "", []string{"/auth}", "/auth}\n        - {name: conf, mountPath: /etc/docker/registry}", "      - name: auth\n", "      - {name: conf, emptyDir: {}}\n      - name: auth\n"}, ""},
		{"an image with a configuration of its own", "", []string{handEnv, "        args: [serve, /conf/mine.yml]\n" + handEnv}, ""},
		{"a Pod", "", []string{"---\napiVersion: v1\nkind: Pers", "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: 'registry:3'}]}\n---\napiVersion: v1\nkind: Pers"}, "warning: x: Pod p: spec.containers[0]: has no http secret"},
	},
	"volume-replicas": {
		{"on the image's own configuration", "", nil, "is on one node alone, and there are 3 pods"},
		{"without a volume", "", []string{"        - {name: data, mountPath: /var/lib/registry}\n", ""}, "spec.template.spec.containers[0].volumeMounts: is each pod's own, and there are 3"},
		{"a node's folder", "", []string{handClaim, "        hostPath: {path: /data}\n"}, "is each node's own, and there are 3 pods"},
		{"emptyDir without braces", "", []string{handClaim, "        emptyDir:\n"}, "is each pod's own, and there are 3"},
		{"a StatefulSet's own volumes", "", []string{"kind: Deployment", "kind: StatefulSet", "      - name: data\n" + handClaim, "", "  replicas: 3\n", "  replicas: 3\n  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]\n"}, "StatefulSet registry: spec.volumeClaimTemplates[0]: is each pod's own, and there are 3"},
		{"object storage by variables", "", []string{handEnv, handEnv + "        - {name: REGISTRY_STORAGE, value: s3}\n        - {name: REGISTRY_STORAGE_S3_BUCKET, value: b}\n"}, ""},
	},
	"collect-read-only": {
		{"in a shell's script", "", nil, "CronJob gc: spec.jobTemplate.spec.template.spec.containers[0]: collects garbage while Deployment registry takes pushes"},
		{"by kubectl exec", "", []string{"image: registry:2\n            command: " + handShell, "image: bitnami/kubectl:1.32\n            args: [exec, deploy/registry, --, registry, garbage-collect, /etc/docker/registry/config.yml]"}, "collects garbage while Deployment registry"},
		{"only counting", "", []string{"garbage-collect ", "garbage-collect --dry-run "}, ""},
		{"read-only by a variable of the section", "", []string{handEnv, handEnv + "        - {name: REGISTRY_STORAGE_MAINTENANCE_READONLY, value: '{enabled: true}'}\n"}, ""},
	},
	"ready-unasked": {
		{"object storage by variables", "", []string{handEnv, handEnv + "        - {name: REGISTRY_STORAGE, value: s3}\n        - {name: REGISTRY_STORAGE_S3_BUCKET, value: b}\n"}, "Deployment registry: spec.template.spec.containers[0].readinessProbe: is ready for 30 seconds before it knows"},
		{"a probe that waits", "", []string{handEnv, handEnv + "        - {name: REGISTRY_STORAGE, value: s3}\n        - {name: REGISTRY_STORAGE_S3_BUCKET, value: b}\n", "        livenessProbe:", "        readinessProbe: {initialDelaySeconds: 31, httpGet: {path: /, port: 5000}}\n        livenessProbe:"}, ""},
		{"no probe, and no rollout that goes on before", "", []string{handEnv, handEnv + "        - {name: REGISTRY_STORAGE, value: s3}\n        - {name: REGISTRY_STORAGE_S3_BUCKET, value: b}\n", "  replicas: 3\n", "  replicas: 3\n  minReadySeconds: 600\n"}, "is ready for 30 seconds"},
		{"a volume", "", nil, ""},
		{"variables that can't be seen", "", []string{handEnv, "        envFrom: [{secretRef: {name: elsewhere}}]\n" + handEnv + "        - {name: REGISTRY_STORAGE, value: s3}\n"}, ""},
	},
	"collect-nothing": {
		{"version 2's own configuration", "", nil, "CronJob gc: spec.jobTemplate.spec.template.spec.containers[0]: frees nothing but what broken pushes left: no image of Deployment registry can be deleted"},
		{"version 3's own, by which clients may delete", "", []string{"registry:2", "registry:3"}, ""},
		{"switched off there", "", []string{"registry:2", "registry:3", handEnv, handEnv + "        - {name: REGISTRY_STORAGE_DELETE_ENABLED, value: 'false'}\n"}, "frees nothing"},
		{"by a shell's script", "", []string{"garbage-collect ", "garbage-collect --delete-untagged=true "}, ""},
	},
	"collect-platforms": {
		{"by a shell's script", "", []string{"garbage-collect ", "garbage-collect -m "}, "CronJob gc: spec.jobTemplate.spec.template.spec.containers[0]: deletes the parts of images for several platforms"},
		{"an image that doesn't say its version", "", []string{"garbage-collect ", "garbage-collect -m ", "image: registry:2\n            command", "image: example.com/tools:1\n            command"}, ""},
	},
	"drain": {
		{"none", "", nil, "Deployment registry: spec.template.spec.containers[0]: ends in the middle"},
		{"of nothing", "", []string{handEnv, handEnv + "        - {name: REGISTRY_HTTP_DRAINTIMEOUT, value: 0s}\n"}, "ends in the middle"},
		{"set", "", []string{handEnv, handEnv + "        - {name: REGISTRY_HTTP_DRAINTIMEOUT, value: 20s}\n"}, ""},
	},
	"liveness-on-storage": {
		{"the image's own configuration looks at the storage", "", nil, "asks whether the storage is well"},
		{"switched off", "", []string{handEnv, handEnv + "        - {name: REGISTRY_HEALTH_STORAGEDRIVER_ENABLED, value: 'false'}\n"}, ""},
	},
	"service-links": {
		{"a Service whose variables mean nothing", "", []string{"metadata: {name: registry}\nspec: {selector", "metadata: {name: registry-docker-registry}\nspec: {selector"}, "warning: x: Deployment registry: spec.template.spec.enableServiceLinks: is not false; expected false"},
		{"one that looks like a storage", "", []string{"metadata: {name: registry}\nspec: {selector", "metadata: {name: registry-storage-gateway}\nspec: {selector"}, "error: x: Deployment registry: spec.template.spec.enableServiceLinks: is not false, and the Service registry-storage-gateway"},
		{"one without an address", "", []string{"metadata: {name: registry}\nspec: {selector", "metadata: {name: registry-auth}\nspec: {clusterIP: None, selector"}, "warning: x: Deployment registry:"},
	},
	"htpasswd-mount": {
		{"a Secret that can't be seen", "", nil, ""},
		{"a key of another name", "", []string{"---\napiVersion: batch", "---\napiVersion: v1\nkind: Secret\nmetadata: {name: htpasswd}\nstringData: {auth: 'a:b'}\n---\napiVersion: batch"}, "brings no file /auth/htpasswd: its Secret has none of that name"},
		{"the key", "", []string{"---\napiVersion: batch", "---\napiVersion: v1\nkind: Secret\nmetadata: {name: htpasswd}\nstringData: {htpasswd: 'a:b'}\n---\napiVersion: batch"}, ""},
		{"an item for it", "", []string{"secretName: htpasswd}", "secretName: htpasswd, items: [{key: auth, path: htpasswd}]}"}, ""},
		{"another item", "", []string{"secretName: htpasswd}", "secretName: htpasswd, items: [{key: auth, path: users}]}"}, "brings no file"},
	},
	"path-style": {
		{"version 2 takes the path by itself", "", []string{handEnv, handEnv + "        - {name: REGISTRY_STORAGE_S3_REGIONENDPOINT, value: 'http://minio:9000'}\n        - {name: REGISTRY_STORAGE_S3_FORCEPATHSTYLE, value: 'false'}\n"}, ""},
		{"and is not asked to say so", "", []string{handEnv, handEnv + "        - {name: REGISTRY_STORAGE_S3_REGIONENDPOINT, value: 'https://s3.example.com'}\n"}, ""},
		{"version 3 does not", "", []string{"registry:2", "registry:3", handEnv, handEnv + "        - {name: REGISTRY_STORAGE_S3_REGIONENDPOINT, value: 'http://minio:9000'}\n"}, "forcepathstyle is not set"},
		{"a text that the driver takes", "", []string{"registry:2", "registry:3", handEnv, handEnv + "        - {name: REGISTRY_STORAGE_S3, value: '{regionendpoint: \"http://minio:9000\", forcepathstyle: \"true\"}'}\n"}, ""},
		{"distribution out of a mirror at GitLab", "", []string{"registry:2", "registry.gitlab.com/ours/mirror/registry:3.1.1", handEnv, handEnv + "        - {name: REGISTRY_STORAGE_S3_FORCEPATHSTYLE, value: 'true'}\n"}, ""},
	},
	"spaces-encrypt": {
		{"as a text", "", []string{handEnv, handEnv + "        - {name: REGISTRY_STORAGE_S3, value: '{regionendpoint: \"https://nyc3.digitaloceanspaces.com\", encrypt: \"true\"}'}\n"}, "is true, which Spaces refuse"},
	},
	"vulnerable-image": {
		{"whatever the newest of version 2 is", "", nil, "Deployment registry: spec.template.spec.containers[0].image: is version 2, which has CVE-2026-41888"},
		{"of 3.0", "", []string{"registry:2", "registry:3.0"}, "is version 3.0, which has"},
		{"of version 3", "", []string{"registry:2", "registry:3-alpine"}, ""},
		{"a date", "", []string{"registry:2", "registry:20240101"}, ""},
	},
	"configuration": {
		{"no YAML", "", []string{"/auth}", "/auth}\n        - {name: conf, mountPath: /etc/docker/registry}", "      - name: auth\n", "      - {name: conf, configMap: {name: conf}}\n      - name: auth\n", "---\napiVersion: batch", "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {config.yml: '[', other: '{'}\n---\napiVersion: batch"}, "error: x: ConfigMap conf: data[config.yml]: can't be read: the registry doesn't start; expected YAML"},
		{"two keys that are one", "", []string{"/auth}", "/auth}\n        - {name: conf, mountPath: /etc/docker/registry}", "      - name: auth\n", "      - {name: conf, configMap: {name: conf}}\n      - name: auth\n", "---\napiVersion: batch", "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {config.yml: '{1: a, \"1\": b}'}\n---\napiVersion: batch"}, "error: x: ConfigMap conf: data[config.yml]: has two keys that are the same text, as 1 and \"1\" are: which one counts is the registry's choice; expected one of them"},
		{"two keys that are one in a variable", "", []string{handEnv, handEnv + "        - {name: REGISTRY_HTTP, value: '{1: a, \"1\": b}'}\n"}, "error: x: Deployment registry: spec.template.spec.containers[0].env[0]: REGISTRY_HTTP has two keys that are the same text"},
		{"two storages", "", []string{handEnv, handEnv + "        - {name: REGISTRY_STORAGE_S3_BUCKET, value: b}\n"}, "error: x: Deployment registry: spec.template.spec.containers[0]: has several storages, filesystem, s3: the registry doesn't start; expected one, named by REGISTRY_STORAGE too where variables name it"},
		{"one by variables alone", "", []string{handEnv, handEnv + "        - {name: REGISTRY_STORAGE, value: s3}\n        - {name: REGISTRY_STORAGE_S3_BUCKET, value: b}\n        - {name: REGISTRY_STORAGE_DELETE_ENABLED, value: 'true'}\n"}, ""},
	},
	"otel-exporter": {
		{"version 3", "", []string{"registry:2", "registry:3"}, "says nothing about traces"},
		{"variables that can't be seen", "", []string{"registry:2", "registry:3", handEnv, "        envFrom: [{configMapRef: {name: elsewhere}}]\n" + handEnv}, ""},
	},
	"disruption-budget": {
		{"nobody is there", "", []string{"replicas: 3", "replicas: 0", "---\napiVersion: batch", "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: p}\nspec: {minAvailable: 0, selector: {matchLabels: {app: registry}}}\n---\napiVersion: batch"}, ""},
		{"all of three", "", []string{"---\napiVersion: batch", "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: p}\nspec: {minAvailable: 3, selector: {matchLabels: {app: registry}}}\n---\napiVersion: batch"}, "lets no pod go"},
	},
}

func TestRulesOnHandWritten(t *testing.T) {
	for id, probes := range handProbes {
		for _, p := range probes {
			t.Run(id+"/"+p.name, func(t *testing.T) { p.run(t, id, hand) })
		}
	}
}
