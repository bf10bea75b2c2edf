package schema

import (
	"maps"
	"strings"

	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/syntax"
)

// chartDocs are the fields of a Chart: its own, and those that it shares with a
// Registry.
func chartDocs() described {
	out := described{}
	for path, d := range docs {
		if path == "apiVersion" || strings.HasPrefix(path, "spec.chart") || strings.HasPrefix(path, "spec.check") || strings.HasPrefix(path, "spec.secrets") || path == "spec.reggen" {
			out[path] = d
		}
	}
	maps.Copy(out, described{
		"kind":                 {text: "The kind.", enum: []string{spec.KindChart}, required: true},
		"metadata":             {text: "Names the release.", required: true},
		"metadata.name":        {text: "The name of this spec and, unless spec.chart.releaseName says another, of the release.", pattern: syntax.Name, length: spec.MaxRelease, required: true},
		"metadata.namespace":   {text: "The namespace that the chart is rendered for. The records of sealed files are bound to it. Objects that a chart gives no namespace get none here either: set namespace in the kustomization.yaml that holds generators.", pattern: syntax.Label, length: 63, required: true},
		"metadata.labels":      {text: "Labels of this spec alone; the chart's objects get none of them."},
		"metadata.annotations": {text: "Annotations of this spec alone; the chart's objects get none of them."},
		"spec":                 {text: "What a person decides about the release.", required: true},
		"spec.chart":           {text: "The chart, and the cluster that it is rendered for.", required: true},
		"spec.values":          {text: "The values, as helm install takes them with --values. No secrets."},
		"spec.secretValues":    {text: "Which values come out of credentials, by their path as helm --set writes it: auth.password, users[0].token; a dot within a key is written \\."},

		"spec.publicValues":              {text: "Values whose names sound like secrets and that are none: the name of a key, a setting. Their paths, as the refusal of spec.values says them, without spec.values in front. A text that is a secret by its form stays refused."},
		"spec.secretValues.*.credential": {text: "The metadata.name of the credential: one of type generic, or any other of this environment.", required: true},
		"spec.secretValues.*.field":      {text: "The field of that credential's stringData.", required: true},
	})
	return out
}
