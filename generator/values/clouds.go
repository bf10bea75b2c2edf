package values

import (
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/storage"
)

// storageKeys are the chart's names, under secrets, for the secrets of each
// kind of storage.
var storageKeys = map[string]map[string]secret.Ref{
	"s3":    {"accessKey": secret.S3AccessKey, "secretKey": secret.S3SecretKey},
	"azure": {"accountKey": secret.AzureAccountKey},
	"gcs":   {"key": secret.GCSKey},
	"swift": {"username": secret.SwiftUsername, "password": secret.SwiftPassword},
}

// storeCloud is what the spec says of azure, gcs and swift. The chart keeps
// Azure's account and container beside its key, as the chart that many
// registries were installed with does.
func storeCloud(out map[string]any, s storage.Place) {
	under := func(kind string, m map[string]any) { out["secrets"] = map[string]any{kind: m} }
	if a := s.Azure; a != nil {
		out["storage"] = "azure"
		out["azure"] = saying(map[string]string{"realm": a.Realm, "rootdirectory": a.RootDirectory}, map[string]any{"redirect": *a.Redirect})
		keys := map[string]any{"accountName": a.AccountName, "container": a.Container}
		if e := a.ExistingSecret; e != nil {
			keys["secretRef"], keys["accountKeyName"] = e.Name, e.AccountKey
		}
		under("azure", keys)
	}
	if g := s.GCS; g != nil {
		out["storage"] = "gcs"
		out["gcs"] = saying(map[string]string{"bucket": g.Bucket, "rootdirectory": g.RootDirectory}, map[string]any{"redirect": *g.Redirect})
		if e := g.ExistingSecret; e != nil {
			under("gcs", map[string]any{"secretRef": e.Name, "keyName": e.Key})
		}
	}
	if w := s.Swift; w != nil {
		out["storage"] = "swift"
		out["swift"] = saying(map[string]string{"authurl": w.AuthURL, "container": w.Container, "region": w.Region, "tenant": w.Tenant, "domain": w.Domain, "prefix": w.RootDirectory}, nil)
		if e := w.ExistingSecret; e != nil {
			under("swift", map[string]any{"secretRef": e.Name, "usernameName": e.Username, "passwordName": e.Password})
		}
	}
}

// saying are the texts that say something, and the rest.
func saying(texts map[string]string, rest map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range texts {
		if v != "" {
			out[k] = v
		}
	}
	for k, v := range rest {
		out[k] = v
	}
	return out
}

// The annotation of a ServiceAccount and the label of its pods by which Azure
// Workload Identity gives them a token.
// Source: https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html
const (
	azureClient = "azure.workload.identity/client-id"
	azureUse    = "azure.workload.identity/use"
)

// workloadIdentity labels every pod that reads the storage, the collector's
// included, where the ServiceAccount says that it is somebody at Azure, or is
// another's, who may say so: without that the label changes nothing.
func workloadIdentity(out map[string]any, s spec.RegistrySpec) {
	a := s.Storage.Azure
	if a == nil || !a.AmbientCredentials || s.ServiceAccount == nil {
		return
	}
	if *s.ServiceAccount.Create && s.ServiceAccount.Annotations[azureClient] == "" {
		return
	}
	out["podLabels"] = map[string]any{azureUse: "true"}
	if collect, ok := out["garbageCollect"].(map[string]any); ok {
		collect["podLabels"] = map[string]any{azureUse: "true"}
	}
}
