package check

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the reference page anew")

func TestRulesPage(t *testing.T) {
	const path = "../../docs/reference/rules.md"
	if *update {
		if err := os.WriteFile(path, []byte(Page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != Page() {
		t.Errorf("%s is out of date; write it with: go test ./generator/check -run TestRulesPage -update", path)
	}
}

// Every rule is whole: it can be named, explained and applied.
func TestRulesAreWhole(t *testing.T) {
	id := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, r := range Rules() {
		if !id.MatchString(r.ID) || seen[r.ID] {
			t.Errorf("the id %q", r.ID)
		}
		seen[r.ID] = true
		if !slices.Contains(Severities, r.Severity) || len(r.Inputs) == 0 {
			t.Errorf("%s: severity %q, inputs %v", r.ID, r.Severity, r.Inputs)
		}
		if r.Title == "" || strings.HasSuffix(r.Title, ".") || !strings.HasSuffix(r.Reason, ".") || !strings.HasSuffix(r.Fix, ".") {
			t.Errorf("%s: its texts are not sentences", r.ID)
		}
		ways := 0
		for _, set := range []bool{r.one != nil, r.all != nil, r.OnObjects(), slices.Contains(byCaller, r.ID), r.ID == ruleSilence} {
			if set {
				ways++
			}
		}
		if ways != 1 {
			t.Errorf("%s is applied in %d ways", r.ID, ways)
		}
		if r.OnObjects() && !slices.Equal(r.Inputs, []Input{Objects}) {
			t.Errorf("%s looks at %v", r.ID, r.Inputs)
		}
		if found, ok := Lookup(r.ID); !ok || found.Title != r.Title {
			t.Errorf("%s can't be looked up", r.ID)
		}
	}
	if _, ok := Lookup("nothing"); ok {
		t.Error("a rule that is none")
	}
}

func TestSeveritiesAreOrdered(t *testing.T) {
	if !Error.AtLeast(Warning) || !Warning.AtLeast(Info) || !Info.AtLeast(Info) || Info.AtLeast(Warning) || Warning.AtLeast(Error) {
		t.Error("the order of severities")
	}
}
