{{- define "drover.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "drover.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "drover.labels" -}}
{{ include "drover.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "drover.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- /* drover.yaml: what the values say, with the times of ending that the pod is given. */ -}}
{{- define "drover.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $server := deepCopy (get $config "server" | default dict) -}}
{{- range $name := list "drain_delay" "drain_timeout" -}}
{{- if hasKey $server $name -}}
{{- fail (printf "config.server.%s is set by the values under drain: the pod is given as much time" $name) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $server "drain_delay" (printf "%ds" (int $.Values.drain.delaySeconds)) -}}
{{- $_ := set $server "drain_timeout" (printf "%ds" (int $.Values.drain.timeoutSeconds)) -}}
{{- $_ := set $config "server" $server -}}
{{- $several := or (gt (int .Values.replicas) 1) .Values.autoscaling.enabled -}}
{{- if and $several (not (dig "store" "url" "" $config)) -}}
{{- fail "more than one replica needs config.store.url: a Postgres that all of them share" -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}
