package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What an environment changes in a release of its values, as the real Helm renders
// it by the chart of these tests: testdata/movein/*/differences.txt.
func TestDifferences(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(repo, "testdata", "movein", "*", "values.yaml"))
	must(t, err)
	if len(found) < 12 {
		t.Fatalf("only %v", found)
	}
	chart, err := filepath.Abs("testdata/release")
	must(t, err)
	drawn := regexp.MustCompile(`[0-9a-f]{32,}`) // digests of what is random
	for _, values := range found {
		name := filepath.Base(filepath.Dir(values))
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "repository")
			must(t, os.Mkdir(folder, 0o755))
			command(t, folder, "", "git", "init", "-q", ".")
			left := command(t, folder, "", "reggen", "import", "overlays/prod", "--values", values)
			if strings.Contains(left, "nobody who could log in") {
				command(t, folder, "", "reggen", "user", "add", "somebody", "--generate", "--dir", "overlays/prod")
			}
			if _, err := tried(folder, "", "reggen", "seal", "overlays/prod"); err != nil {
				if !strings.Contains(err.Error(), "no s3 credential") {
					t.Fatal(err)
				}
				command(t, folder, "accessKey=demo-access-key\nsecretKey=demo-secret-key\n", "reggen", "credential", "set", "s3", "--stdin", "--dir", "overlays/prod")
				command(t, folder, "", "reggen", "seal", "overlays/prod")
			}
			live := filepath.Join(filepath.Dir(folder), "live.yaml")
			must(t, os.WriteFile(live, []byte(command(t, folder, "", "helm", "template", release, chart, "-f", values)), 0o600))
			got := drawn.ReplaceAllString(command(t, folder, "", "reggen", "takeover", "overlays/prod", "--live", live), "DIGEST")
			path := filepath.Join(filepath.Dir(values), "differences.txt")
			if *update {
				must(t, os.WriteFile(path, []byte(got), 0o644))
			}
			want, err := os.ReadFile(path)
			must(t, err)
			if got != string(want) {
				t.Errorf("%s", fmt.Sprintf("%s\ninstead of\n%s", got, want))
			}
		})
	}
}
