package cases

import (
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/object"
)

// Installed are values files of people who run the chart that many registries were
// installed with. The first sets what that chart has by default, as those do
// who copied its file; the second sets every key of the contract.
var Installed = map[string]string{
	"its defaults": `
replicaCount: 1
updateStrategy: {}
podAnnotations: {}
podLabels: {}
serviceAccount: {create: false, name: "", annotations: {}}
image: {repository: registry, tag: 3.1.1, pullPolicy: IfNotPresent}
deployment: {}
service: {name: registry, type: ClusterIP, port: 5000, annotations: {}}
ingress: {enabled: false, className: nginx, path: /, hosts: [chart-example.local], annotations: {}, labels: {}, tls: null}
resources: {}
persistence: {accessMode: ReadWriteOnce, enabled: false, size: 10Gi}
storage: filesystem
secrets: {haSharedSecret: "", htpasswd: ""}
proxy: {enabled: false, remoteurl: "https://registry-1.docker.io", username: "", password: "", secretRef: ""}
metrics: {enabled: false, port: 5001, serviceMonitor: {enabled: false, labels: {}}, prometheusRule: {enabled: false, labels: {}, rules: {}}}
configData:
  version: 0.1
  log: {fields: {service: registry}}
  storage: {cache: {blobdescriptor: inmemory}}
  http: {addr: ":5000", headers: {X-Content-Type-Options: [nosniff]}, debug: {addr: ":5001", prometheus: {enabled: false, path: /metrics}}}
  health: {storagedriver: {enabled: true, interval: 10s, threshold: 3}}
containerSecurityContext:
  enabled: true
  seLinuxOptions: {}
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
  privileged: false
  readOnlyRootFilesystem: true
  runAsUser: 1000
  runAsGroup: 1000
  runAsNonRoot: true
  seccompProfile: {type: RuntimeDefault}
securityContext: {enabled: true, fsGroupChangePolicy: Always, sysctls: [], supplementalGroups: [], fsGroup: 1000}
priorityClassName: ""
podDisruptionBudget: {}
autoscaling: {enabled: false, minReplicas: 1, maxReplicas: 2, targetCPUUtilizationPercentage: 60, targetMemoryUtilizationPercentage: 60, behavior: {}}
nodeSelector: {}
affinity: {}
tolerations: []
extraVolumeMounts: []
extraVolumes: []
extraEnvVars: []
initContainers: []
garbageCollect: {enabled: false, deleteUntagged: true, schedule: "0 1 * * *", resources: {}}
`,
	"every key": `
replicaCount: 2
updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}
podAnnotations: {a: b}
podLabels: {a: b}
serviceAccount: {create: true, name: images, annotations: {a: b}}
image: {repository: mirror.example.com/registry, tag: 3.1.1, pullPolicy: Always}
imagePullSecrets: [{name: mirror}]
deployment: {annotations: {a: b}}
service:
  {name: registry, type: LoadBalancer, sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}, clusterIP: 10.0.0.5, port: 5001,
   nodePort: 30500, loadBalancerIP: 10.0.0.6, loadBalancerSourceRanges: [10.0.0.0/8], annotations: {a: b}, labels: {a: b}}
ingress: {enabled: true, className: nginx, path: /v2, hosts: [a.example.com, b.example.com], annotations: {nginx.ingress.kubernetes.io/proxy-body-size: "0", nginx.ingress.kubernetes.io/backend-protocol: HTTPS}, labels: {a: b}, tls: [{secretName: tls, hosts: [a.example.com]}]}
resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 1Gi}}
persistence: {accessMode: ReadWriteMany, enabled: true, size: 1Gi, storageClass: fast, existingClaim: images, deleteEnabled: true}
storage: s3
tlsSecretName: own-tls
secrets:
  haSharedSecret: demo
  htpasswd: "demo:$2y$05$vn.xh.9j5HBOH6oh2YxhoeH3IgYOsIwdnKU1R2vU3v/GbOPAfTZYi\n"
  azure: {accountName: demo, accountKey: demo, container: demo}
  s3: {secretRef: "", accessKey: demo, secretKey: demo}
  swift: {username: demo, password: demo}
s3: {region: us-east-1, regionEndpoint: s3.example.com, bucket: images, rootdirectory: /x, encrypt: true, secure: true, forcepathstyle: true, skipverify: true}
swift: {authurl: "https://auth.example.com", container: images}
proxy: {enabled: false, remoteurl: "https://mirror.example.com", username: demo, password: demo, secretRef: demo}
metrics:
  {enabled: true, port: 9000, serviceMonitor: {enabled: true, labels: {release: prometheus}},
   prometheusRule: {enabled: true, labels: {release: prometheus}, rules: [{alert: Down, expr: up == 0}]}}
configPath: /etc/registry/config.yaml
configData: {storage: {maintenance: {readonly: {enabled: true}}}}
containerSecurityContext: {runAsUser: 2000}
securityContext: {fsGroup: 2000}
priorityClassName: high
podDisruptionBudget: {maxUnavailable: 1}
autoscaling: {enabled: true, minReplicas: 2, maxReplicas: 4, targetCPUUtilizationPercentage: 50, targetMemoryUtilizationPercentage: 0, behavior: {scaleUp: {stabilizationWindowSeconds: 0}}}
nodeSelector: {a: b}
affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: a, labelSelector: {matchLabels: {a: b}}}}]}}
tolerations: [{key: a, operator: Exists}]
extraVolumeMounts: [{name: more, mountPath: /more}]
extraVolumes: [{name: more, emptyDir: {}}]
extraEnvVars: [{name: A, value: b}]
initContainers: [{name: first, image: busybox, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]
garbageCollect: {enabled: true, deleteUntagged: false, schedule: 0 3 * * *, podAnnotations: {a: b}, podLabels: {a: b}, resources: {limits: {memory: 1Gi}}}
nameOverride: images
fullnameOverride: images
namespace: images
`,
}

// RenderInstalled renders the chart with one of the Installed files alone, and
// returns its values too.
func RenderInstalled(name string) (map[string]any, []object.Object, error) {
	var v map[string]any
	if err := yaml.UnmarshalStrict([]byte(Installed[name]), &v); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	c, err := chart.Default()
	if err != nil {
		return nil, nil, err
	}
	if err := c.CheckValues(v).Err(); err != nil {
		return nil, nil, err
	}
	files, err := c.Plain(chart.Release{Name: "docker-registry", Namespace: "registry"}, v)
	if err != nil {
		return nil, nil, err
	}
	var out []object.Object
	for _, f := range files {
		more, err := object.Parse(f.File, f.Data)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, more...)
	}
	return v, out, nil
}
