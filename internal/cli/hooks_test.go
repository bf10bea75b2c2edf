package cli

import (
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// The published pre-commit hooks call commands that exist, with flags that
// exist, and say what a hook that renders has to say.
func TestHooks(t *testing.T) {
	text, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct {
		ID            string   `json:"id"`
		Name          string   `json:"name"`
		Description   string   `json:"description"`
		Entry         string   `json:"entry"`
		Language      string   `json:"language"`
		PassFilenames *bool    `json:"pass_filenames"`
		AlwaysRun     bool     `json:"always_run"`
		RequireSerial bool     `json:"require_serial"`
		Verbose       bool     `json:"verbose"`
		Types         []string `json:"types"`
	}
	if err := yaml.UnmarshalStrict(text, &hooks); err != nil || len(hooks) != 4 {
		t.Fatalf("%v, %d hooks", err, len(hooks))
	}
	for _, h := range hooks {
		words := strings.Fields(h.Entry)
		renders := h.PassFilenames != nil && !*h.PassFilenames && h.AlwaysRun && h.RequireSerial
		onFiles := h.PassFilenames == nil && !h.AlwaysRun && slices.Equal(h.Types, []string{"file"})
		if words[0] != "reggen" || h.Language != "golang" || !renders && !onFiles || onFiles != (h.ID == "reggen-credentials") {
			t.Errorf("%s: %+v", h.ID, h)
		}
		words = slices.DeleteFunc(words, func(w string) bool { return w == "--" })
		if out, errs, code := run(t, t.TempDir(), append(words[1:], "--help")...); code != 0 || !strings.Contains(out, "Usage:") {
			t.Errorf("%s: exit %d\n%s", h.ID, code, errs)
		}
	}
}
