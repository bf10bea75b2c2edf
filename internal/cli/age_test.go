package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/spec"
)

// ageFindings are check's on ages, at a time: rule, severity, file and what.
func ageFindings(t *testing.T, e *testEnv, days int) []string {
	t.Helper()
	out, errs, _ := runAt(t, e.dir, in(days), "check", "-o", "json", "overlays/e0")
	var report struct {
		Findings []struct{ Rule, Severity, File, Message, Next string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v: %s%s", err, out, errs)
	}
	var found []string
	for _, f := range report.Findings {
		if strings.HasSuffix(f.Rule, "-age") {
			found = append(found, strings.Join([]string{f.Rule, f.Severity, strings.TrimPrefix(f.File, "overlays/e0/"), f.Message, f.Next}, "|"))
		}
	}
	return found
}

// Without a key and without a limit nothing is told; with one, what is older,
// with the command that mends it; what nobody can know, as something to know.
func TestCheckTellsAges(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.aged(0, "puller", 80)
	e.aged(0, "u0", 91)
	e.user(0, "old", canary)
	e.ok("seal", "overlays/e0")
	if got := ageFindings(t, e, 10_000); len(got) > 0 {
		t.Errorf("without a limit: %q", got)
	}
	e.limited("e0")
	t.Setenv("SOPS_AGE_KEY_FILE", "/nonexistent")
	const unsure = `password-age|info|credentials/old.enc.yaml|user "old": its password can be older than spec.auth.maxAge: nothing says how old it is: at least %d days, since its file was encrypted on `
	const person = `password-age|warning|credentials/u0.enc.yaml|user "u0": its password is %d days old, and spec.auth.maxAge is 90d|reggen credential set u0 --dir overlays/e0 --field password   # for a person; for a program: reggen user rotate u0 --dir overlays/e0`
	today, later := ageFindings(t, e, 0), ageFindings(t, e, 11)
	for i, want := range []string{fmt.Sprintf(unsure, 0), fmt.Sprintf(person, 91)} {
		if len(today) != 2 || !strings.HasPrefix(today[i], want) {
			t.Errorf("today: %q, want %q", today, want)
		}
	}
	want := []string{fmt.Sprintf(unsure, 11), `password-age|warning|credentials/puller.enc.yaml|user "puller": its password is 91 days old, and spec.auth.maxAge is 90d|reggen user rotate --due overlays/e0`, fmt.Sprintf(person, 102)}
	for i, want := range want {
		if len(later) != 3 || !strings.HasPrefix(later[i], want) {
			t.Errorf("later: %q, want %q", later, want)
		}
	}
}

// A data key's day is that on which it was made: what keeps it moves nothing, a
// new one does. All of an environment's are told at once.
func TestCheckTellsDataKeys(t *testing.T) {
	e := newEnv(t, 1, 1)
	file := "overlays/e0/registry/registry.yaml"
	e.write(file, strings.TrimSuffix(e.read(file), "\n")+"\n  secrets: {maxAge: {dataKeys: 30d}}\n")
	e.ok("seal", "overlays/e0")
	if got := ageFindings(t, e, 30); len(got) > 0 {
		t.Errorf("on the last day: %q", got)
	}
	got := ageFindings(t, e, 31)
	if len(got) != 1 || !strings.HasPrefix(got[0], "data-key-age|warning|credentials/machine.enc.yaml|its data key is 31 days old, and spec.secrets.maxAge.dataKeys is 30d; so it is with ") || !strings.HasSuffix(got[0], "|reggen seal --rotate-keys overlays/e0") {
		t.Errorf("%q", got)
	}
	made := func(text string) string {
		for line := range strings.Lines(text) {
			if strings.Contains(line, spec.DataKeyMade) {
				return strings.TrimSpace(line)
			}
		}
		return ""
	}
	// A file of an older reggen has no day, until it gets a data key.
	machine := "overlays/e0/sealed/docker-registry-http.yaml"
	now := made(e.read(machine))
	e.write(machine, strings.Replace(e.read(machine), "    "+now+"\n", "", 1))
	if got := ageFindings(t, e, 20); len(got) != 1 || !strings.HasPrefix(got[0], "data-key-age|info|sealed/docker-registry-http.yaml|of its data key nothing says how old it is: at least 20 days") {
		t.Errorf("%q", got)
	}
	e.ok("seal", "overlays/e0")
	e.ok("build", "overlays/e0")
	if made(e.read(machine)) != "" {
		t.Error("a seal with nothing to do gave a file a day")
	}
	e.ok("seal", "--rotate-keys", "overlays/e0")
	if got := made(e.read(machine)); got != now || now == "" {
		t.Errorf("%q, was %q", got, now)
	}
	if out := e.ok("build", "overlays/e0"); strings.Contains(out, spec.DataKeyMade) {
		t.Error("a build holds an annotation of reggen's")
	}
}

// A day in clear is covered by the file's MAC: who has a key sees that it was
// changed.
func TestADayIsCovered(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.limited("e0")
	e.aged(0, "puller", 100)
	e.ok("seal", "overlays/e0")
	file := "overlays/e0/credentials/puller.enc.yaml"
	e.write(file, strings.Replace(e.read(file), in(-100).UTC().Format("2006-01-02"), in(-1).UTC().Format("2006-01-02"), 1))
	if got := ageFindings(t, e, 0); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if _, errs, code := run(t, e.dir, "seal", "--check", "overlays/e0"); code == 0 || !strings.Contains(errs, "MAC") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
