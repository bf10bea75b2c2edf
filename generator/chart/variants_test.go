package chart

import (
	"fmt"
	"strings"
	"testing"
)

// Every value changes what is rendered.
func TestVariants(t *testing.T) {
	for name, c := range map[string]struct {
		values string
		check  func(map[string]map[string]any) any
		want   any
	}{
		"volume": {"persistence: {enabled: true, size: 3Gi, storageClass: fast}", func(o map[string]map[string]any) any {
			return at(o["PersistentVolumeClaim"], "spec", "resources", "requests", "storage")
		}, "3Gi"},
		"one node's volume is not shared by two pods": {"persistence: {enabled: true}", func(o map[string]map[string]any) any {
			return fmt.Sprint(at(o["Deployment"], "spec", "strategy", "rollingUpdate"))
		}, "map[maxSurge:0 maxUnavailable:1]"},
		"shared volume rolls": {"persistence: {enabled: true, accessMode: ReadWriteMany}", func(o map[string]map[string]any) any {
			return fmt.Sprint(at(o["Deployment"], "spec", "strategy", "rollingUpdate"))
		}, "map[maxSurge:1 maxUnavailable:0]"},
		"existing claim": {"persistence: {enabled: true, existingClaim: mine}", func(o map[string]map[string]any) any {
			return fmt.Sprint(o["PersistentVolumeClaim"] == nil, at(o["Deployment"], "spec", "template", "spec", "volumes", 1, "persistentVolumeClaim", "claimName"))
		}, "truemine"},
		"no class": {"persistence: {enabled: true, storageClass: \"-\"}", func(o map[string]map[string]any) any {
			return at(o["PersistentVolumeClaim"], "spec", "storageClassName")
		}, ""},
		"emptyDir":  {"{}", func(o map[string]map[string]any) any { return o["PersistentVolumeClaim"] == nil }, true},
		"anonymous": {"{secrets: {htpasswd: x}, auth: {anonymous: true}}", func(o map[string]map[string]any) any { return fmt.Sprint(o["Secret-htpasswd"]) }, "map[]"},
		"foreign htpasswd": {"auth: {existingSecret: {name: theirs, key: users}}", func(o map[string]map[string]any) any {
			v := at(o["Deployment"], "spec", "template", "spec", "volumes", 1, "secret")
			return fmt.Sprint(at(v, "secretName"), at(v, "items", 0, "key"), at(v, "items", 0, "path"))
		}, "theirsusershtpasswd"},
		"foreign s3 keys": {"{storage: s3, secrets: {s3: {secretRef: theirs, accessKeyName: id, secretKeyName: key}}}", func(o map[string]map[string]any) any {
			e := at(o["Deployment"], "spec", "template", "spec", "containers", 0, "env")
			return fmt.Sprint(o["Secret-s3"], at(e, 0, "valueFrom", "secretKeyRef", "name"), at(e, 0, "valueFrom", "secretKeyRef", "key"), at(e, 1, "valueFrom", "secretKeyRef", "key"))
		}, "map[]theirsidkey"},
		"no s3 keys": {"storage: s3", func(o map[string]map[string]any) any {
			return at(o["Deployment"], "spec", "template", "spec", "containers", 0, "env", 0, "name")
		}, "OTEL_TRACES_EXPORTER"},
		"digest": {"image: {repository: r, tag: \"\", digest: \"sha256:" + strings.Repeat("a", 64) + "\"}", func(o map[string]map[string]any) any {
			return at(o["Deployment"], "spec", "template", "spec", "containers", 0, "image")
		}, "r@sha256:" + strings.Repeat("a", 64)},
		"own account": {"serviceAccount: {create: false, name: theirs}", func(o map[string]map[string]any) any {
			return fmt.Sprint(o["ServiceAccount"], at(o["Deployment"], "spec", "template", "spec", "serviceAccountName"))
		}, "map[]theirs"},
		"TLS of its own": {"tlsSecretName: t", func(o map[string]map[string]any) any {
			return at(o["Deployment"], "spec", "template", "spec", "containers", 0, "readinessProbe", "httpGet", "scheme")
		}, "HTTPS"},
		"spread over zones": {"topologySpreadConstraints: [{topologyKey: zone, maxSkew: 2}, {topologyKey: x, labelSelector: {}}]", func(o map[string]map[string]any) any {
			return fmt.Sprint(at(o["Deployment"], "spec", "template", "spec", "topologySpreadConstraints"))
		}, "[map[labelSelector:map[matchLabels:map[app:docker-registry release:docker-registry]] maxSkew:2 topologyKey:zone] map[labelSelector:map[] topologyKey:x]]"},
		"spread nothing": {"{replicaCount: 2, topologySpreadConstraints: []}", func(o map[string]map[string]any) any {
			return at(o["Deployment"], "spec", "template", "spec", "topologySpreadConstraints")
		}, nil},
		"nodes": {"{nodeSelector: {a: \"1\"}, tolerations: [{key: k, tolerationSeconds: 0}], priorityClassName: high, affinity: {nodeAffinity: {a: [b]}}}", func(o map[string]map[string]any) any {
			pod := at(o["Deployment"], "spec", "template", "spec")
			return fmt.Sprint(at(pod, "nodeSelector"), at(pod, "tolerations"), at(pod, "priorityClassName"), at(pod, "affinity"))
		}, "map[a:1] [map[key:k tolerationSeconds:0]]highmap[nodeAffinity:map[a:[b]]]"},
		"a load balancer": {"service: {type: LoadBalancer, nodePort: 30500, loadBalancerIP: 10.0.0.1, loadBalancerSourceRanges: [10.0.0.0/8], annotations: {a: b}, clusterIP: 10.1.1.1, sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 1}}}", func(o map[string]map[string]any) any {
			s := at(o["Service"], "spec")
			return fmt.Sprint(at(s, "type"), at(s, "ports", 0, "nodePort"), at(s, "loadBalancerIP"), at(s, "loadBalancerSourceRanges"), at(s, "clusterIP"),
				at(s, "sessionAffinity"), at(s, "sessionAffinityConfig"), at(o["Service"], "metadata", "annotations"))
		}, "LoadBalancer3050010.0.0.1[10.0.0.0/8]10.1.1.1ClientIPmap[clientIP:map[timeoutSeconds:1]] map[a:b]"},
		"a role": {"serviceAccount: {name: mine, annotations: {eks.amazonaws.com/role-arn: arn}}", func(o map[string]map[string]any) any {
			return fmt.Sprint(at(o["Deployment"], "spec", "template", "spec", "serviceAccountName"), at(o["ServiceAccountmine"], "metadata", "annotations"))
		}, "minemap[eks.amazonaws.com/role-arn:arn]"},
		"extras": {"{extraEnvVars: [{name: A, value: \"\"}], extraVolumes: [{name: v, emptyDir: {}}], extraVolumeMounts: [{name: v, mountPath: /v, readOnly: false}], initContainers: [{name: i, image: b}]}", func(o map[string]map[string]any) any {
			pod := at(o["Deployment"], "spec", "template", "spec")
			return fmt.Sprint(at(pod, "containers", 0, "env", 1), at(pod, "volumes", 3), at(pod, "containers", 0, "volumeMounts", 3), at(pod, "initContainers"))
		}, "map[name:A value:] map[emptyDir:map[] name:v] map[mountPath:/v name:v readOnly:false] [map[image:b name:i]]"},
		"disruption budget": {"podDisruptionBudget: {maxUnavailable: 0}", func(o map[string]map[string]any) any {
			return fmt.Sprint(at(o["PodDisruptionBudget"], "apiVersion"), at(o["PodDisruptionBudget"], "metadata", "namespace"), at(o["PodDisruptionBudget"], "spec"))
		}, "policy/v1registrymap[maxUnavailable:0 selector:map[matchLabels:map[app:docker-registry release:docker-registry]]]"},
		"autoscaling": {"{storage: s3, autoscaling: {enabled: true, minReplicas: 2, maxReplicas: 4, targetMemoryUtilizationPercentage: 0, behavior: {scaleDown: {stabilizationWindowSeconds: 0}}}}", func(o map[string]map[string]any) any {
			h, d := o["HorizontalPodAutoscaler"], at(o["Deployment"], "spec").(map[string]any)
			_, beside := d["replicas"]
			return fmt.Sprint(at(h, "apiVersion"), at(h, "metadata", "namespace"), beside, at(d, "template", "spec", "topologySpreadConstraints") != nil, at(h, "spec"))
		}, "autoscaling/v2registryfalse true map[behavior:map[scaleDown:map[stabilizationWindowSeconds:0]] maxReplicas:4 metrics:[map[resource:map[name:cpu target:map[averageUtilization:60 type:Utilization]] type:Resource]] minReplicas:2 scaleTargetRef:map[apiVersion:apps/v1 kind:Deployment name:docker-registry]]"},
		"network policy": {"networkPolicy: {enabled: true, ingressNamespaces: [{team: \"1\"}, {a: b}], egress: [{ports: [{port: 53}]}]}", func(o map[string]map[string]any) any {
			return fmt.Sprint(at(o["NetworkPolicy"], "spec"))
		}, "map[egress:[map[ports:[map[port:53]]]] ingress:[map[from:[map[namespaceSelector:map[matchLabels:map[team:1]]] map[namespaceSelector:map[matchLabels:map[a:b]]]] ports:[map[port:http protocol:TCP]]]] podSelector:map[matchLabels:map[app:docker-registry release:docker-registry]] policyTypes:[Ingress Egress]]"},
		"network policy that closes": {"networkPolicy: {enabled: true, egress: []}", func(o map[string]map[string]any) any {
			s := at(o["NetworkPolicy"], "spec")
			return fmt.Sprint(at(s, "policyTypes"), at(s, "egress"), at(s, "ingress"))
		}, "[Egress] [] <nil>"},
		"network policy that closes all": {"networkPolicy: {enabled: true, ingressNamespaces: []}", func(o map[string]map[string]any) any {
			s := at(o["NetworkPolicy"], "spec")
			return fmt.Sprint(at(s, "policyTypes"), at(s, "egress"), at(s, "ingress"))
		}, "[Ingress] <nil> []"},
		"metrics": {"{metrics: {enabled: true, port: 5002, serviceMonitor: {enabled: true, labels: {a: b, app: x}, interval: 1m}}, service: {type: LoadBalancer}, networkPolicy: {enabled: true, ingressNamespaces: [{a: b}]}}", func(o map[string]map[string]any) any {
			s, m := o["Service-metrics"], o["ServiceMonitor"]
			return fmt.Sprint(at(s, "spec", "type"), at(s, "spec", "ports", 0, "port"), at(o["Service"], "spec", "ports", 1),
				at(o["Deployment"], "spec", "template", "spec", "containers", 0, "ports", 1), at(m, "metadata", "labels", "a"), at(m, "metadata", "labels", "app"),
				at(m, "spec", "endpoints"), at(m, "spec", "namespaceSelector"), at(o["NetworkPolicy"], "spec", "ingress", 0, "ports", 1, "port"), len(o["PrometheusRule"]))
		}, "ClusterIP5002 <nil> map[containerPort:5002 name:http-metrics protocol:TCP]bx[map[interval:1m path:/metrics port:http-metrics]] map[matchNames:[registry]]http-metrics0"},
		"metrics in the configuration": {"metrics: {enabled: true}", func(o map[string]map[string]any) any {
			return fmt.Sprint(at(config(t, o), "http", "debug"), len(o["ServiceMonitor"]), len(o["PrometheusRule"]))
		}, "map[addr::5001 prometheus:map[enabled:true path:/metrics]] 0 0"},
		"alerts": {"metrics: {enabled: true, prometheusRule: {enabled: true, labels: {a: b}}}", func(o map[string]map[string]any) any {
			r := at(o["PrometheusRule"], "spec", "groups", 0, "rules")
			return fmt.Sprint(len(r.([]any)), at(r, 0, "expr"), at(o["PrometheusRule"], "metadata", "labels", "a"))
		}, `3absent(up{namespace="registry",service="docker-registry-metrics"} == 1)b`},
		"other alerts": {"metrics: {enabled: true, prometheusRule: {enabled: true, rules: [{alert: X, expr: up}]}}", func(o map[string]map[string]any) any {
			return fmt.Sprint(at(o["PrometheusRule"], "spec", "groups", 0, "rules"))
		}, "[map[alert:X expr:up]]"},
		"read-only": {"readOnly: true", func(o map[string]map[string]any) any {
			return at(config(t, o), "storage", "maintenance", "readonly", "enabled")
		}, true},
		"garbage collection": {"{storage: s3, secrets: {s3: {accessKey: a, secretKey: b}}, readOnly: true, garbageCollect: {enabled: true, deleteUntagged: false, schedule: 0 3 * * 0, podLabels: {a: b}, podAnnotations: {c: d}, resources: {limits: {cpu: 1}}}, resources: {limits: {cpu: 2}}, extraEnvVars: [{name: A, value: b}]}", func(o map[string]map[string]any) any {
			s := at(o["CronJob-gc"], "spec")
			pod := at(s, "jobTemplate", "spec", "template")
			c := at(pod, "spec", "containers", 0)
			return fmt.Sprint(at(s, "schedule"), at(s, "concurrencyPolicy"), at(pod, "metadata", "labels", "app"), at(pod, "metadata", "labels", "a"), at(pod, "metadata", "annotations", "c"),
				at(c, "command"), at(c, "env", 0, "name"), at(c, "env", 3, "name"), at(c, "resources"), at(pod, "spec", "securityContext", "runAsNonRoot"), at(c, "securityContext", "allowPrivilegeEscalation"), at(pod, "spec", "affinity"))
		}, "0 3 * * 0Forbiddocker-registry-gcbd[registry garbage-collect /etc/distribution/config.yml]AWS_ACCESS_KEY_IDAmap[limits:map[cpu:1]] true false <nil>"},
		"garbage collection on one node's volume": {"{readOnly: true, garbageCollect: {enabled: true}, persistence: {enabled: true}, image: {flavor: gitlab}, resources: {limits: {cpu: 2}}}", func(o map[string]map[string]any) any {
			pod := at(o["CronJob-gc"], "spec", "jobTemplate", "spec", "template", "spec")
			return fmt.Sprint(at(pod, "containers", 0, "command"), at(pod, "containers", 0, "resources"), at(pod, "volumes", 1), at(pod, "affinity", "podAffinity", "requiredDuringSchedulingIgnoredDuringExecution", 0, "labelSelector"))
		}, "[/bin/registry garbage-collect --delete-untagged /etc/docker/registry/config.yml] map[limits:map[cpu:2]] map[name:data persistentVolumeClaim:map[claimName:docker-registry]] map[matchLabels:map[app:docker-registry release:docker-registry]]"},
		"a cache": {"{proxy: {enabled: true, remoteurl: \"https://a.b\"}, configData: {proxy: {ttl: 0}}}", func(o map[string]map[string]any) any {
			return fmt.Sprint(at(config(t, o), "proxy"))
		}, "map[remoteurl:https://a.b ttl:0]"},
		"traces, when they are wanted": {"extraEnvVars: [{name: OTEL_TRACES_EXPORTER, value: otlp}]", func(o map[string]map[string]any) any {
			return fmt.Sprint(at(o["Deployment"], "spec", "template", "spec", "containers", 0, "env"))
		}, "[map[name:OTEL_TRACES_EXPORTER value:otlp]]"},
		"common labels": {"commonLabels: {team: \"0755\"}", func(o map[string]map[string]any) any {
			return at(o["Deployment"], "spec", "template", "metadata", "labels", "team")
		}, "0755"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.check(objects(t, c.values)); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// What a user adds never takes the place of what pods are selected by.
func TestLabelsThatCollide(t *testing.T) {
	d := objects(t, "commonLabels: {app: x, team: a}\npodLabels: {release: other, app.kubernetes.io/name: z, tier: b}\npodAnnotations: {checksum/config: q, note: text}\n")["Deployment"]
	labels := fmt.Sprint(at(d, "spec", "template", "metadata", "labels"))
	want := "map[app:docker-registry app.kubernetes.io/component:registry app.kubernetes.io/instance:docker-registry app.kubernetes.io/name:docker-registry release:docker-registry team:a tier:b]"
	if labels != want {
		t.Errorf("pods have %s", labels)
	}
	annotations := at(d, "spec", "template", "metadata", "annotations")
	if at(annotations, "note") != "text" || at(annotations, "checksum/config") == "q" {
		t.Errorf("pods have %v", annotations)
	}
}

// The pods that collect garbage are none of the registry's: the Service, the
// disruption budget and the network policy select others.
func TestNothingElseIsSelected(t *testing.T) {
	objs := objects(t, s3Values+collecting+"podDisruptionBudget: {maxUnavailable: 1}\nmetrics: {enabled: true, serviceMonitor: {enabled: true}}\nnetworkPolicy: {enabled: true, egress: []}\n")
	labels := at(objs["CronJob-gc"], "spec", "jobTemplate", "spec", "template", "metadata", "labels").(map[string]any)
	registry := at(objs["Deployment"], "spec", "template", "metadata", "labels").(map[string]any)
	for name, selector := range map[string]any{
		"the Deployment":        at(objs["Deployment"], "spec", "selector", "matchLabels"),
		"the Service":           at(objs["Service"], "spec", "selector"),
		"the metrics Service":   at(objs["Service-metrics"], "spec", "selector"),
		"the disruption budget": at(objs["PodDisruptionBudget"], "spec", "selector", "matchLabels"),
		"the network policy":    at(objs["NetworkPolicy"], "spec", "podSelector", "matchLabels"),
	} {
		pods, jobs := true, true
		for k, v := range selector.(map[string]any) {
			pods, jobs = pods && registry[k] == v, jobs && labels[k] == v
		}
		if !pods || jobs {
			t.Errorf("%s selects the registry's pods: %v, those that collect garbage: %v", name, pods, jobs)
		}
	}
}
