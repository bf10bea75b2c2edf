package refuse

import (
	"maps"
	"slices"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

// drivers are the storage drivers of the registry's configuration.
var drivers = []string{"s3", "filesystem", "azure", "gcs", "swift", "oss", "inmemory", "s3_v2"}

// configConflicts reports entries of spec.config that say something else than
// the spec, or that the chart's other objects rely on.
func configConflicts(l *problem.List, r *spec.Registry, at string, config map[string]any) {
	refuse := func(path, what, want string) {
		l.Add(problem.Problem{Path: at + "." + path, What: what, Want: want})
	}
	if _, ok := config["auth"]; ok {
		refuse("auth", "the spec says who gets in", "spec.auth")
	}
	for _, k := range slices.Sorted(maps.Keys(config)) {
		if config[k] == nil {
			refuse(k, "is null, which changes nothing", "settings, or leave it out")
		}
	}
	if proxy, ok := config["proxy"].(map[string]any); ok && proxy["remoteurl"] != nil {
		refuse("proxy.remoteurl", "the spec says it", "spec.proxy.remoteURL")
	}
	redisConflicts(refuse, r, config)
	if _, ok := config["notifications"]; ok && r.Spec.Notifications != nil {
		refuse("notifications", "the spec says it", "spec.notifications")
	}
	if proxy, _ := config["proxy"].(map[string]any); r.Spec.Proxy != nil && r.Spec.Proxy.TTL != "" && proxy["ttl"] != nil {
		refuse("proxy.ttl", "the spec says it", "spec.proxy.ttl")
	}
	if storage, ok := config["storage"].(map[string]any); ok {
		mine, _ := r.Spec.Storage.Keys()
		for _, d := range drivers {
			entry, there := storage[d]
			if there && d != mine {
				refuse("storage."+d, "the spec stores elsewhere", "spec.storage")
				continue
			}
			settings, _ := entry.(map[string]any)
			for _, k := range slices.Sorted(maps.Keys(settings)) {
				if slices.Contains([]string{"region", "bucket", "regionendpoint", "rootdirectory", "encrypt", "secure", "forcepathstyle", "pathstyle", "accountname", "container", "realm", "credentials", "keyfile", "authurl", "tenant", "domain", "prefix"}, k) {
					refuse("storage."+d+"."+k, "the spec says it", "spec.storage."+d)
				}
			}
		}
		if maintenance, ok := storage["maintenance"].(map[string]any); ok && maintenance["readonly"] != nil {
			refuse("storage.maintenance.readonly", "the spec says it", "spec.readOnly")
		}
		if redirect, ok := storage["redirect"].(map[string]any); ok && slices.Contains([]string{"s3", "azure", "gcs"}, mine) && redirect["disable"] != nil {
			refuse("storage.redirect.disable", "the spec says it", "spec.storage."+mine+".redirect")
		}
	}
	httpConflicts(refuse, r, config)
}

// redisConflicts does so for the cache. Redis without a cache in it is one that
// nobody asks.
func redisConflicts(refuse func(path, what, want string), r *spec.Registry, config map[string]any) {
	redis, _ := config["redis"].(map[string]any)
	storage, _ := config["storage"].(map[string]any)
	cache, _ := storage["cache"].(map[string]any)
	if r.Spec.Redis == nil {
		if len(redis) > 0 && cache["blobdescriptor"] != "redis" && cache["layerinfo"] != "redis" {
			refuse("redis", "has no effect: nothing is kept there", "spec.redis")
		}
		return
	}
	for _, k := range []string{"addr", "addrs", "db", "username"} {
		if redis[k] != nil {
			refuse("redis."+k, "the spec says it", "spec.redis")
		}
	}
	if cache["blobdescriptor"] != nil {
		refuse("storage.cache.blobdescriptor", "the spec says it", "spec.redis")
	}
}

// httpConflicts does so for what the Service, the Ingress and the probes rely on.
func httpConflicts(refuse func(path, what, want string), r *spec.Registry, config map[string]any) {
	http, _ := config["http"].(map[string]any)
	if addr, ok := http["addr"]; ok && addr != ":5000" {
		refuse("http.addr", "the Service and the probes rely on :5000", "no other address")
	}
	if _, ok := http["debug"]; ok && r.Spec.Metrics != nil {
		refuse("http.debug", "the spec says it", "spec.metrics")
	}
	if v, ok := http["host"]; ok && v != "https://"+r.Spec.Host {
		refuse("http.host", "the spec says it", "spec.host")
	}
	tls, _ := http["tls"].(map[string]any)
	for _, k := range []string{"certificate", "key", "letsencrypt"} {
		if tls[k] != nil {
			refuse("http.tls."+k, "the probes, the Service and what stands before it have to know", "spec.tls")
		}
	}
	if polite := []any{"request-client-cert", "verify-client-cert-if-given"}; tls["clientcas"] != nil && !slices.Contains(polite, tls["clientauth"]) {
		refuse("http.tls.clientcas", "the kubelet's probes have no certificate to show", "clientauth: verify-client-cert-if-given beside it")
	}
}
