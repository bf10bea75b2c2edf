{{- define "app" -}}{{ .Values.nameOverride | default .Chart.Name }}{{- end -}}

{{- define "name" -}}
{{- if .Values.fullnameOverride -}}{{ .Values.fullnameOverride }}
{{- else if contains (include "app" .) .Release.Name -}}{{ .Release.Name }}
{{- else -}}{{ .Release.Name }}-{{ include "app" . }}
{{- end -}}
{{- end -}}

{{- define "labels" -}}
app: {{ include "app" . }}
release: {{ .Release.Name }}
chart: {{ .Chart.Name }}-{{ .Chart.Version }}
heritage: {{ .Release.Service }}
{{- end -}}

{{- define "fromSecret" -}}
valueFrom: {secretKeyRef: {name: {{ index . 0 }}-secret, key: {{ index . 1 }}}}
{{- end -}}

{{- /* Called with a list: the context, the words to run, whether it is a job. */ -}}
{{- define "pod" -}}
{{- $ := index . 0 -}}
{{- $name := include "name" $ -}}
securityContext: {fsGroup: 1000, runAsUser: 1000}
containers:
  - name: {{ $.Chart.Name }}
    image: {{ $.Values.image.repository }}:{{ $.Values.image.tag }}
    imagePullPolicy: {{ $.Values.image.pullPolicy }}
    command: [/bin/registry]
    args: [{{ index . 1 }}, /etc/distribution/config.yml]
    {{- if not (index . 2) }}
    ports:
      - containerPort: 5000
      {{- if $.Values.metrics.enabled }}
      - {name: http-metrics, containerPort: {{ $.Values.metrics.port }}, protocol: TCP}
      {{- end }}
    livenessProbe: {httpGet: {path: /, port: 5000}}
    readinessProbe: {httpGet: {path: /, port: 5000}}
    {{- end }}
    env:
      - name: REGISTRY_HTTP_SECRET
        {{- include "fromSecret" (list $name "haSharedSecret") | nindent 8 }}
      {{- if $.Values.secrets.htpasswd }}
      - {name: REGISTRY_AUTH, value: htpasswd}
      - {name: REGISTRY_AUTH_HTPASSWD_REALM, value: Registry Realm}
      - {name: REGISTRY_AUTH_HTPASSWD_PATH, value: /auth/htpasswd}
      {{- end }}
      {{- if eq $.Values.storage "s3" }}
      - {name: REGISTRY_STORAGE_S3_REGION, value: {{ $.Values.s3.region | quote }}}
      - {name: REGISTRY_STORAGE_S3_BUCKET, value: {{ $.Values.s3.bucket | quote }}}
      {{- if $.Values.secrets.s3.accessKey }}
      - name: REGISTRY_STORAGE_S3_ACCESSKEY
        {{- include "fromSecret" (list $name "s3AccessKey") | nindent 8 }}
      - name: REGISTRY_STORAGE_S3_SECRETKEY
        {{- include "fromSecret" (list $name "s3SecretKey") | nindent 8 }}
      {{- end }}
      {{- with $.Values.s3.regionEndpoint }}
      - {name: REGISTRY_STORAGE_S3_REGIONENDPOINT, value: {{ . | quote }}}
      {{- end }}
      {{- if hasKey $.Values.s3 "secure" }}
      - {name: REGISTRY_STORAGE_S3_SECURE, value: {{ $.Values.s3.secure | quote }}}
      {{- end }}
      {{- end }}
    volumeMounts:
      - {name: {{ $name }}-config, mountPath: /etc/distribution}
      {{- if $.Values.secrets.htpasswd }}
      - {name: auth, mountPath: /auth, readOnly: true}
      {{- end }}
      {{- if eq $.Values.storage "filesystem" }}
      - {name: data, mountPath: /var/lib/registry}
      {{- end }}
volumes:
  - {name: {{ $name }}-config, configMap: {name: {{ $name }}-config}}
  {{- if $.Values.secrets.htpasswd }}
  - {name: auth, secret: {secretName: {{ $name }}-secret, items: [{key: htpasswd, path: htpasswd}]}}
  {{- end }}
  {{- if eq $.Values.storage "filesystem" }}
  - name: data
    {{- if $.Values.persistence.enabled }}
    persistentVolumeClaim: {claimName: {{ $name }}}
    {{- else }}
    emptyDir: {}
    {{- end }}
  {{- end }}
{{- end -}}
