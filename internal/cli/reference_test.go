package cli

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files anew")

// golden compares got with a file, byte by byte, or writes it with -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is out of date; see what changed with: go test ./internal/cli -update && git diff %s", path, path)
	}
}

func TestReference(t *testing.T) {
	golden(t, "../../docs/reference/commands.md", []byte(Reference()))
}

// Whoever is told to run kustomize with plugins is told what it runs by itself.
func TestTheFlagOfKustomizesComesWithItsWarning(t *testing.T) {
	told := 0
	for _, top := range []string{"README.md", "CONTRIBUTING.md", "docs/guide", "deploy", "overlays", "bases"} {
		err := filepath.WalkDir(filepath.Join(repo(t), top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			if strings.Contains(string(text), "enable-alpha-plugins") {
				if told++; !strings.Contains(string(text), "security.md") {
					t.Errorf("%s names --enable-alpha-plugins and not security.md, which says what else kustomize runs then", path)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if told < 5 {
		t.Errorf("%d files name the flag: were they found?", told)
	}
}
