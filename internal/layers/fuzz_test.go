package layers

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// FuzzMark marks whatever two layers say, takes the marked layer for what a merge
// gives, and asks for places: none is outside of its file, and its excerpt is no
// longer than its line.
func FuzzMark(f *testing.F) {
	const kustomization = "resources: [base.yaml]\npatches:\n- path: patch.yaml\n- patch: |-\n    - {op: replace, path: /spec/host, value: x}\n"
	f.Add(kustomization, "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: r}\nspec: {host: a, storage: {s3: {bucket: b}}}\n", "spec.storage.s3.bucket")
	f.Add(kustomization, "kind: Registry\nmetadata: {name: r}\nspec: &a {host: \"a\", config: {x: [1, *b]}}\n", "spec.config.x[1]")
	f.Add("\ufeffpatches: [{patch: '{kind: Registry, spec: {a: 1}}'}]\r\n", "- op: add\n  path: /spec/a~1b/-\n  value: [x]\n", "spec.a/b[0]")
	f.Add("patches: [{patch: \"kind: Registry\\nspec: {a: \\t1}\"}]", "---\n---\nkind: Registry\nspec:\n  $patch: replace\n  a: ~\n", "metadata.name")
	f.Fuzz(func(t *testing.T, root, layer, path string) {
		for _, text := range []string{root, layer} {
			if len(text) > 4096 || bounded.YAML("x", []byte(text)) != nil {
				return // no merge reads it
			}
		}
		files := []File{{"kustomization.yaml", []byte(root)}, {"base.yaml", []byte(layer)}, {"patch.yaml", []byte(layer)}}
		texts := map[string]string{}
		for _, file := range files {
			texts[file.Path] = string(file.Text)
		}
		Clashes(files, "kustomization.yaml")
		marked := Mark(files, "kustomization.yaml")
		with, is := marked.Texts["base.yaml"]
		if !is {
			return
		}
		merged, ok := marked.Merged([]byte(layer), with)
		if !ok {
			return
		}
		for _, named := range []bool{false, true} {
			at, found := merged.Find(path, named)
			if !found {
				continue
			}
			lines := strings.Split(texts[at.File], "\n")
			if at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > utf8.RuneCountInString(lines[at.Line-1])+1 {
				t.Errorf("%s:%d:%d is not in the file", at.File, at.Line, at.Column)
			}
			at.Excerpt(problem.Problem{Path: path, What: `"x"`, Near: "y"})
		}
	})
}
