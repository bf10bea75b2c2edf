package kustomize

import (
	"path/filepath"
	"strings"
	"testing"
)

// A path on another machine is the network: to look for it is to log in there.
func TestNoShareIsAsked(t *testing.T) {
	for name, text := range map[string]string{
		"slashes":     "generators: [registry]\nresources: [//reggen.invalid/share/x.yaml]\n",
		"backslashes": "generators: [registry]\nresources: ['\\\\reggen.invalid\\share\\x.yaml']\n",
		"a device":    "generators: [registry]\nresources: ['\\\\?\\UNC\\reggen.invalid\\share\\x.yaml']\n",
		"builtin":     "generators:\n- registry\n- |\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n  metadata: {name: x}\n  name: x\n  files: ['//reggen.invalid/share/x']\n",
	} {
		files := layered()
		files["env/kustomization.yaml"] = text
		_, err := Allow{}.Build(filepath.Join(tree(t, files), "env"), generate)
		if err == nil || !strings.Contains(err.Error(), NetworkFlag) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
