package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A short run collects no garbage, from its start on, and what sees to it comes
// before the packages that allocate the most when they are initialised.
func TestStart(t *testing.T) {
	run := func(env ...string) string {
		t.Helper()
		cmd := exec.Command("reggen", "build", "../../overlays/staging")
		cmd.Env = append(os.Environ(), env...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		return stderr.String()
	}
	const trace = "GODEBUG=gctrace=1,inittrace=1"
	out := run(trace, "GOGC=", "GOMEMLIMIT=")
	if strings.Contains("\n"+out, "\ngc ") {
		t.Errorf("garbage was collected:\n%s", out)
	}
	first, _, ok := strings.Cut(out, "init github.com/reggen/reggen/internal/early ")
	if _, _, is := strings.Cut(out, "init github.com/trustelem/zxcvbn/frequency "); !ok || !is || strings.Contains(first, "zxcvbn/frequency") {
		t.Errorf("internal/early is not initialised before the estimator's words:\n%s", out)
	}
	// Who has settings of their own gets them.
	if out := run(trace, "GOGC=20", "GOMEMLIMIT="); !strings.Contains("\n"+out, "\ngc ") {
		t.Errorf("no garbage was collected with GOGC=20:\n%s", out)
	}
	if out := run(trace, "GOGC=", "GOMEMLIMIT=1GiB"); !strings.Contains("\n"+out, "\ngc ") {
		t.Errorf("no garbage was collected with GOMEMLIMIT alone:\n%s", out)
	}
}
