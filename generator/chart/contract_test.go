package chart

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const sha = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// contract are keys that users' values files hold: each changes what is
// rendered at a path, false and 0 included.
var contract = []struct {
	values, object string
	path           []any
	want           string
}{
	{"replicaCount: 0", "Deployment", []any{"spec", "replicas"}, "0"},
	{"drainSeconds: 600", "Deployment", []any{"spec", "template", "spec", "terminationGracePeriodSeconds"}, "635"},
	{"drainSeconds: 0", "Deployment", []any{"spec", "template", "spec", "terminationGracePeriodSeconds"}, "35"},
	{"{drainSeconds: 0, pauseSeconds: 0}", "Deployment", []any{"spec", "template", "spec", "terminationGracePeriodSeconds"}, "<nil>"},
	{"pauseSeconds: 20", "Deployment", []any{"spec", "template", "spec", "terminationGracePeriodSeconds"}, "170"},
	{"pauseSeconds: 20", "Deployment", []any{"spec", "template", "spec", "containers", 0, "lifecycle", "preStop", "exec", "command"}, "[sleep 20]"},
	{"pauseSeconds: 0", "Deployment", []any{"spec", "template", "spec", "containers", 0, "lifecycle"}, "<nil>"},
	{"updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 0}}", "Deployment", []any{"spec", "strategy"}, "map[rollingUpdate:map[maxSurge:0] type:RollingUpdate]"},
	{"podAnnotations: {a: b}", "Deployment", []any{"spec", "template", "metadata", "annotations", "a"}, "b"},
	{"podLabels: {a: b}", "Deployment", []any{"spec", "template", "metadata", "labels", "a"}, "b"},
	{"commonLabels: {a: b}", "Service", []any{"metadata", "labels", "a"}, "b"},
	{"commonAnnotations: {a: b}", "ConfigMap-config", []any{"metadata", "annotations", "a"}, "b"},
	{"serviceAccount: {create: false}", "Deployment", []any{"spec", "template", "spec", "serviceAccountName"}, "default"},
	{"serviceAccount: {name: x}", "Deployment", []any{"spec", "template", "spec", "serviceAccountName"}, "x"},
	{"serviceAccount: {name: x}", "ServiceAccountx", []any{"metadata", "name"}, "x"},
	{"serviceAccount: {create: true}", "ServiceAccount", []any{"metadata", "name"}, "docker-registry"},
	{"serviceAccount: {create: false}", "ServiceAccount", []any{"metadata", "name"}, "<nil>"},
	{"serviceAccount: {annotations: {a: b}}", "ServiceAccount", []any{"metadata", "annotations", "a"}, "b"},
	{"image: {repository: x/y}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "image"}, "x/y:3.1.1"},
	{"image: {tag: \"3\"}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "image"}, "registry:3"},
	{"image: {pullPolicy: Always}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "imagePullPolicy"}, "Always"},
	{"image: {digest: \"sha256:" + sha + "\"}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "image"}, "registry:3.1.1@sha256:" + sha},
	{"image: {flavor: gitlab}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "command", 0}, "/bin/registry"},
	{"imagePullSecrets: [{name: x}]", "Deployment", []any{"spec", "template", "spec", "imagePullSecrets"}, "[map[name:x]]"},
	{"deployment: {annotations: {a: b}}", "Deployment", []any{"metadata", "annotations", "a"}, "b"},
	{"tlsSecretName: t", "Service", []any{"spec", "ports", 0, "name"}, "https"},
	{"{tlsSecretName: t, ingress: {enabled: true, hosts: [a]}}", "Ingress", []any{"spec", "rules", 0, "http", "paths", 0, "backend", "service", "port", "number"}, "5000"},
	{"{tlsSecretName: t, service: {name: x}}", "Service", []any{"spec", "ports", 0, "name"}, "x"},
	{"service: {name: x}", "Service", []any{"spec", "ports", 0, "name"}, "x"},
	{"service: {type: NodePort}", "Service", []any{"spec", "type"}, "NodePort"},
	{"service: {type: NodePort, nodePort: 30500}", "Service", []any{"spec", "ports", 0, "nodePort"}, "30500"},
	{"service: {sessionAffinity: ClientIP}", "Service", []any{"spec", "sessionAffinity"}, "ClientIP"},
	{"service: {sessionAffinityConfig: {clientIP: {timeoutSeconds: 1}}}", "Service", []any{"spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"}, "1"},
	{"service: {clusterIP: None}", "Service", []any{"spec", "clusterIP"}, "None"},
	{"service: {port: 80}", "Service", []any{"spec", "ports", 0, "port"}, "80"},
	{"service: {type: LoadBalancer, loadBalancerIP: 10.0.0.1}", "Service", []any{"spec", "loadBalancerIP"}, "10.0.0.1"},
	{"service: {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]}", "Service", []any{"spec", "loadBalancerSourceRanges"}, "[10.0.0.0/8]"},
	{"service: {annotations: {a: b}}", "Service", []any{"metadata", "annotations", "a"}, "b"},
	{"service: {labels: {a: b}}", "Service", []any{"metadata", "labels", "a"}, "b"},
	{"ingress: {enabled: true, className: x, hosts: [a.b]}", "Ingress", []any{"spec", "ingressClassName"}, "x"},
	{"ingress: {enabled: true, path: /x, hosts: [a.b]}", "Ingress", []any{"spec", "rules", 0, "http", "paths", 0, "path"}, "/x"},
	{"ingress: {enabled: true, hosts: [a.b, c.d]}", "Ingress", []any{"spec", "rules", 1, "host"}, "c.d"},
	{"ingress: {enabled: true, hosts: [a.b], annotations: {a: b}}", "Ingress", []any{"metadata", "annotations", "a"}, "b"},
	{"ingress: {enabled: true, hosts: [a.b], labels: {a: b}}", "Ingress", []any{"metadata", "labels", "a"}, "b"},
	{"ingress: {enabled: true, hosts: [a.b]}", "Ingress", []any{"metadata", "name"}, "docker-registry"},
	{"ingress: {enabled: false, hosts: [a.b]}", "Ingress", []any{"metadata", "name"}, "<nil>"},
	{"ingress: {enabled: true, hosts: [a.b], tls: [{secretName: x}]}", "Ingress", []any{"spec", "tls", 0, "secretName"}, "x"},
	{"resources: {limits: {cpu: 1}}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "resources", "limits", "cpu"}, "1"},
	{"persistence: {enabled: true, accessMode: ReadWriteMany}", "PersistentVolumeClaim", []any{"spec", "accessModes"}, "[ReadWriteMany]"},
	{"persistence: {enabled: true, size: 1Gi}", "PersistentVolumeClaim", []any{"spec", "resources", "requests", "storage"}, "1Gi"},
	{"persistence: {enabled: true, storageClass: x}", "PersistentVolumeClaim", []any{"spec", "storageClassName"}, "x"},
	{"persistence: {enabled: true, existingClaim: x}", "Deployment", []any{"spec", "template", "spec", "volumes", 1, "persistentVolumeClaim", "claimName"}, "x"},
	{"persistence: {deleteEnabled: true}", "config", []any{"storage", "delete", "enabled"}, "true"},
	{"persistence: {deleteEnabled: false}", "config", []any{"storage", "delete", "enabled"}, "false"},
	{"persistence: {enabled: true}", "Deployment", []any{"spec", "template", "spec", "volumes", 1, "persistentVolumeClaim", "claimName"}, "docker-registry"},
	{"persistence: {enabled: false, size: 1Gi}", "Deployment", []any{"spec", "template", "spec", "volumes", 1, "emptyDir"}, "map[]"},
	{"storage: filesystem", "config", []any{"storage", "filesystem", "rootdirectory"}, "/var/lib/registry"},
	{"storage: s3", "config", []any{"storage", "filesystem"}, "<nil>"},
	{"tlsSecretName: x", "Deployment", []any{"spec", "template", "spec", "volumes", 2, "secret", "secretName"}, "x"},
	{"tlsSecretName: x", "config", []any{"http", "tls", "key"}, "/etc/registry-tls/tls.key"},
	{"secrets: {haSharedSecret: x}", "Secret-http", []any{"data", "haSharedSecret"}, "eA=="},
	{"secrets: {htpasswd: x}", "Secret-htpasswd", []any{"data", "htpasswd"}, "eA=="},
	{"{storage: s3, secrets: {s3: {accessKey: x, secretKey: z}}}", "Secret-s3", []any{"data", "s3AccessKey"}, "eA=="},
	{"{storage: s3, secrets: {s3: {accessKey: x, secretKey: z}}}", "Secret-s3", []any{"data", "s3SecretKey"}, "eg=="},
	{"{storage: s3, secrets: {s3: {secretRef: x}}}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 0, "valueFrom", "secretKeyRef", "name"}, "x"},
	{"{storage: s3, secrets: {s3: {secretRef: x, accessKeyName: k}}}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 0, "valueFrom", "secretKeyRef", "key"}, "k"},
	{"{storage: s3, secrets: {s3: {secretRef: x, secretKeyName: k}}}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 1, "valueFrom", "secretKeyRef", "key"}, "k"},
	{"{secrets: {htpasswd: x}, auth: {realm: z}}", "config", []any{"auth", "htpasswd", "realm"}, "z"},
	{"{secrets: {htpasswd: x}, auth: {anonymous: true}}", "config", []any{"auth"}, "<nil>"},
	{"{secrets: {htpasswd: x}, auth: {anonymous: false}}", "config", []any{"auth", "htpasswd", "path"}, "/auth/htpasswd"},
	{"auth: {existingSecret: {name: x}}", "Deployment", []any{"spec", "template", "spec", "volumes", 1, "secret", "secretName"}, "x"},
	{"auth: {existingSecret: {name: x, key: k}}", "Deployment", []any{"spec", "template", "spec", "volumes", 1, "secret", "items", 0, "key"}, "k"},
	{"{storage: s3, s3: {region: x}}", "config", []any{"storage", "s3", "region"}, "x"},
	{"{storage: s3, s3: {regionEndpoint: x}}", "config", []any{"storage", "s3", "regionendpoint"}, "https://x"},
	{"{storage: s3, s3: {bucket: x}}", "config", []any{"storage", "s3", "bucket"}, "x"},
	{"{storage: s3, s3: {rootdirectory: x}}", "config", []any{"storage", "s3", "rootdirectory"}, "x"},
	{"{storage: s3, s3: {encrypt: true}}", "config", []any{"storage", "s3", "encrypt"}, "true"},
	{"{storage: s3, s3: {encrypt: false}}", "config", []any{"storage", "s3", "encrypt"}, "false"},
	{"{storage: s3, s3: {secure: false}}", "config", []any{"storage", "s3", "secure"}, "false"},
	{"{storage: s3, s3: {secure: true}}", "config", []any{"storage", "s3", "secure"}, "true"},
	{"{storage: s3, s3: {secure: false, regionEndpoint: x}}", "config", []any{"storage", "s3", "regionendpoint"}, "http://x"},
	{"{storage: s3, s3: {forcepathstyle: true}}", "config", []any{"storage", "s3", "forcepathstyle"}, "true"},
	{"{storage: s3, s3: {forcepathstyle: false}}", "config", []any{"storage", "s3", "forcepathstyle"}, "false"},
	{"{storage: s3, s3: {skipverify: true}}", "config", []any{"storage", "s3", "skipverify"}, "true"},
	{"{storage: s3, s3: {skipverify: false}}", "config", []any{"storage", "s3", "skipverify"}, "false"},
	{"{storage: s3, s3: {redirect: false}}", "config", []any{"storage", "redirect", "disable"}, "true"},
	{"{storage: s3, s3: {redirect: true}}", "config", []any{"storage", "redirect", "disable"}, "false"},
	{"proxy: {enabled: true, remoteurl: https://a.b}", "config", []any{"proxy", "remoteurl"}, "https://a.b"},
	{"proxy: {enabled: false, remoteurl: https://a.b}", "config", []any{"proxy"}, "<nil>"},
	{"metrics: {enabled: true, port: 9000}", "config", []any{"http", "debug", "addr"}, ":9000"},
	{"metrics: {enabled: true, port: 9000}", "Service-metrics", []any{"spec", "ports", 0, "port"}, "9000"},
	{"metrics: {enabled: false, port: 9000}", "config", []any{"http", "debug"}, "<nil>"},
	{"metrics: {enabled: true, serviceMonitor: {enabled: false}}", "ServiceMonitor", []any{"metadata", "name"}, "<nil>"},
	{"metrics: {enabled: true, serviceMonitor: {enabled: true, interval: 9s}}", "ServiceMonitor", []any{"spec", "endpoints", 0, "interval"}, "9s"},
	{"metrics: {enabled: true, prometheusRule: {enabled: false}}", "PrometheusRule", []any{"metadata", "name"}, "<nil>"},
	{"metrics: {enabled: true, serviceMonitor: {enabled: true, labels: {a: b}}}", "ServiceMonitor", []any{"metadata", "labels", "a"}, "b"},
	{"metrics: {enabled: true, prometheusRule: {enabled: true, labels: {a: b}}}", "PrometheusRule", []any{"metadata", "labels", "a"}, "b"},
	{"metrics: {enabled: true, serviceMonitor: {enabled: true, labels: {release: b}}}", "ServiceMonitor", []any{"metadata", "labels", "release"}, "b"},
	{"metrics: {enabled: true, prometheusRule: {enabled: true, labels: {release: b}}}", "PrometheusRule", []any{"metadata", "labels", "release"}, "b"},
	{"metrics: {enabled: true, prometheusRule: {enabled: true, rules: [{alert: x}]}}", "PrometheusRule", []any{"spec", "groups", 0, "rules"}, "[map[alert:x]]"},
	{"configPath: /x/y.yml", "Deployment", []any{"spec", "template", "spec", "containers", 0, "args", 1}, "/x/y.yml"},
	{"configData: {log: {level: debug}}", "config", []any{"log", "level"}, "debug"},
	{"configData: {health: {storagedriver: {enabled: false, threshold: 0}}}", "config", []any{"health", "storagedriver"}, "map[enabled:false interval:5s threshold:0]"},
	{"containerSecurityContext: {readOnlyRootFilesystem: false}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "securityContext", "readOnlyRootFilesystem"}, "false"},
	{"containerSecurityContext: {enabled: true, runAsUser: 0}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "securityContext", "runAsUser"}, "0"},
	{"containerSecurityContext: {enabled: true}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "securityContext", "enabled"}, "<nil>"},
	{"containerSecurityContext: {enabled: false}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "securityContext"}, "<nil>"},
	{"securityContext: {enabled: true, fsGroup: 0}", "Deployment", []any{"spec", "template", "spec", "securityContext", "fsGroup"}, "0"},
	{"securityContext: {enabled: true}", "Deployment", []any{"spec", "template", "spec", "securityContext", "enabled"}, "<nil>"},
	{"securityContext: {enabled: false}", "Deployment", []any{"spec", "template", "spec", "securityContext"}, "<nil>"},
	{"securityContext: {runAsUser: 0}", "Deployment", []any{"spec", "template", "spec", "securityContext", "runAsUser"}, "0"},
	{"priorityClassName: x", "Deployment", []any{"spec", "template", "spec", "priorityClassName"}, "x"},
	{"podDisruptionBudget: {minAvailable: 0}", "PodDisruptionBudget", []any{"spec", "minAvailable"}, "0"},
	{"podDisruptionBudget: {maxUnavailable: 0}", "PodDisruptionBudget", []any{"spec", "maxUnavailable"}, "0"},
	{"gateway: {enabled: true, parentRefs: [{name: g}], hosts: [r.example.com]}", "HTTPRoute", []any{"spec", "parentRefs", 0, "name"}, "g"},
	{"gateway: {enabled: true, parentRefs: [{name: g}], hosts: [r.example.com]}", "HTTPRoute", []any{"spec", "hostnames"}, "[r.example.com]"},
	{"gateway: {enabled: false, parentRefs: [{name: g}], hosts: [r.example.com]}", "HTTPRoute", []any{"spec"}, "<nil>"},
	{"gateway: {enabled: true, parentRefs: [{name: g}], hosts: [r.example.com], pullHosts: [p.example.com]}", "HTTPRoute-pull", []any{"spec", "hostnames"}, "[p.example.com]"},
	{"gateway: {enabled: true, parentRefs: [{name: g}], requestTimeout: 0s}", "HTTPRoute", []any{"spec", "rules", 0, "timeouts", "request"}, "0s"},
	{"{tlsSecretName: t, gateway: {enabled: true, parentRefs: [{name: g}], backendTLS: {enabled: true, systemCAs: true, hostname: r.example.com}}}", "BackendTLSPolicy", []any{"spec", "validation"}, "map[hostname:r.example.com wellKnownCACertificates:System]"},
	{"{tlsSecretName: t, gateway: {enabled: true, parentRefs: [{name: g}], backendTLS: {enabled: true, caConfigMap: ca, hostname: h}}}", "BackendTLSPolicy", []any{"spec", "validation", "caCertificateRefs", 0, "name"}, "ca"},
	{"{tlsSecretName: t, gateway: {enabled: true, parentRefs: [{name: g}], backendTLS: {enabled: true, systemCAs: true, hostname: h}}}", "BackendTLSPolicy", []any{"spec", "targetRefs", 0, "name"}, "docker-registry"},
	{"gateway: {enabled: true, parentRefs: [{name: g}], annotations: {a: b}}", "HTTPRoute", []any{"metadata", "annotations", "a"}, "b"},
	{"networkPolicy: {enabled: true, ingressNamespaces: []}", "NetworkPolicy", []any{"spec", "ingress"}, "[]"},
	{"networkPolicy: {enabled: true, egress: []}", "NetworkPolicy", []any{"spec", "policyTypes"}, "[Egress]"},
	{"networkPolicy: {enabled: false, egress: []}", "NetworkPolicy", []any{"spec"}, "<nil>"},
	{"{storage: azure, secrets: {azure: {accountName: acc, container: con}}}", "config", []any{"storage", "azure", "accountname"}, "acc"},
	{"{storage: azure, secrets: {azure: {accountName: acc, container: con}}}", "config", []any{"storage", "azure", "container"}, "con"},
	{"{storage: azure, secrets: {azure: {accountName: acc, container: con}}}", "config", []any{"storage", "azure", "credentials", "type"}, "default_credentials"},
	{"{storage: azure, secrets: {azure: {accountName: acc, container: con, accountKey: x}}}", "config", []any{"storage", "azure", "credentials", "type"}, "shared_key"},
	{"{storage: azure, secrets: {azure: {accountName: acc, container: con, accountKey: x}}}", "Secret-azure", []any{"data", "azureAccountKey"}, "eA=="},
	{"{storage: azure, secrets: {azure: {accountName: acc, container: con, secretRef: x}}}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 0, "valueFrom", "secretKeyRef", "name"}, "x"},
	{"{storage: azure, secrets: {azure: {accountName: acc, container: con, secretRef: x, accountKeyName: k}}}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 0, "valueFrom", "secretKeyRef", "key"}, "k"},
	{"{storage: azure, azure: {realm: x}, secrets: {azure: {accountName: acc, container: con}}}", "config", []any{"storage", "azure", "realm"}, "x"},
	{"{storage: azure, azure: {rootdirectory: x}, secrets: {azure: {accountName: acc, container: con}}}", "config", []any{"storage", "azure", "rootdirectory"}, "x"},
	{"{storage: azure, azure: {redirect: false}, secrets: {azure: {accountName: acc, container: con}}}", "config", []any{"storage", "redirect", "disable"}, "true"},
	{"{storage: gcs, gcs: {redirect: false}}", "config", []any{"storage", "redirect", "disable"}, "true"},
	{"{storage: azure, azure: {redirect: true}, secrets: {azure: {accountName: acc, container: con}}}", "config", []any{"storage", "redirect", "disable"}, "false"},
	{"{storage: gcs, gcs: {redirect: true}}", "config", []any{"storage", "redirect", "disable"}, "false"},
	{"{storage: gcs, gcs: {bucket: x}}", "config", []any{"storage", "gcs", "bucket"}, "x"},
	{"{storage: gcs, gcs: {rootdirectory: x}}", "config", []any{"storage", "gcs", "rootdirectory"}, "x"},
	{"{storage: gcs, secrets: {gcs: {key: x}}}", "Secret-gcs", []any{"data", "key.json"}, "eA=="},
	{"{storage: gcs, secrets: {gcs: {secretRef: x}}}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 0, "valueFrom", "secretKeyRef", "name"}, "x"},
	{"{storage: gcs, secrets: {gcs: {secretRef: x, keyName: k}}}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 0, "valueFrom", "secretKeyRef", "key"}, "k"},
	{"{image: {flavor: distribution-v2}, storage: swift, swift: {authurl: x}}", "config", []any{"storage", "swift", "authurl"}, "x"},
	{"{image: {flavor: distribution-v2}, storage: swift, swift: {container: x}}", "config", []any{"storage", "swift", "container"}, "x"},
	{"{image: {flavor: distribution-v2}, storage: swift, swift: {region: x}}", "config", []any{"storage", "swift", "region"}, "x"},
	{"{image: {flavor: distribution-v2}, storage: swift, swift: {tenant: x}}", "config", []any{"storage", "swift", "tenant"}, "x"},
	{"{image: {flavor: distribution-v2}, storage: swift, swift: {domain: x}}", "config", []any{"storage", "swift", "domain"}, "x"},
	{"{image: {flavor: distribution-v2}, storage: swift, swift: {prefix: x}}", "config", []any{"storage", "swift", "prefix"}, "x"},
	{"{image: {flavor: distribution-v2}, storage: swift, secrets: {swift: {username: x, password: z}}}", "Secret-swift", []any{"data", "swiftUsername"}, "eA=="},
	{"{image: {flavor: distribution-v2}, storage: swift, secrets: {swift: {username: x, password: z}}}", "Secret-swift", []any{"data", "swiftPassword"}, "eg=="},
	{"{image: {flavor: distribution-v2}, storage: swift, secrets: {swift: {secretRef: x}}}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 0, "valueFrom", "secretKeyRef", "name"}, "x"},
	{"{image: {flavor: distribution-v2}, storage: swift, secrets: {swift: {secretRef: x, usernameName: k}}}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 0, "valueFrom", "secretKeyRef", "key"}, "k"},
	{"{image: {flavor: distribution-v2}, storage: swift, secrets: {swift: {secretRef: x, passwordName: k}}}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 1, "valueFrom", "secretKeyRef", "key"}, "k"},
	{`{proxy: {enabled: true, username: x, password: z}}`, "Secret-proxy", []any{"data", "proxyUsername"}, "eA=="},
	{`{proxy: {enabled: true, username: x, password: z}}`, "Secret-proxy", []any{"data", "proxyPassword"}, "eg=="},
	{`{proxy: {enabled: true, secretRef: x}}`, "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 1, "valueFrom", "secretKeyRef", "name"}, "x"},
	{`{proxy: {enabled: true, secretRef: x}}`, "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 1, "valueFrom", "secretKeyRef", "key"}, "proxyUsername"},
	{`{proxy: {enabled: true, secretRef: x}}`, "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 2, "valueFrom", "secretKeyRef", "key"}, "proxyPassword"},
	{`{proxy: {enabled: true, secretRef: x, usernameName: k}}`, "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 1, "valueFrom", "secretKeyRef", "key"}, "k"},
	{`{proxy: {enabled: true, secretRef: x, passwordName: k}}`, "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 2, "valueFrom", "secretKeyRef", "key"}, "k"},
	{`{proxy: {enabled: true, ttl: 1h}}`, "config", []any{"proxy", "ttl"}, "1h"},
	{`{redis: {enabled: true, addrs: ["a:1", "b:2"]}}`, "config", []any{"redis", "addrs"}, "[a:1 b:2]"},
	{`{redis: {enabled: true, addrs: ["a:1"]}}`, "config", []any{"storage", "cache", "blobdescriptor"}, "redis"},
	{`{redis: {enabled: false, addrs: ["a:1"]}}`, "config", []any{"storage", "cache", "blobdescriptor"}, "inmemory"},
	{`{redis: {enabled: true, addrs: ["a:1"], db: 3}}`, "config", []any{"redis", "db"}, "3"},
	{`{redis: {enabled: true, addrs: ["a:1"], username: x}}`, "config", []any{"redis", "username"}, "x"},
	{`{image: {flavor: distribution-v2}, redis: {enabled: true, addrs: ["a:1"]}}`, "config", []any{"redis", "addr"}, "a:1"},
	{`{notifications: {endpoints: [{name: a, url: "https://a"}]}}`, "config", []any{"notifications", "endpoints", 0, "name"}, "a"},
	{`{notifications: {includeReferences: true, endpoints: [{name: a, url: "https://a"}]}}`, "config", []any{"notifications", "events", "includereferences"}, "true"},
	{`{secrets: {config: {REGISTRY_REDIS_PASSWORD: x}}}`, "Secret-config-secrets", []any{"data", "REGISTRY_REDIS_PASSWORD"}, "eA=="},
	{`{secrets: {config: {REGISTRY_REDIS_PASSWORD: x}}}`, "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 1, "valueFrom", "secretKeyRef", "key"}, "REGISTRY_REDIS_PASSWORD"},
	{"{storage: s3, autoscaling: {enabled: true}}", "Deployment", []any{"spec", "replicas"}, "<nil>"},
	{"{storage: s3, autoscaling: {enabled: false, minReplicas: 3}}", "HorizontalPodAutoscaler", []any{"spec"}, "<nil>"},
	{"{storage: s3, autoscaling: {enabled: true, targetMemoryUtilizationPercentage: 0}}", "HorizontalPodAutoscaler", []any{"spec", "metrics", 1}, "<nil>"},
	{"readOnly: true", "config", []any{"storage", "maintenance", "readonly", "enabled"}, "true"},
	{"readOnly: false", "config", []any{"storage", "maintenance"}, "<nil>"},
	{"{storage: s3, autoscaling: {enabled: true, minReplicas: 3, maxReplicas: 3}}", "HorizontalPodAutoscaler", []any{"spec", "minReplicas"}, "3"},
	{"{storage: s3, autoscaling: {enabled: true, maxReplicas: 9}}", "HorizontalPodAutoscaler", []any{"spec", "maxReplicas"}, "9"},
	{"{storage: s3, autoscaling: {enabled: true, targetCPUUtilizationPercentage: 9}}", "HorizontalPodAutoscaler", []any{"spec", "metrics", 0, "resource", "target", "averageUtilization"}, "9"},
	{"{storage: s3, autoscaling: {enabled: true, targetMemoryUtilizationPercentage: 9}}", "HorizontalPodAutoscaler", []any{"spec", "metrics", 1, "resource", "target", "averageUtilization"}, "9"},
	{"{storage: s3, autoscaling: {enabled: true, targetCPUUtilizationPercentage: 0}}", "HorizontalPodAutoscaler", []any{"spec", "metrics", 0, "resource", "name"}, "memory"},
	{"{storage: s3, autoscaling: {enabled: true, behavior: {scaleUp: {a: 0}}}}", "HorizontalPodAutoscaler", []any{"spec", "behavior", "scaleUp", "a"}, "0"},
	{"nodeSelector: {a: b}", "Deployment", []any{"spec", "template", "spec", "nodeSelector", "a"}, "b"},
	{"affinity: {a: b}", "Deployment", []any{"spec", "template", "spec", "affinity", "a"}, "b"},
	{"tolerations: [{key: a}]", "Deployment", []any{"spec", "template", "spec", "tolerations", 0, "key"}, "a"},
	{"tolerations: [{tolerationSeconds: 0}]", "Deployment", []any{"spec", "template", "spec", "tolerations", 0, "tolerationSeconds"}, "0"},
	{"topologySpreadConstraints: [{topologyKey: a}]", "Deployment", []any{"spec", "template", "spec", "topologySpreadConstraints", 0, "topologyKey"}, "a"},
	{"{storage: s3, replicaCount: 2, topologySpreadConstraints: []}", "Deployment", []any{"spec", "template", "spec", "topologySpreadConstraints"}, "<nil>"},
	{"{extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a}]}", "Deployment", []any{"spec", "template", "spec", "containers", 0, "volumeMounts", 3, "name"}, "a"},
	{"extraVolumes: [{name: a}]", "Deployment", []any{"spec", "template", "spec", "volumes", 3, "name"}, "a"},
	{"extraEnvVars: [{name: a}]", "Deployment", []any{"spec", "template", "spec", "containers", 0, "env", 1, "name"}, "a"},
	{"initContainers: [{name: a}]", "Deployment", []any{"spec", "template", "spec", "initContainers", 0, "name"}, "a"},
	{collectingS3("schedule: 1 1 * * *"), "CronJob-gc", []any{"spec", "schedule"}, "1 1 * * *"},
	{"{storage: s3, garbageCollect: {enabled: true}}", "CronJob-gc", []any{"spec", "suspend"}, "true"},
	{"{storage: s3, readOnly: true, garbageCollect: {enabled: true}}", "CronJob-gc", []any{"spec", "suspend"}, "false"},
	{"{storage: s3, readOnly: true, garbageCollect: {enabled: true}, configData: {storage: {maintenance: {readonly: {enabled: false}}}}}", "CronJob-gc", []any{"spec", "suspend"}, "true"},
	{"garbageCollect: {enabled: false, schedule: 1 1 * * *}", "CronJob-gc", []any{"spec"}, "<nil>"},
	{collectingS3("deleteUntagged: true"), "CronJob-gc", []any{"spec", "jobTemplate", "spec", "template", "spec", "containers", 0, "command", 2}, "--delete-untagged"},
	{collectingS3("deleteUntagged: false"), "CronJob-gc", []any{"spec", "jobTemplate", "spec", "template", "spec", "containers", 0, "command", 2}, "/etc/distribution/config.yml"},
	{collectingS3("podAnnotations: {a: b}"), "CronJob-gc", []any{"spec", "jobTemplate", "spec", "template", "metadata", "annotations", "a"}, "b"},
	{collectingS3("podLabels: {a: b}"), "CronJob-gc", []any{"spec", "jobTemplate", "spec", "template", "metadata", "labels", "a"}, "b"},
	{collectingS3("resources: {limits: {cpu: 1}}"), "CronJob-gc", []any{"spec", "jobTemplate", "spec", "template", "spec", "containers", 0, "resources", "limits", "cpu"}, "1"},
	{"nameOverride: x", "Deployment", []any{"spec", "selector", "matchLabels", "app"}, "x"},
	{"fullnameOverride: docker-registry-x", "Deployment-x", []any{"metadata", "name"}, "docker-registry-x"},
	{"namespace: x", "Deployment", []any{"metadata", "namespace"}, "x"},
}

func collectingS3(setting string) string {
	return "{storage: s3, readOnly: true, garbageCollect: {enabled: true, " + setting + "}}"
}

func TestEveryKeyOfTheContract(t *testing.T) {
	for _, c := range contract {
		objs := objects(t, c.values)
		var from any = objs[c.object]
		if c.object == "config" {
			from = config(t, objs)
		}
		if got := fmt.Sprint(at(from, c.path...)); got != c.want {
			t.Errorf("%s: %s %v is %s, want %s", c.values, c.object, c.path, got, c.want)
		}
	}
}

// The table above misses no key that the chart has a default for, apart from
// those that are the chart's own and those that it refuses.
func TestTheContractIsWhole(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range contract {
		var v map[string]any
		if err := yaml.Unmarshal([]byte(c.values), &v); err != nil {
			t.Fatal(err)
		}
		leaves(v, "", func(path string) { tested[path] = true })
	}
	elsewhere := []string{
		"securityContext.", "containerSecurityContext.", // taken over as a whole
	}
	leaves(mustDefault(t).Values(), "", func(path string) {
		for _, e := range elsewhere {
			if strings.HasPrefix(path, e) {
				return
			}
		}
		for p := range tested {
			if p == path || strings.HasPrefix(p, path+".") || strings.HasPrefix(path, p+".") {
				return
			}
		}
		t.Errorf("nothing tests %s", path)
	})
}

func leaves(v map[string]any, at string, f func(path string)) {
	for k, e := range v {
		if m, ok := e.(map[string]any); ok && len(m) > 0 {
			leaves(m, at+k+".", f)
			continue
		}
		f(at + k)
	}
}
