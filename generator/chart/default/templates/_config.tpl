{{- define "registry.configPath" -}}
{{- $default := ternary "/etc/distribution/config.yml" "/etc/docker/registry/config.yml" (eq .Values.image.flavor "distribution") -}}
{{- .Values.configPath | default $default -}}
{{- end -}}

{{- /* Merge one mapping over another, false and 0 included, which Helm's own
merge functions drop. Called with a list of two, of which the first is changed;
gives YAML. */ -}}
{{- define "registry.merge" -}}
{{- $out := index . 0 -}}
{{- range $k, $v := index . 1 -}}
  {{- if and (kindIs "map" $v) (kindIs "map" (get $out $k)) -}}
    {{- $_ := set $out $k (include "registry.merge" (list (get $out $k) $v) | fromYaml) -}}
  {{- else -}}
    {{- $_ := set $out $k $v -}}
  {{- end -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{- /* The registry's own configuration. */ -}}
{{- define "registry.config" -}}
{{- $base := include "registry.baseConfig" . | fromYaml -}}
{{- if .Values.configData }}{{ include "registry.merge" (list $base .Values.configData) }}{{ else }}{{ toYaml $base }}{{ end -}}
{{- end -}}

{{- define "registry.baseConfig" -}}
version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: {{ ternary "redis" "inmemory" .Values.redis.enabled }}
  delete:
    enabled: {{ .Values.persistence.deleteEnabled }}
{{- if .Values.readOnly }}
  maintenance:
    readonly:
      enabled: true
{{- end }}
{{- if eq .Values.storage "s3" }}
  redirect:
    disable: {{ not .Values.s3.redirect }}
  s3:
    region: {{ .Values.s3.region | quote }}
    bucket: {{ .Values.s3.bucket | quote }}
    {{- with .Values.s3.regionEndpoint }}
    regionendpoint: {{ ternary . (printf "%s://%s" (ternary "https" "http" $.Values.s3.secure) .) (contains "://" .) | quote }}
    {{- end }}
    {{- with .Values.s3.rootdirectory }}
    rootdirectory: {{ . | quote }}
    {{- end }}
    {{- if ne .Values.image.flavor "distribution-v2" }}{{/* which takes the path wherever there is an endpoint, and knows no such key */}}
    {{ ternary "pathstyle" "forcepathstyle" (eq .Values.image.flavor "gitlab") }}: {{ .Values.s3.forcepathstyle }}
    {{- end }}
    encrypt: {{ .Values.s3.encrypt }}
    secure: {{ .Values.s3.secure }}
    skipverify: {{ .Values.s3.skipverify }}
{{- else if eq .Values.storage "azure" }}
  redirect:
    disable: {{ not .Values.azure.redirect }}
  azure:
    accountname: {{ .Values.secrets.azure.accountName | quote }}
    container: {{ .Values.secrets.azure.container | quote }}
    {{- with .Values.azure.realm }}
    realm: {{ . | quote }}
    {{- end }}
    {{- with .Values.azure.rootdirectory }}
    rootdirectory: {{ . | quote }}
    {{- end }}
    {{- if eq .Values.image.flavor "distribution" }}
    credentials:
      type: {{ ternary "shared_key" "default_credentials" (not (empty (or .Values.secrets.azure.secretRef .Values.secrets.azure.accountKey))) }}
    {{- end }}
{{- else if eq .Values.storage "gcs" }}
  redirect:
    disable: {{ not .Values.gcs.redirect }}
  gcs:
    bucket: {{ .Values.gcs.bucket | quote }}
    {{- with .Values.gcs.rootdirectory }}
    rootdirectory: {{ . | quote }}
    {{- end }}
{{- else if eq .Values.storage "swift" }}
  swift:
    authurl: {{ .Values.swift.authurl | quote }}
    container: {{ .Values.swift.container | quote }}
    {{- range $name := list "region" "tenant" "domain" "prefix" }}
    {{- with get $.Values.swift $name }}
    {{ $name }}: {{ . | quote }}
    {{- end }}
    {{- end }}
{{- else }}
  filesystem:
    rootdirectory: /var/lib/registry
{{- end }}
{{- if include "registry.guarded" . }}
auth:
  htpasswd:
    realm: {{ .Values.auth.realm | quote }}
    path: /auth/htpasswd
{{- end }}
{{- with .Values.proxy }}
{{- if .enabled }}
proxy:
  remoteurl: {{ .remoteurl | quote }}
  {{- with .ttl }}
  ttl: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
{{- with .Values.redis }}
{{- if .enabled }}
redis:
  {{- if eq $.Values.image.flavor "distribution" }}
  addrs:
    {{- toYaml .addrs | nindent 4 }}
  {{- with .username }}
  username: {{ . | quote }}
  {{- end }}
  {{- else }}
  addr: {{ first .addrs | quote }}
  {{- end }}
  {{- with .db }}
  db: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
{{- with .Values.notifications }}
{{- $secret := hasKey $.Values.secrets.config "REGISTRY_NOTIFICATIONS_ENDPOINTS" }}
{{- if or .endpoints $secret }}
notifications:
  events:
    includereferences: {{ .includeReferences }}
  {{- with .endpoints }}
  endpoints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
http:
  addr: :5000
  {{- with .Values.drainSeconds }}
  draintimeout: {{ int . }}s
  {{- end }}
  headers:
    X-Content-Type-Options: [nosniff]
  {{- if and .Values.ingress.enabled .Values.ingress.hosts }}
  host: {{ printf "%s://%s" (ternary "https" "http" (not (empty .Values.ingress.tls))) (first .Values.ingress.hosts) | quote }}
  {{- else if and .Values.gateway.enabled .Values.gateway.hosts }}
  host: {{ printf "https://%s" (first .Values.gateway.hosts) | quote }}
  {{- end }}
  {{- if .Values.metrics.enabled }}
  debug:
    addr: {{ printf ":%d" (int .Values.metrics.port) | quote }}
    prometheus:
      enabled: true
      path: /metrics
  {{- end }}
  {{- if .Values.tlsSecretName }}
  tls:
    certificate: /etc/registry-tls/tls.crt
    key: /etc/registry-tls/tls.key
  {{- end }}
health:
  storagedriver:
    enabled: true
    interval: 5s
    threshold: 3
{{- end -}}

{{- /* When the registry has judged its storage: it answers that it is well from
its start until as many checks have failed as its threshold says. So a pod that
can't reach its storage is asked no sooner, and never is ready. Nothing for a
volume, which is there or the pod doesn't start; for a registry that doesn't look;
for times of somebody's own that nobody would wait for. Called with a list: the context
and the configuration. */ -}}
{{- define "registry.judgedAfter" -}}
{{- $values := (index . 0).Values -}}
{{- $health := get (index . 1 | fromYaml) "health" | default dict -}}
{{- $driver := kindIs "map" $health | ternary $health dict | dig "storagedriver" dict -}}
{{- if and (kindIs "map" $driver) (ne $values.storage "filesystem") -}}
{{- $interval := get $driver "interval" | default "10s" | toString -}}
{{- if and (eq (get $driver "enabled") true) (regexMatch "^([0-9]{1,4}(ms|[hms]))+$" $interval) -}}
  {{- $seconds := 0 -}}
  {{- range regexFindAll "[0-9]+(ms|[hms])" $interval -1 -}}
    {{- $unit := dict "h" 3600 "m" 60 "s" 1 "ms" 0.001 -}}
    {{- $seconds = addf $seconds (mulf (regexFind "[0-9]+" . | int) (get $unit (regexFind "[hms]+" .))) -}}
  {{- end -}}
  {{- $wait := addf 5 (mulf $seconds (max 1 (int (get $driver "threshold")))) | ceil | int -}}
  {{- if le $wait 65 }}{{ $wait }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
