package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif" // carries the schema
	"github.com/xeipuuv/gojsonschema"
)

// The SARIF report is what the standard's schema says, findings, silences and
// rules included.
func TestSARIF(t *testing.T) {
	p := examples(t)
	const spec = "overlays/dev/registry/registry.yaml"
	p.write(spec, string(bytes.Replace(p.read(spec), []byte("replicas: 1"), []byte("replicas: 1\n  image: {tag: 3.1.0}"), 1)))
	report := p.run("", tool("reggen"), "check", "-o", "sarif", "overlays/*").stdout
	validSARIF(t, result{stdout: report})
	var log struct {
		Runs []struct {
			Results []struct {
				RuleID       string
				Suppressions []any
			}
		}
	}
	must(t, json.Unmarshal(report, &log))
	silenced, open := 0, map[string]bool{}
	for _, r := range log.Runs[0].Results {
		if len(r.Suppressions) > 0 {
			silenced++
		} else {
			open[r.RuleID] = true
		}
	}
	if silenced != 7 || !open["vulnerable-image"] || len(open) != 1 {
		t.Errorf("%d silenced, open: %v", silenced, open)
	}
}

// validSARIF holds a report against the standard's schema.
func validSARIF(t *testing.T, r result) {
	t.Helper()
	found, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(sarifSchema(t)), gojsonschema.NewBytesLoader(r.stdout))
	must(t, err)
	for _, e := range found.Errors() {
		t.Error(e)
	}
}

// sarifSchema is the standard's schema, which go-sarif holds in a constant.
func sarifSchema(t *testing.T) []byte {
	t.Helper()
	p := bare(t)
	p.dir = filepath.Join(repo, "e2e")
	p.env = append(p.env, "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"), "XDG_CONFIG_HOME=") // go leaves a process there that outlives the test
	dir := bytes.TrimSpace(p.ok("", goProgram(t), "list", "-m", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3"))
	source, err := os.ReadFile(filepath.Join(string(dir), "pkg", "report", "v210", "sarif", "schema.go"))
	must(t, err)
	parts := bytes.Split(source, []byte("`"))
	if len(parts) != 3 {
		t.Fatalf("the schema is not where it was: %d parts", len(parts))
	}
	return parts[1]
}

func goProgram(t *testing.T) string { return system(t, "go", "https://go.dev/dl") }
