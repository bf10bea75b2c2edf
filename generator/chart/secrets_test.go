package chart

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"

	"sigs.k8s.io/yaml"
)

// Whatever text a secret is, it arrives in the Secret byte for byte.
func FuzzSecretsArriveExactly(f *testing.F) {
	for _, s := range []string{"true", "0755", "1e3", "~", "{{ .Values }}", "$2y$", "a'b\"c", "#", "ü", "- x", "a: b", "%", "\\", "<no value>x"} {
		f.Add(s)
	}
	c, err := Default()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || !utf8.ValidString(text) {
			return
		}
		files, err := c.Plain(release, map[string]any{
			"storage": "s3", "secrets": map[string]any{"htpasswd": text, "haSharedSecret": text, "s3": map[string]any{"accessKey": text, "secretKey": text}},
		})
		if err != nil {
			t.Fatal("does not render")
		}
		n := 0
		for _, file := range files {
			if file.File != "templates/secrets.yaml" {
				continue
			}
			for _, doc := range strings.Split(string(file.Data), "\n---\n") {
				var o map[string]any
				if err := yaml.UnmarshalStrict([]byte(doc), &o); err != nil {
					t.Fatal("not YAML")
				}
				data, _ := o["data"].(map[string]any)
				for k, v := range data {
					n++
					if raw, err := base64.StdEncoding.DecodeString(v.(string)); err != nil || string(raw) != text {
						t.Errorf("%s arrives changed", k)
					}
				}
			}
		}
		if n != 4 {
			t.Errorf("%d values, want 4", n)
		}
	})
}
