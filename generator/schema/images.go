package schema

import (
	"maps"
	"strings"

	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/syntax"
)

// imagesDocs are the fields of an ImagePullSecrets: its own, and those that it
// shares with a Registry.
func imagesDocs() described {
	out := described{}
	for path, d := range docs {
		if path == "apiVersion" || path == "spec.reggen" || strings.HasPrefix(path, "spec.check") || strings.HasPrefix(path, "spec.secrets") {
			out[path] = d
		}
	}
	maps.Copy(out, described{
		"kind":                 {text: "The kind.", enum: []string{spec.KindImages}, required: true},
		"metadata":             {text: "Names the pull secret.", required: true},
		"metadata.name":        {text: "The pull secret's name.", pattern: syntax.Name, length: 253, required: true},
		"metadata.namespace":   {text: "Part of what the record of the sealed file is bound to. The Secret goes to the namespaces of the pods, whatever this says.", pattern: syntax.Label, length: 63},
		"metadata.labels":      {text: "Labels of this spec alone."},
		"metadata.annotations": {text: "Annotations of this spec alone."},
		"spec":                 {text: "What a person decides about an application's images.", required: true},
		"spec.host":            {text: "The registry's host, as the images name it: pods with an image on it pull with this secret, and no others.", pattern: syntax.Host, length: 259, required: true},
		"spec.user":            {text: "Who pulls: a user whose credential, with the password, is in this spec's own folder of credentials; reggen seal makes the sealed file of it. Without a user that file is taken as another environment sealed it.", length: 128},
		"spec.email":           {text: "An address in the docker config, if something asks for one."},
		"spec.existing":        {text: "Something else brings the Secret to these namespaces: only the pods are changed."},
		"spec.rewrite":         {text: "Other names for images: the whole name or its beginning up to a slash, a registry's host first, and what takes its place, on spec.host. Tag and digest stay. The longest beginning counts; nginx is docker.io/library/nginx."},
		"spec.kinds":           {text: "More kinds with pods in them, each with its group as Kind.group (Rollout.argoproj.io), and where their pods' spec is (spec.template.spec; the entries of a list are tasks[])."},
	})
	return out
}
