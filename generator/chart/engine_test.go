package chart

import (
	"fmt"
	"testing"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"

	"github.com/reggen/reggen/generator/secret"
)

// BenchmarkTwoHundredTemplates renders a chart of 200 templates as reggen does and
// by Helm's engine alone, and reports how many times as long the one takes.
func BenchmarkTwoHundredTemplates(b *testing.B) {
	files := []File{{"Chart.yaml", []byte("apiVersion: v2\nname: d\nversion: 0.1.0\n")}, {"values.yaml", []byte("a: {b: c}\nlist: [1, 2, 3]\n")},
		{"templates/_h.tpl", []byte(`{{- define "labels" }}app: {{ .Release.Name }}{{ range .Values.list }}
n{{ . }}: x{{ end }}{{ end }}`)}}
	for i := range 200 {
		files = append(files, File{fmt.Sprintf("templates/t%03d.yaml", i), []byte(fmt.Sprintf(`apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-%d
  labels:
    {{- include "labels" . | nindent 4 }}
data:
  values: |
    {{- toYaml .Values | nindent 4 }}
  upper: {{ .Values.a.b | upper | quote }}
`, i))})
	}
	c, err := Files(files)
	if err != nil {
		b.Fatal(err)
	}
	var mine, theirs time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := c.Render(release, nil, &secret.Draws{}, nil); err != nil {
			b.Fatal(err)
		}
		mine += time.Since(began)

		began = time.Now()
		h := copied(c.helm)
		if err := chartutil.ProcessDependencies(h, nil); err != nil {
			b.Fatal(err)
		}
		top, err := util.ToRenderValues(h, nil, common.ReleaseOptions{Name: release.Name, Namespace: release.Namespace}, common.DefaultCapabilities)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := engine.Render(h, top); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(began)
	}
	b.ReportMetric(float64(mine)/float64(theirs), "times-helm")
}
