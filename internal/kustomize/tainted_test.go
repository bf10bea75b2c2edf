package kustomize

import (
	"path/filepath"
	"strings"
	"testing"
)

// What kustomize says may quote what it has read; a secret is not passed on.
func TestFailuresQuoteNoSecret(t *testing.T) {
	const canary = "canary-Pa55word"
	for name, text := range map[string]string{
		"a literal without a name":  "secretGenerator: [{name: s, literals: ['" + canary + "']}]\n",
		"a patch of no kind":        "patches: [{patch: 'stringData: {p: " + canary + "}'}]\n",
		"a patch that is a list":    "patches: [{patch: '[" + canary + "]'}]\n",
		"a patch with no operation": "patches: [{target: {kind: Secret}, patch: '[{op: " + canary + ", path: /a}]'}]\n",
		"a transformer's config":    "transformers: ['{apiVersion: builtin, kind: PatchTransformer, metadata: {name: x}, patch: \"" + canary + "\"}']\n",
		"a scp address":             "resources: ['me:" + canary + "@example.com:o/r']\n",
		"a list for a mapping":      "resources: [s.yaml]\nreplacements: [{source: {kind: Secret, fieldPath: stringData.p}, targets: [{select: {kind: Secret}, fieldPaths: [stringData.p.q]}]}]\n",
	} {
		files := layered()
		files["env/kustomization.yaml"] = "generators: [registry]\n" + text
		files["env/s.yaml"] = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: " + canary + "}\n"
		_, err := Allow{}.Build(filepath.Join(tree(t, files), "env"), generate)
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
