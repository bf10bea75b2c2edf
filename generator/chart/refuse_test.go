package chart

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestWhatTheChartCannotDoIsRefused(t *testing.T) {
	for values, want := range map[string]string{
		"redis: {enabled: true}":                               "redis.addrs: where Redis listens is missing",
		"{image: {flavor: distribution-v2}, proxy: {ttl: 1h}}": "proxy.ttl: only version 3 of the registry knows it",
		"{storage: swift}":                                     "storage: only version 2 of the registry knows swift",
		"{storage: azure}":                                     "secrets.azure: accountName and container say where images are kept",
		"{image: {flavor: distribution-v2}, storage: azure, azure: {rootdirectory: x}, secrets: {azure: {accountName: a, container: c}}}": "azure.rootdirectory: only version 3 of the registry knows it",
		"proxy: {enabled: true, remoteurl: \"\"}":                                                "proxy.remoteurl: the registry to cache is missing",
		"{readOnly: true, storage: s3, proxy: {enabled: true}, garbageCollect: {enabled: true}}": "garbageCollect.enabled: a cache stores what it pulls even while it is read-only",
		"metrics: {enabled: true, port: 5000}":                                                   "metrics.port: the registry itself listens on 5000",
		"service: {nodePort: 30500}":                                                             "service.nodePort: a Service of type ClusterIP has no port on nodes",
		"networkPolicy: {enabled: true}":                                                         "networkPolicy.enabled: neither ingressNamespaces nor egress says anything",
		"gateway: {enabled: true, parentRefs: [{name: g}], backendTLS: {enabled: true}}":         "gateway.backendTLS: the registry has no certificate; tlsSecretName names one",
		"{tlsSecretName: t, gateway: {enabled: true, parentRefs: [{name: g}], backendTLS: {enabled: true, systemCAs: true}}}": "gateway.backendTLS.hostname: a name that the certificate holds is missing",
		"{tlsSecretName: t, gateway: {enabled: true, parentRefs: [{name: g}], backendTLS: {enabled: true, hostname: h}}}":     "gateway.backendTLS: caConfigMap or systemCAs says who signed the certificate",
		"autoscaling: {enabled: true}": "autoscaling.enabled: the volume belongs to one pod; use s3, or accessMode ReadWriteMany",
		"autoscaling: {enabled: true, targetCPUUtilizationPercentage: 0, targetMemoryUtilizationPercentage: 0}": "autoscaling: without a target there is nothing to scale by",
		"{readOnly: true, garbageCollect: {enabled: true}}":                                                     "garbageCollect.enabled: it runs in a pod of its own, which can't have the registry's volume",
		"{readOnly: true, proxy: {enabled: true}}":                                                              "readOnly: a cache takes no pushes anyway but has to store what it pulls",
		"{storage: s3, autoscaling: {enabled: true, minReplicas: 3}}":                                           "autoscaling.maxReplicas: is less than minReplicas",
		"podDisruptionBudget: {minAvailable: 1, maxUnavailable: 0}":                                             "podDisruptionBudget: one of minAvailable and maxUnavailable",
		"service: {loadBalancerSourceRanges: [192.0.2.0/24]}":                                                   "service.loadBalancerSourceRanges: only a Service of type LoadBalancer has them",
		"service: {clusterIP: None, type: LoadBalancer}":                                                        "service.clusterIP: None is for a Service of type ClusterIP",
		"ingress: {enabled: true}":                                                                              "ingress.hosts: none is named",
		"gateway: {enabled: true}":                                                                              "gateway.parentRefs: no Gateway is named",
		"configPath: /config.yml":                                                                               "configPath: a file in a folder of its own",
		"configPath: /tmp/config.yml":                                                                           "configPath: a file in a folder of its own",
		"configPath: config.yml":                                                                                "configPath: a file in a folder of its own",
		"extraVolumes: [{name: tmp, emptyDir: {}}]":                                                             "extraVolumes: config, auth, data, tls and tmp are the chart's own",
		"extraVolumes: [{name: a, emptyDir: {}}, {name: a, emptyDir: {}}]":                                      "extraVolumes: config, auth, data, tls and tmp are the chart's own",
		"{extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /tmp/}]}":                         "extraVolumeMounts: the chart mounts something there already",
		"{extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a}, {name: a, mountPath: /a}]}":  "extraVolumeMounts: the chart mounts something there already",
		"extraVolumeMounts: [{name: b, mountPath: /b}]":                                                         "extraVolumeMounts: names a volume that isn't there",
	} {
		var v map[string]any
		if err := yaml.Unmarshal([]byte(values), &v); err != nil {
			t.Fatal(err)
		}
		_, err := mustDefault(t).Plain(release, v)
		if err == nil || !strings.HasPrefix(err.Error(), "chart docker-registry, templates/_names.tpl:") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", values, err)
		}
	}
}
