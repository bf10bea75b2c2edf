// Package values turns a spec into the values of the chart: the one place that
// knows both languages.
package values

import (
	"cmp"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/refuse"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/storage"
)

// From derives the chart's values from a defaulted spec. Secrets come from
// src; one that is not set is left out. spec.config is put over the derived
// registry configuration and spec.values over everything but secrets: values
// files of old name them and leave them empty. Where either says something
// else than the spec, or holds what looks like a secret, the error (a
// problem.List) says so.
func From(r *spec.Registry, src secret.Source) (map[string]any, error) {
	var extra any
	if r.Spec.Extra != nil {
		extra = plain(r.Spec.Extra)
	}
	if l := refuse.Secrets(r, extra); len(l) > 0 {
		return nil, l
	}
	out := derive(r)
	if l := refuse.Conflicts(r, out); len(l) > 0 {
		return nil, l
	}
	if len(r.Spec.Config) > 0 {
		out["configData"] = r.Spec.Config
	}
	secrets := secrets(out, r, src)
	return object.Merge(object.Merge(out, r.Spec.Values), secrets), nil
}

// derive is everything that the spec says and that is no secret.
func derive(r *spec.Registry) map[string]any {
	s := r.Spec
	out := map[string]any{
		"image": map[string]any{
			"repository": s.Image.Repository, "tag": s.Image.Tag, "digest": s.Image.Digest,
			"flavor": string(s.Image.Flavor), "pullPolicy": s.Image.PullPolicy,
		},
		"auth": map[string]any{"realm": s.Auth.Realm, "anonymous": s.Auth.Anonymous},
	}
	if s.Replicas != nil {
		out["replicaCount"] = *s.Replicas
	}
	if s.Autoscaling != nil {
		out["autoscaling"] = autoscaling(s.Autoscaling)
	}
	if len(s.Image.PullSecrets) > 0 {
		out["imagePullSecrets"] = named(s.Image.PullSecrets)
	}
	if labels := labels(r); len(labels) > 0 {
		out["commonLabels"] = labels
	}
	if len(r.Metadata.Annotations) > 0 {
		out["commonAnnotations"] = texts(r.Metadata.Annotations)
	}
	if e := s.Auth.ExistingSecret; e != nil {
		out["auth"].(map[string]any)["existingSecret"] = map[string]any{"name": e.Name, "key": e.Key}
	}
	resources := map[string]any{}
	if len(s.Resources.Requests) > 0 {
		resources["requests"] = texts(s.Resources.Requests)
	}
	if len(s.Resources.Limits) > 0 {
		resources["limits"] = texts(s.Resources.Limits)
	}
	if len(resources) > 0 {
		out["resources"] = resources
	}
	if s.Storage.S3 != nil {
		storeS3(out, s.Storage.S3)
	}
	storeCloud(out, s.Storage)
	if s.Storage.Filesystem != nil {
		storeVolume(out, s.Storage.Filesystem)
	}
	if s.Ingress != nil {
		out["ingress"] = ingress(s)
	}
	if s.Gateway != nil {
		out["gateway"] = gateway(s)
	}
	if s.Service != nil {
		out["service"] = plain(s.Service)
	}
	if s.ServiceAccount != nil {
		out["serviceAccount"] = plain(s.ServiceAccount)
	}
	if s.Extra != nil {
		extra(out, s.Extra)
	}
	if s.DisruptionBudget != nil {
		out["podDisruptionBudget"] = plain(s.DisruptionBudget)
	}
	if s.NetworkPolicy != nil {
		p := plain(s.NetworkPolicy).(map[string]any)
		p["enabled"] = true
		out["networkPolicy"] = p
	}
	if s.Metrics != nil {
		out["metrics"] = metrics(s.Metrics)
	}
	if s.Proxy != nil {
		out["proxy"] = proxy(s.Proxy)
	}
	if s.TLS != nil {
		out["tlsSecretName"] = s.TLS.SecretName
	}
	if s.Redis != nil {
		out["redis"] = plain(s.Redis)
		out["redis"].(map[string]any)["enabled"] = true
	}
	if s.Notifications != nil {
		out["notifications"] = notifications(s.Notifications)
	}
	if s.ReadOnly {
		out["readOnly"] = true
	}
	if g := s.GarbageCollection; g != nil {
		out["garbageCollect"] = map[string]any{"enabled": true, "schedule": g.Schedule, "deleteUntagged": g.DeleteUntagged}
	}
	if s.Scheduling != nil {
		scheduling(out, s.Scheduling)
	}
	workloadIdentity(out, s)
	return out
}

// labels are the spec's own, and the image's version where the tag doesn't say.
func labels(r *spec.Registry) map[string]any {
	out := texts(r.Metadata.Labels)
	if v := r.Spec.Image.Version; v != "" && out["app.kubernetes.io/version"] == nil {
		out["app.kubernetes.io/version"] = v
	}
	return out
}

func storeS3(out map[string]any, s *storage.S3) {
	out["storage"] = "s3"
	out["s3"] = map[string]any{
		"region": s.Region, "regionEndpoint": s.Endpoint, "bucket": s.Bucket, "rootdirectory": s.RootDirectory,
		"forcepathstyle": *s.ForcePathStyle, "encrypt": *s.Encrypt, "secure": *s.Secure, "redirect": *s.Redirect,
	}
	if e := s.ExistingSecret; e != nil {
		out["secrets"] = map[string]any{"s3": map[string]any{"secretRef": e.Name, "accessKeyName": e.AccessKey, "secretKeyName": e.SecretKey}}
	}
}

func storeVolume(out map[string]any, f *storage.Filesystem) {
	out["storage"] = "filesystem"
	p := map[string]any{"enabled": !f.EmptyDir}
	for k, v := range map[string]string{"accessMode": f.AccessMode, "size": f.Size, "storageClass": f.StorageClass, "existingClaim": f.ExistingClaim} {
		if v != "" {
			p[k] = v
		}
	}
	out["persistence"] = p
}

// nginx is what a registry needs of ingress-nginx: layers are large and slow,
// and a buffered upload fills the controller's disk.
var nginx = map[string]string{
	"nginx.ingress.kubernetes.io/proxy-body-size":         "0",
	"nginx.ingress.kubernetes.io/proxy-read-timeout":      "900",
	"nginx.ingress.kubernetes.io/proxy-send-timeout":      "900",
	"nginx.ingress.kubernetes.io/proxy-request-buffering": "off",
}

func ingress(s spec.RegistrySpec) map[string]any {
	i := s.Ingress
	annotations := map[string]any{}
	if i.ClassName == "nginx" {
		for k, v := range nginx {
			annotations[k] = v
		}
	}
	if i.MaxBodySize != "" { // nginx may well have another class, or be the cluster's own
		annotations["nginx.ingress.kubernetes.io/proxy-body-size"] = i.MaxBodySize
	}
	if i.ClassName == "nginx" && s.TLS != nil {
		annotations["nginx.ingress.kubernetes.io/backend-protocol"] = "HTTPS"
	}
	if i.ClusterIssuer != "" {
		annotations["cert-manager.io/cluster-issuer"] = i.ClusterIssuer
	}
	for k, v := range i.Annotations {
		annotations[k] = v
	}
	out := map[string]any{
		"enabled": true, "hosts": []any{s.Host}, "annotations": annotations,
		"tls": []any{map[string]any{"secretName": i.TLSSecretName, "hosts": []any{s.Host}}},
	}
	if i.ClassName != "" {
		out["className"] = i.ClassName
	}
	return out
}

func gateway(s spec.RegistrySpec) map[string]any {
	g := s.Gateway
	out := map[string]any{"enabled": true, "hosts": []any{s.Host}, "parentRefs": plain(g.ParentRefs)}
	if g.PullHost != "" {
		out["pullHosts"] = []any{g.PullHost}
	}
	if g.RequestTimeout != "" {
		out["requestTimeout"] = g.RequestTimeout
	}
	if len(g.Annotations) > 0 {
		out["annotations"] = texts(g.Annotations)
	}
	if b := g.BackendTLS; b != nil {
		tls := map[string]any{"enabled": true, "hostname": cmp.Or(b.Hostname, s.Host)}
		if b.CAConfigMap != "" {
			tls["caConfigMap"] = b.CAConfigMap
		}
		if b.SystemCAs {
			tls["systemCAs"] = true
		}
		out["backendTLS"] = tls
	}
	return out
}

// secrets are the secrets, or what stands for them, where the chart looks. What
// goes into one of them as a whole is taken out of the other values.
func secrets(out map[string]any, r *spec.Registry, src secret.Source) map[string]any {
	all := map[string]any{}
	if v, ok := src.Value(secret.HTPasswd); ok {
		all["htpasswd"] = v
	}
	if v, ok := src.Value(secret.HTTPSecret); ok {
		all["haSharedSecret"] = v
	}
	if kind, own := r.Spec.Storage.Keys(); own {
		mine := map[string]any{}
		for name, ref := range storageKeys[kind] {
			if v, ok := src.Value(ref); ok {
				mine[name] = v
			}
		}
		if len(mine) > 0 {
			all[kind] = mine
		}
	}
	if settings := config(out, r, src); len(settings) > 0 {
		all["config"] = settings
	}
	found := map[string]any{"secrets": all}
	if l := login(r, src); len(l) > 0 {
		found["proxy"] = l
	}
	return found
}

func texts(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func named(names []string) []any {
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = map[string]any{"name": n}
	}
	return out
}
