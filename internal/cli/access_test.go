package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/internal/access"
	"github.com/reggen/reggen/internal/inspect"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// report runs access -o json and reads what it printed.
func (e *testEnv) report(args ...string) access.Report {
	e.t.Helper()
	var r access.Report
	if err := json.Unmarshal([]byte(e.ok(append([]string{"access", "-o", "json"}, args...)...)), &r); err != nil {
		e.t.Fatal(err)
	}
	return r
}

// standing is how a recipient stands to credentials and sealed files of the n-th
// environment.
func (e *testEnv) standing(r access.Report, n int, who string) [2]access.Status {
	for _, x := range r.Environments[n].Readers {
		if x.Key == e.keys[who] {
			return [2]access.Status{x.Credentials, x.Sealed}
		}
	}
	return [2]access.Status{}
}

func TestAccessSaysHowEachReaderStands(t *testing.T) {
	e := newEnv(t, 2, 2)
	e.ok("seal", "overlays/e0")
	r := e.report()
	if got := e.standing(r, 0, "people"); got != [2]access.Status{access.Reads, access.Reads} {
		t.Errorf("people: %q", got)
	}
	if got := e.standing(r, 0, "e0"); got != [2]access.Status{access.None, access.Reads} {
		t.Errorf("the cluster: %q", got)
	}
	if got := e.standing(r, 1, "e1"); got != [2]access.Status{access.None, access.Next} {
		t.Errorf("the cluster of what is not sealed yet: %q", got)
	}
	// One comes into the rules, and no file is for them yet; another leaves the
	// rules, and the files are for them still.
	e.key("new")
	e.write(".sops.yaml", strings.NewReplacer(e.keys["people"]+",", e.keys["new"]+",", e.keys["people"]+"\n", e.keys["new"]+" # Dora\n").Replace(e.read(".sops.yaml")))
	r = e.report()
	if got := e.standing(r, 0, "new"); got != [2]access.Status{access.Next, access.Next} {
		t.Errorf("who was added to the rules: %q", got)
	}
	if got := e.standing(r, 0, "people"); got != [2]access.Status{access.Still, access.Still} {
		t.Errorf("who was taken out of the rules: %q", got)
	}
	if !slices.ContainsFunc(r.Readers, func(x access.Reader) bool { return x.Key == e.keys["new"] && x.Name == "Dora" }) {
		t.Errorf("no name: %v", r.Readers)
	}
	// A file that was encrypted for them makes it some of the files.
	e.user(0, "late", canary)
	if got := e.standing(e.report(), 0, "new"); got[0] != access.Some {
		t.Errorf("with one file: %q", got)
	}
}

// rewrite replaces the line of a file that holds a text, indented as it is.
func (e *testEnv) rewrite(file, holds, line string) {
	e.t.Helper()
	lines, found := strings.Split(e.read(file), "\n"), false
	for i, l := range lines {
		if strings.Contains(l, holds) {
			lines[i], found = strings.Repeat(" ", len(l)-len(strings.TrimLeft(l, " ")))+line, true
		}
	}
	if !found {
		e.t.Fatalf("%s holds no %s", file, holds)
	}
	e.write(file, strings.Join(lines, "\n"))
}

// A secret has one age, whoever tells it: what access calls overdue or unsure is
// what check warns of, in its very words, in every form of the report.
func TestAccessAndCheckKnowOneAge(t *testing.T) {
	e := newEnv(t, 1, 3)
	e.ok("user", "add", "eve", "--generate", "--dir", "overlays/e0")
	e.ok("seal", "overlays/e0")
	const spec, puller, u0, eve, regcred = "overlays/e0/registry/registry.yaml", "overlays/e0/credentials/puller.enc.yaml", "overlays/e0/credentials/u0.enc.yaml", "overlays/e0/credentials/eve.enc.yaml", "overlays/e0/sealed/regcred.yaml"
	e.write(spec, strings.Replace(e.read(spec), "spec:\n", "spec:\n  auth: {maxAge: 90d}\n  secrets: {maxAge: {dataKeys: 30d}}\n", 1))
	ago := func(days int) string { return time.Now().UTC().AddDate(0, 0, -days).Format(time.DateOnly) }
	e.rewrite(eve, "set-on:", `reggen.dev/set-on: "`+ago(100)+`"`)
	e.rewrite(puller, "lastmodified:", `lastmodified: "`+ago(200)+`T00:00:00Z"`) // and notes no day
	e.rewrite(regcred, "data-key-made:", `reggen.dev/data-key-made: "`+ago(240)+`"`)
	// A day in git, whatever it is, makes none of them older.
	e.git("init", "-q")
	e.git("add", "-A")
	t.Setenv("GIT_COMMITTER_DATE", "2020-05-01T12:00:00Z")
	e.git("commit", "-q", "-m", "first")

	r := e.report()
	ages := map[string]access.Age{}
	for _, u := range r.Environments[0].Users {
		ages[u.File] = u.Age
	}
	for _, f := range r.Environments[0].Files {
		if f.File == regcred {
			ages[f.File] = f.DataKey
		}
	}
	for file, want := range map[string]access.Age{
		eve:     {Since: ago(100), Days: 100, Exact: true, Limit: 90, Overdue: "is 100 days old, and spec.auth.maxAge is 90d"},
		puller:  {Since: ago(200), Days: 200, Limit: 90, Overdue: "is at least 200 days old, and spec.auth.maxAge is 90d"},
		u0:      {Since: ago(0), Limit: 90, Unsure: "nothing says how old it is: at least 0 days, since its file was encrypted on " + ago(0)},
		regcred: {Since: ago(240), Days: 240, Exact: true, Limit: 30, Overdue: "is 240 days old, and spec.secrets.maxAge.dataKeys is 30d"},
	} {
		if ages[file] != want {
			t.Errorf("%s: %+v, want %+v", file, ages[file], want)
		}
		if !slices.ContainsFunc(r.Check.Findings, func(f inspect.Reported) bool {
			return f.File == file && strings.Contains(f.Message, want.Overdue+want.Unsure)
		}) {
			t.Errorf("%s: check doesn't say %q", file, want.Overdue+want.Unsure)
		}
	}
	for form, wants := range map[string][]string{
		"table":    {"at least 200 days (" + ago(200) + ")", "overdue (90 days)", "unsure (90 days)", "240 days (" + ago(240) + ")", "overdue (30 days)"},
		"markdown": {"overdue &#40;90 days&#41;", "unsure &#40;90 days&#41;", "overdue &#40;30 days&#41;"},
		"csv":      {ago(200) + ",200,no,90,overdue", ago(100) + ",100,yes,90,overdue", ago(0) + ",0,no,90,unsure", ago(240) + ",240,yes,30,overdue"},
		"html":     {"overdue: limit 90 days", "unsure: limit 90 days", "overdue: limit 30 days", "2 passwords overdue, of 4 with a limit", "2 data keys overdue, of 10 with a limit"},
	} {
		out := e.ok("access", "-o", form)
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s lacks %q:\n%s", form, want, out)
			}
		}
	}
}

func TestAccessSinceARevision(t *testing.T) {
	e := newEnv(t, 2, 2)
	e.ok("seal", "overlays/e0", "overlays/e1")
	e.git("init", "-q")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "first")
	if r := e.report("--from", "HEAD"); len(r.Changes) != 0 {
		t.Errorf("nothing changed, and it tells %+v", r.Changes)
	}
	e.key("new")
	e.write(".sops.yaml", strings.Replace(e.read(".sops.yaml"), e.keys["people"]+","+e.keys["e0"], e.keys["new"]+","+e.keys["e0"], 1))
	e.user(0, "carol", canary)
	e.remove("overlays/e0/credentials/u0.enc.yaml")
	e.write("bases/registry/registry.yaml", strings.Replace(e.read("bases/registry/registry.yaml"), "[default]", "[default, shop]", 1))
	if err := os.RemoveAll(e.path("overlays/e1")); err != nil {
		t.Fatal(err)
	}
	r := e.report("--from", "HEAD")
	text, _ := json.Marshal(r.Changes)
	for _, want := range []string{`"added":["` + e.keys["new"] + `"]`, `"users":{"added":["carol"],"removed":["u0"]}`, `"added":["regcred of puller in shop"]`, `"environment":"overlays/e1","state":"removed"`, e.keys["e1"]} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	// What is gone with its environment is told with it, in one line.
	if n := strings.Count(e.ok("access", "-o", "csv", "--from", "HEAD"), "change,overlays/e1,"); n != 1 {
		t.Errorf("%d lines of an environment that is gone", n)
	}
	out := e.ok("access", "--from", "HEAD")
	if out != e.ok("access", "--from", "HEAD") {
		t.Error("not the same twice")
	}
	if !strings.Contains(out, "user") || !strings.Contains(out, "Since HEAD") {
		t.Errorf("the table lacks it:\n%s", out)
	}
}

// What can't be read is told, in the report too, hides nothing else, and fails.
func TestAccessTellsWhatItCannotRead(t *testing.T) {
	e := newEnv(t, 2, 1)
	e.write("overlays/e0/registry/registry.yaml", "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: docker-registry, namespace: registry}\nspec: {hosst: x}\n")
	e.write("overlays/e1/credentials/broken.enc.yaml", "a: [\n")
	for _, form := range access.Outputs {
		out, errs, code := run(t, e.dir, "access", "-o", form)
		if code != 1 || !strings.Contains(errs, "hosst") || !strings.Contains(errs, "broken.enc.yaml") {
			t.Errorf("%s: exit %d, %s", form, code, errs)
		}
		if !strings.Contains(out, "hosst") || !strings.Contains(out, "broken.enc.yaml") || !strings.Contains(out, "r1.example.com") {
			t.Errorf("%s: the report says too little:\n%s", form, out)
		}
	}
	if out, errs, code := run(t, e.dir, "access", "-o", "pdf"); code != 2 || out != "" || !strings.Contains(errs, "html") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if out, _, code := run(t, e.dir, "access", "nowhere"); code != 1 || out != "" {
		t.Errorf("a folder that is not there: exit %d, %q", code, out)
	}
}

// Whoever has no rules hears it once a folder, in every form, and sees who opens
// the files all the same.
func TestAccessWithoutRules(t *testing.T) {
	e := newEnv(t, 1, 3)
	e.ok("seal", "overlays/e0")
	e.remove(".sops.yaml")
	for _, form := range access.Outputs {
		out, errs, code := run(t, e.dir, "access", "-o", form)
		if code != 1 || strings.Count(errs, "no .sops.yaml") != 2 || !strings.Contains(errs, "init DIR --print-rules") {
			t.Errorf("%s: exit %d, %s", form, code, errs)
		}
		if !strings.Contains(out, "no .sops.yaml in this folder or above") || strings.Contains(out, `\n`) || !strings.Contains(out, "still") {
			t.Errorf("%s:\n%s", form, out)
		}
	}
	if _, errs, code := run(t, e.dir, "access", "--from", "v1", "-o", "html"); code != 1 || !strings.Contains(errs, `--from: needs git's history, and this is not in a git repository; expected a clone that has "v1"`) {
		t.Errorf("outside git: exit %d, %s", code, errs)
	}
	e.git("init", "-q")
	if out, errs, code := run(t, e.dir, "access", "--from", "v1", "-o", "csv"); code != 1 || out != "" || !strings.Contains(errs, `git knows no revision "v1"`) {
		t.Errorf("without a commit: exit %d, %s", code, errs)
	}
}

// A spreadsheet takes no cell for a formula.
func TestAccessCSVIsInert(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), "credentials/[^/]+\\.yaml$\n    age: "+e.keys["people"], "credentials/[^/]+\\.yaml$\n    age: "+e.keys["people"]+" # =1+1"))
	for _, user := range []string{"-1+1", "@SUM"} {
		e.user(0, user, canary)
	}
	rows, err := csv.NewReader(strings.NewReader(e.ok("access", "-o", "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	guarded := 0
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("a formula: %q", cell)
			}
			if strings.HasPrefix(cell, "'") {
				guarded++
			}
		}
	}
	if guarded < 3 {
		t.Errorf("only %d of 3 are there:\n%v", guarded, rows)
	}
}

// The page lets nothing in but itself, whatever a name says; and the whole needs no
// key.
func TestAccessPage(t *testing.T) {
	e := newEnv(t, 1, 1)
	evil := `<script>alert(1)</script>`
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), "age: "+e.keys["people"]+"\n", "age: "+e.keys["people"]+" # "+evil+"\n"))
	t.Setenv("SOPS_AGE_KEY_FILE", "")
	out := e.ok("access", "-o", "html")
	if strings.Contains(out, evil) || !strings.Contains(out, "&lt;script&gt;alert(1)") {
		t.Error("a name is no text")
	}
	if strings.Count(out, "<script>") != 1 || strings.Contains(out, "unsafe") || !strings.Contains(out, "default-src &#39;none&#39;") {
		t.Error("the policy lets something in")
	}
	if strings.Contains(out, "ZgotmplZ") || !strings.Contains(out, "rules.md#") {
		t.Error("a link to a rule is missing")
	}
}

// TestGoldenAccess holds the report on the examples, on a day of its own, outside
// git's history of this repository.
func TestGoldenAccess(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bases", "overlays"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(repo(t), name))); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := os.ReadFile(filepath.Join(repo(t), ".sops.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".sops.yaml"), rules, 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(form string) []byte {
		t.Helper()
		var out, errs bytes.Buffer
		w := New([]string{"access", "-o", form}, &terminal.Terminal{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" },
			Now: func() time.Time { return time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC) }},
			&repository.Repository{Dir: dir}, Machine{Home: t.TempDir(), Random: rand.Reader, Executable: os.Executable})
		if code := Run(context.Background(), w); code != 0 {
			t.Fatalf("exit %d: %s", code, errs.String())
		}
		return out.Bytes()
	}
	names := map[string]string{"table": "access.txt", "markdown": "access.markdown", "csv": "access.csv"}
	for _, form := range access.Outputs {
		out := run(form)
		if again := run(form); !bytes.Equal(out, again) {
			t.Errorf("%s: not the same twice", form)
		}
		if names[form] != "" {
			golden(t, filepath.Join("testdata", names[form]), out)
		}
	}
}
