package repository

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file that no build takes is a difference, and is not searched for names.
func TestTouchedByWhatNoBuildTakes(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		touched bool
	}{
		"a name again and again": {"[" + strings.Repeat("a,", 100_000) + "a]\n", false},
		"too many of them":       {"[" + strings.Repeat("a,", 600_000) + "a]\n", true},
		"too deep":               {strings.Repeat("[", 200) + strings.Repeat("]", 200) + "\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			var tops []string
			for range 2 {
				top, err := filepath.EvalSymlinks(t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				for file, text := range map[string]string{"kustomization.yaml": "resources: []\n", "names.yaml": c.text} {
					if err := os.WriteFile(filepath.Join(top, file), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				tops = append(tops, top)
			}
			r := &Repository{Dir: tops[0]}
			if touched := r.Touched(tops[0], tops[0], tops[1]); touched != c.touched {
				t.Errorf("touched: %v", touched)
			}
		})
	}
}
