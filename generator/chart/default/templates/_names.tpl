{{- /* Objects are named after the release. */ -}}
{{- define "registry.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "registry.name" -}}
{{- .Values.nameOverride | default .Chart.Name -}}
{{- end -}}

{{- /* The two labels by which a live release's Deployment selects its pods:
they can't be changed without deleting it. */ -}}
{{- define "registry.selector" -}}
app: {{ include "registry.name" . | quote }}
release: {{ .Release.Name | quote }}
{{- end -}}

{{- /* The name of the Service's port. Controllers such as Traefik speak TLS to
a port whose name says https, as the chart that many registries were installed
with lets them. */ -}}
{{- define "registry.portName" -}}
{{- if and .Values.tlsSecretName (eq .Values.service.name "http") }}https{{ else }}{{ .Values.service.name }}{{ end -}}
{{- end -}}

{{- /* Labels that the user adds never take the place of the chart's own, by
which a live release's pods are selected. Called with a list: the context and
labels that come on top of the common ones. */ -}}
{{- define "registry.labels" -}}
{{- $ := index . 0 -}}
{{- $labels := dict -}}
{{- range $k, $v := $.Values.commonLabels -}}{{- $_ := set $labels $k $v -}}{{- end -}}
{{- range $k, $v := index . 1 -}}{{- $_ := set $labels $k $v -}}{{- end -}}
{{- $name := include "registry.name" $ -}}
{{- $own := dict "app" $name "release" $.Release.Name "app.kubernetes.io/name" $name "app.kubernetes.io/instance" $.Release.Name "app.kubernetes.io/component" "registry" -}}
{{- range $k, $v := $own -}}{{- $_ := set $labels $k $v -}}{{- end -}}
{{- toYaml $labels -}}
{{- end -}}

{{- /* The metadata of every object. Called with a list: the context, what
comes after the fullname, labels and annotations of the object's own. */ -}}
{{- define "registry.metadata" -}}
{{- $ := index . 0 -}}
{{- $annotations := dict -}}
{{- range $k, $v := $.Values.commonAnnotations -}}{{- $_ := set $annotations $k $v -}}{{- end -}}
{{- range $k, $v := index . 3 -}}{{- $_ := set $annotations $k $v -}}{{- end -}}
name: {{ printf "%s%s" (include "registry.fullname" $) (index . 1) | quote }}
namespace: {{ $.Values.namespace | default $.Release.Namespace | quote }}
labels:
  {{- include "registry.labels" (list $ (index . 2)) | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* The metadata of what Prometheus selects by labels: nothing else does, so
the user's win. Called with a list: the context and these labels. */ -}}
{{- define "registry.monitorMetadata" -}}
{{- $meta := include "registry.metadata" (list (index . 0) "" dict dict) | fromYaml -}}
{{- range $k, $v := index . 1 -}}{{- $_ := set $meta.labels $k $v -}}{{- end -}}
{{- toYaml $meta -}}
{{- end -}}

{{- define "registry.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "registry.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "registry.image" -}}
{{- $i := .Values.image -}}
{{- $i.repository -}}
{{- with $i.tag -}}:{{ . }}{{- end -}}
{{- with $i.digest -}}@{{ . }}{{- end -}}
{{- end -}}

{{- /* A security context as Kubernetes has it. Values files of the chart that
many registries were installed with switch theirs on and off by "enabled". */ -}}
{{- define "registry.security" -}}
{{- $out := dict -}}
{{- $off := false -}}
{{- range $k, $v := . -}}
{{- if ne $k "enabled" }}{{ $_ := set $out $k $v }}{{ else if not $v }}{{ $off = true }}{{ end -}}
{{- end -}}
{{- if and $out (not $off) }}{{ toYaml $out }}{{ end -}}
{{- end -}}

{{- /* "yes" when htpasswd guards the registry. */ -}}
{{- define "registry.guarded" -}}
{{- if and (not .Values.auth.anonymous) (or .Values.auth.existingSecret.name .Values.secrets.htpasswd) -}}yes{{- end -}}
{{- end -}}

{{- define "registry.htpasswdSecret" -}}
{{- .Values.auth.existingSecret.name | default (printf "%s-htpasswd" (include "registry.fullname" .)) -}}
{{- end -}}

{{- /* "yes" when images are on a volume that one pod alone can have. */ -}}
{{- define "registry.single" -}}
{{- if and (eq .Values.storage "filesystem") (or (not .Values.persistence.enabled) (ne .Values.persistence.accessMode "ReadWriteMany")) -}}yes{{- end -}}
{{- end -}}

{{- /* A variable out of a Secret: the storage's own, or one that something else
brings. Called with a list: the variable, the fullname, the kind of storage,
the other Secret, its key, the own Secret's key. */ -}}
{{- define "registry.secretVar" -}}
name: {{ index . 0 }}
valueFrom:
  secretKeyRef:
    name: {{ index . 3 | default (printf "%s-%s" (index . 1) (index . 2)) | quote }}
    key: {{ ternary (index . 4) (index . 5) (not (empty (index . 3))) | quote }}
{{- end -}}

{{- /* The variables of what serves and has secrets: a cache's login and the
secret settings; may be empty. */ -}}
{{- define "registry.settingsEnv" -}}
{{- $env := list -}}
{{- $full := include "registry.fullname" . -}}
{{- with .Values.proxy -}}
{{- if and .enabled (or .secretRef .username) -}}
{{- $env = append $env (include "registry.secretVar" (list "REGISTRY_PROXY_USERNAME" $full "proxy" .secretRef .usernameName "proxyUsername") | fromYaml) -}}
{{- $env = append $env (include "registry.secretVar" (list "REGISTRY_PROXY_PASSWORD" $full "proxy" .secretRef .passwordName "proxyPassword") | fromYaml) -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := .Values.secrets.config -}}
{{- $env = append $env (include "registry.secretVar" (list $name $full "config-secrets" "" "" $name) | fromYaml) -}}
{{- end -}}
{{- with $env -}}{{- toYaml . -}}{{- end -}}
{{- end -}}

{{- /* The variables of everything that reads the storage; may be empty. */ -}}
{{- define "registry.storageEnv" -}}
{{- $env := list -}}
{{- $full := include "registry.fullname" . -}}
{{- $kind := .Values.storage -}}
{{- $keys := get .Values.secrets $kind -}}
{{- if and (eq $kind "s3") (or $keys.secretRef $keys.accessKey) -}}
{{- $env = append $env (include "registry.secretVar" (list "AWS_ACCESS_KEY_ID" $full $kind $keys.secretRef $keys.accessKeyName "s3AccessKey") | fromYaml) -}}
{{- $env = append $env (include "registry.secretVar" (list "AWS_SECRET_ACCESS_KEY" $full $kind $keys.secretRef $keys.secretKeyName "s3SecretKey") | fromYaml) -}}
{{- else if and (eq $kind "azure") (or $keys.secretRef $keys.accountKey) -}}
{{- $env = append $env (include "registry.secretVar" (list "REGISTRY_STORAGE_AZURE_ACCOUNTKEY" $full $kind $keys.secretRef $keys.accountKeyName "azureAccountKey") | fromYaml) -}}
{{- else if and (eq $kind "gcs") (or $keys.secretRef $keys.key) -}}
{{- /* The registry parses its variables as YAML, and a key file is JSON, which
is YAML: a mapping, as it wants one. */ -}}
{{- $env = append $env (include "registry.secretVar" (list "REGISTRY_STORAGE_GCS_CREDENTIALS" $full $kind $keys.secretRef $keys.keyName "key.json") | fromYaml) -}}
{{- else if and (eq $kind "swift") (or $keys.secretRef $keys.username) -}}
{{- $env = append $env (include "registry.secretVar" (list "REGISTRY_STORAGE_SWIFT_USERNAME" $full $kind $keys.secretRef $keys.usernameName "swiftUsername") | fromYaml) -}}
{{- $env = append $env (include "registry.secretVar" (list "REGISTRY_STORAGE_SWIFT_PASSWORD" $full $kind $keys.secretRef $keys.passwordName "swiftPassword") | fromYaml) -}}
{{- end -}}
{{- $named := false -}}
{{- range .Values.extraEnvVars -}}{{- if eq (toString .name) "OTEL_TRACES_EXPORTER" -}}{{- $named = true -}}{{- end -}}{{- end -}}
{{- if and (eq .Values.image.flavor "distribution") (not $named) -}}
{{- $env = append $env (dict "name" "OTEL_TRACES_EXPORTER" "value" "none") -}}
{{- end -}}
{{- with $env -}}{{- toYaml . -}}{{- end -}}
{{- end -}}

{{- /* Values that this chart can't honour end the render: none is ignored. */ -}}
{{- define "registry.check" -}}
{{- with .Values.proxy }}{{ if .enabled -}}
{{- if not .remoteurl }}{{ fail "proxy.remoteurl: the registry to cache is missing" }}{{ end -}}
{{- if $.Values.garbageCollect.enabled }}{{ fail "garbageCollect.enabled: a cache stores what it pulls even while it is read-only" }}{{ end -}}
{{- if $.Values.readOnly }}{{ fail "readOnly: a cache takes no pushes anyway but has to store what it pulls" }}{{ end -}}
{{- end }}{{ end -}}
{{- with .Values.redis }}{{ if and .enabled (not .addrs) }}{{ fail "redis.addrs: where Redis listens is missing" }}{{ end }}{{ end -}}
{{- if and .Values.proxy.ttl (ne .Values.image.flavor "distribution") }}{{ fail "proxy.ttl: only version 3 of the registry knows it" }}{{ end -}}
{{- if and .Values.metrics.enabled (eq (int .Values.metrics.port) 5000) }}{{ fail "metrics.port: the registry itself listens on 5000" }}{{ end -}}
{{- with .Values.service }}{{ if and .nodePort (eq .type "ClusterIP") }}{{ fail "service.nodePort: a Service of type ClusterIP has no port on nodes" }}{{ end }}{{ end -}}
{{- with .Values.service }}{{ if and (eq (toString .clusterIP) "None") (ne .type "ClusterIP") }}{{ fail "service.clusterIP: None is for a Service of type ClusterIP" }}{{ end }}{{ end -}}
{{- with .Values.ingress }}{{ if and .enabled (not .hosts) }}{{ fail "ingress.hosts: none is named" }}{{ end }}{{ end -}}
{{- with .Values.gateway }}{{ if .enabled -}}
{{- if not .parentRefs }}{{ fail "gateway.parentRefs: no Gateway is named" }}{{ end -}}
{{- if and .backendTLS.enabled (not $.Values.tlsSecretName) }}{{ fail "gateway.backendTLS: the registry has no certificate; tlsSecretName names one" }}{{ end -}}
{{- if and .backendTLS.enabled (not .backendTLS.caConfigMap) (not .backendTLS.systemCAs) }}{{ fail "gateway.backendTLS: caConfigMap or systemCAs says who signed the certificate" }}{{ end -}}
{{- if and .backendTLS.enabled (not .backendTLS.hostname) }}{{ fail "gateway.backendTLS.hostname: a name that the certificate holds is missing" }}{{ end -}}
{{- end }}{{ end -}}
{{- with .Values.autoscaling }}{{ if .enabled -}}
{{- if not (or .targetCPUUtilizationPercentage .targetMemoryUtilizationPercentage) }}{{ fail "autoscaling: without a target there is nothing to scale by" }}{{ end -}}
{{- if gt (int .minReplicas) (int .maxReplicas) }}{{ fail "autoscaling.maxReplicas: is less than minReplicas" }}{{ end -}}
{{- if include "registry.single" $ }}{{ fail "autoscaling.enabled: the volume belongs to one pod; use s3, or accessMode ReadWriteMany" }}{{ end -}}
{{- end }}{{ end -}}
{{- if .Values.garbageCollect.enabled -}}
{{- if and (eq .Values.storage "filesystem") (or (not .Values.persistence.enabled) (eq .Values.persistence.accessMode "ReadWriteOncePod")) }}{{ fail "garbageCollect.enabled: it runs in a pod of its own, which can't have the registry's volume" }}{{ end -}}
{{- end -}}
{{- with .Values.networkPolicy }}{{ if and .enabled (not (kindIs "slice" .ingressNamespaces)) (not (kindIs "slice" .egress)) }}{{ fail "networkPolicy.enabled: neither ingressNamespaces nor egress says anything" }}{{ end }}{{ end -}}
{{- with .Values.podDisruptionBudget }}{{ if and (hasKey . "minAvailable") (hasKey . "maxUnavailable") }}{{ fail "podDisruptionBudget: one of minAvailable and maxUnavailable" }}{{ end }}{{ end -}}
{{- with .Values.service }}{{ if and .loadBalancerSourceRanges (ne .type "LoadBalancer") }}{{ fail "service.loadBalancerSourceRanges: only a Service of type LoadBalancer has them" }}{{ end }}{{ end -}}
{{- include "registry.checkMounts" . -}}
{{- if not (has .Values.storage (list "filesystem" "s3" "azure" "gcs" "swift")) }}{{ fail "storage: this chart knows filesystem, s3, azure, gcs and swift" }}{{ end -}}
{{- if and (eq .Values.storage "swift") (ne .Values.image.flavor "distribution-v2") }}{{ fail "storage: only version 2 of the registry knows swift" }}{{ end -}}
{{- if and (eq .Values.storage "azure") (not (and .Values.secrets.azure.accountName .Values.secrets.azure.container)) }}{{ fail "secrets.azure: accountName and container say where images are kept" }}{{ end -}}
{{- if and (eq .Values.storage "azure") .Values.azure.rootdirectory (ne .Values.image.flavor "distribution") }}{{ fail "azure.rootdirectory: only version 3 of the registry knows it" }}{{ end -}}
{{- if not (has .Values.image.flavor (list "distribution" "distribution-v2" "gitlab")) }}{{ fail "image.flavor: distribution, distribution-v2 or gitlab" }}{{ end -}}
{{- end -}}

{{- /* What the pods already have can't be there twice: the cluster refuses it. */ -}}
{{- define "registry.checkMounts" -}}
{{- $path := include "registry.configPath" . -}}
{{- if or (not (isAbs $path)) (has (dir $path) (list "/" "/auth" "/etc/registry-tls" "/tmp" "/var/lib/registry")) }}{{ fail "configPath: a file in a folder of its own, for instance /etc/registry/config.yml" }}{{ end -}}
{{- $own := list "config" "tmp" -}}
{{- $mounted := list (dir $path) "/tmp" -}}
{{- if include "registry.guarded" . }}{{ $own = append $own "auth" }}{{ $mounted = append $mounted "/auth" }}{{ end -}}
{{- if eq .Values.storage "filesystem" }}{{ $own = append $own "data" }}{{ $mounted = append $mounted "/var/lib/registry" }}{{ end -}}
{{- if .Values.tlsSecretName }}{{ $own = append $own "tls" }}{{ $mounted = append $mounted "/etc/registry-tls" }}{{ end -}}
{{- range .Values.extraVolumes -}}
{{- if has .name $own }}{{ fail "extraVolumes: config, auth, data, tls and tmp are the chart's own, and each name stands once" }}{{ end -}}
{{- $own = append $own .name -}}
{{- end -}}
{{- range .Values.extraVolumeMounts -}}
{{- if has (clean (toString .mountPath)) $mounted }}{{ fail "extraVolumeMounts: the chart mounts something there already (/tmp, /auth, the configuration, the images or the certificate), or two do; another path" }}{{ end -}}
{{- $mounted = append $mounted (clean (toString .mountPath)) -}}
{{- if not (has .name $own) }}{{ fail "extraVolumeMounts: names a volume that isn't there" }}{{ end -}}
{{- end -}}
{{- end -}}
