package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// answers reads the guide's table: what kube-score calls critical, by example.
func answers(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(repo, "docs", "guide", "check.md"))
	must(t, err)
	out := map[string][]string{}
	row := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| ([a-z, ]+) \\| .{20,} \\|$")
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		for _, example := range regexp.MustCompile(`[a-z]+`).FindAllString(m[2], -1) {
			out[example] = append(out[example], m[1])
		}
	}
	for _, ids := range out {
		slices.Sort(ids)
	}
	return out
}

// What kube-score calls critical in the examples is what the guide answers,
// no more and no less. It is a module of its own: it needs an old client-go.
func TestKubeScore(t *testing.T) {
	must(t, build("score", "github.com/zegl/kube-score/cmd/kube-score"))
	answered := answers(t)
	for _, example := range []string{"staging", "prod"} {
		p := examples(t)
		manifests := p.ok("", tool("reggen"), "build", "overlays/"+example)
		r := p.run(string(manifests), tool("kube-score"), "score", "-o", "json", "-")
		var objects []struct {
			Name   string `json:"object_name"`
			Checks []struct {
				Check   struct{ ID string }
				Grade   int
				Skipped bool
			}
		}
		if err := json.Unmarshal(r.stdout, &objects); err != nil || len(objects) < 3 {
			t.Fatalf("%s: %v, %d objects\n%s", example, err, len(objects), r.stderr)
		}
		var critical []string
		for _, o := range objects {
			for _, c := range o.Checks {
				if c.Grade == 1 && !c.Skipped {
					critical = append(critical, c.Check.ID)
				}
			}
		}
		slices.Sort(critical)
		critical = slices.Compact(critical)
		if have, want := fmt.Sprint(critical), fmt.Sprint(answered[example]); have != want {
			t.Errorf("%s: kube-score calls critical\n%s\nand docs/guide/check.md answers\n%s", example, have, want)
		}
	}
}
