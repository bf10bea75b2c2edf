{{- define "database.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "database.replicationPassword" -}}
{{ .Values.auth.replicationPassword | default (randAlphaNum 32) }}
{{- end }}
