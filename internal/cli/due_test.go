package cli

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/credential"
)

// aged writes a user whose password was set some days ago.
func (e *testEnv) aged(env int, name string, days int) {
	e.t.Helper()
	doc := credential.Document{Type: credential.User, Cost: credential.MinCost, StringData: map[string]string{"password": canary}}
	doc.SetOn(in(-days))
	e.credential(env, name, doc)
}

// in is the time in some days, from the moment on which the tests began: midnight
// passes between none of them.
func in(days int) time.Time { return began.Add(time.Duration(days) * 24 * time.Hour) }

var began = time.Now()

// limited has an environment's spec say how old a password may be.
func (e *testEnv) limited(env string) {
	file := "overlays/" + env + "/registry/registry.yaml"
	e.write(file, strings.TrimSuffix(e.read(file), "\n")+"\n  auth: {maxAge: 90d}\n")
}

// A year of daily runs: the pull secret's user is rotated when it is due, the
// old one goes when the overlap is over and the new one is sealed, nothing is
// done twice, and nobody else's password is touched.
func TestDueDayByDay(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.limited("e0")
	e.aged(0, "puller", 91)
	e.aged(0, "u0", 200)
	e.ok("seal", "overlays/e0")
	due := func(days int, args ...string) string {
		t.Helper()
		out, errs, code := runAt(t, e.dir, in(days), append([]string{"user", "rotate", "--due", "overlays/e0"}, args...)...)
		if code != 0 {
			t.Fatalf("exit %d: %s", code, errs)
		}
		return out
	}
	same := func(do func()) {
		t.Helper()
		before := e.files()
		do()
		if got := changedFiles(before, e.files()); len(got) > 0 {
			t.Errorf("changed %v", got)
		}
	}
	const person = "overlays/e0: user u0: for a person: its password is 200 days old, and spec.auth.maxAge is 90d\n  next: reggen credential set u0 --dir overlays/e0 --field password   # for a person; for a program: reggen user rotate u0 --dir overlays/e0\n"
	same(func() {
		if out := due(0, "--dry-run"); out != "overlays/e0: user puller: to be rotated to puller-2: its password is 91 days old, and spec.auth.maxAge is 90d\n"+person {
			t.Error(out)
		}
	})
	before := e.files()
	if out := due(0); out != "overlays/e0: user puller: rotated to puller-2: its password is 91 days old, and spec.auth.maxAge is 90d\n"+person {
		t.Error(out)
	}
	if got := changedFiles(before, e.files()); !slices.Equal(got, []string{"overlays/e0/credentials/puller-2.enc.yaml", "overlays/e0/registry/registry.yaml"}) {
		t.Errorf("changed %v", got)
	}
	// In the overlap nobody is told of the old password, and access says why; after
	// it, what is left to do.
	judged := func(days int, finding, verdict string) {
		t.Helper()
		var found []string
		for _, f := range ageFindings(t, e, days) {
			if strings.Contains(f, `user "puller"`) {
				found = append(found, f)
			}
		}
		if got := strings.Join(found, "\n"); got != finding {
			t.Errorf("day %d: check says %q, want %q", days, got, finding)
		}
		out, errs, code := runAt(t, e.dir, in(days), "access", "-o", "csv", "overlays/e0")
		said := ""
		for line := range strings.Lines(out) {
			if strings.HasPrefix(line, "user,") && strings.Contains(line, ",puller,") {
				said = line
			}
		}
		if code != 0 || !strings.HasSuffix(said, ",90,"+verdict+"\n") {
			t.Errorf("day %d: access says %q, want %q: %s", days, said, verdict, errs)
		}
		for form, want := range map[string]string{"table": verdict + " (90 days)", "markdown": verdict + " &#40;90 days&#41;", "html": verdict + ": limit 90 days", "json": `"` + verdict + `": "is `} {
			if out, _, _ := runAt(t, e.dir, in(days), "access", "-o", form, "overlays/e0"); !strings.Contains(out, want) {
				t.Errorf("day %d: access -o %s doesn't say %q", days, form, want)
			}
		}
	}
	const late = `password-age|warning|credentials/puller.enc.yaml|user "puller": its password is 99 days old, and spec.auth.maxAge is 90d; puller-2 took its place 8 days ago`
	judged(0, "", "replaced")
	judged(6, "", "replaced")
	judged(8, late+`, but it can't go yet: "puller-2" can't log in yet: it is not in the sealed files|reggen seal overlays/e0   # commit it, roll it out, and only then retire "puller"`, "overdue")
	same(func() {
		if out := due(0); !strings.Contains(out, "user puller: waits: puller-2 took its place 0 days ago, and both work for 7") {
			t.Error(out)
		}
		// The overlap is over, and nothing is sealed.
		if out := due(8); !strings.Contains(out, `user puller: waits: puller-2 took its place 8 days ago, but it can't go yet: "puller-2" can't log in yet`) {
			t.Error(out)
		}
	})
	e.ok("seal", "overlays/e0")
	judged(8, late+"|reggen user rotate --due overlays/e0", "overdue")
	same(func() { due(6) })
	same(func() { due(7, "--overlap", "8d") })
	before = e.files()
	if out := due(7); !strings.Contains(out, "user puller: retired: puller-2 took its place 7 days ago") {
		t.Error(out)
	}
	if got := changedFiles(before, e.files()); !slices.Equal(got, []string{"-overlays/e0/credentials/puller.enc.yaml"}) {
		t.Errorf("changed %v", got)
	}
	e.ok("seal", "overlays/e0")
	e.ok("check", "overlays/e0")
	same(func() { due(8); due(90) })
	if out := due(91); !strings.Contains(out, "user puller-2: rotated to puller-3") {
		t.Error(out)
	}
	for name, text := range e.files() {
		if strings.Contains(text, canary) {
			t.Errorf("%s holds a password", name)
		}
	}
}

// A rotation that was cut off before the spec was written is finished.
func TestDueFinishes(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.limited("e0")
	e.aged(0, "puller", 91)
	spec := e.read("overlays/e0/registry/registry.yaml")
	if _, errs, code := runAt(t, e.dir, in(0), "user", "rotate", "--due", "overlays/e0"); code != 0 {
		t.Fatal(errs)
	}
	e.write("overlays/e0/registry/registry.yaml", spec)
	before := e.files()
	out, _, _ := runAt(t, e.dir, in(0), "user", "rotate", "--due", "overlays/e0")
	if !strings.Contains(out, "rotated to puller-2: its password is 91 days old, and spec.auth.maxAge is 90d, and pull secret regcred names it though puller-2 is there") {
		t.Error(out)
	}
	if got := changedFiles(before, e.files()); !slices.Equal(got, []string{"overlays/e0/registry/registry.yaml"}) {
		t.Errorf("changed %v", got)
	}
}

// What logs in with a user that no pull secret names, only people know: it is
// named, also once it has a successor, and never ended.
func TestDueLeavesOthers(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.limited("e0")
	e.user(0, "puller", canary) // of which nothing says how old it is
	e.aged(0, "u0", 91)
	e.ok("seal", "overlays/e0")
	e.ok("user", "rotate", "u0", "--dir", "overlays/e0")
	e.ok("seal", "overlays/e0")
	before := e.files()
	out, _, _ := runAt(t, e.dir, in(30), "user", "rotate", "--due", "overlays/e0")
	if !strings.Contains(out, "user u0: for a person: u0-2 took its place") || !strings.Contains(out, "  next: reggen user retire u0 --dir overlays/e0") ||
		!strings.Contains(out, "user puller: age unknown: its password can be older than spec.auth.maxAge: nothing says how old it is: at least 30 days") {
		t.Error(out)
	}
	if got := changedFiles(before, e.files()); len(got) > 0 {
		t.Errorf("changed %v", got)
	}
	out, _, _ = runAt(t, e.dir, in(91), "user", "rotate", "--due", "overlays/e0")
	if !strings.Contains(out, "user puller: rotated to puller-2: its password is at least 91 days old") {
		t.Error(out)
	}
}

// An environment that can't be written keeps no other from what is due there,
// and the error comes all the same.
func TestDueGoesOn(t *testing.T) {
	e := newEnv(t, 2, 1)
	for i, env := range []string{"e0", "e1"} {
		e.limited(env)
		e.aged(i, "puller", 100)
	}
	e.write("overlays/e0/registry/kustomization.yaml", "resources: [../../../bases/registry]\npatches:\n- path: registry.yaml\n- target: {kind: Registry}\n  patch: '[{\"op\": \"replace\", \"path\": \"/spec/pullSecrets/regcred/user\", \"value\": \"puller\"}]'\n")
	out, errs, code := run(t, e.dir, "user", "rotate", "--due", "overlays/e0", "overlays/e1")
	if code != 1 || !strings.Contains(errs, "can't be changed") || !strings.Contains(out, "overlays/e0: user puller: to be rotated") || !strings.Contains(out, "overlays/e1: user puller: rotated to puller-2") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// Each way to set a password notes the day, and only a whole set moves it.
func TestTheDayOfAPassword(t *testing.T) {
	e := newEnv(t, 1, 1)
	day := func(days int) string { return `reggen.dev/set-on: "` + in(days).UTC().Format(time.DateOnly) + `"` }
	today := day(0)
	ok := func(args ...string) {
		t.Helper()
		if _, errs, code := runAt(t, e.dir, in(0), args...); code != 0 {
			t.Fatal(errs)
		}
	}
	at := func(file string) string {
		t.Helper()
		for line := range strings.Lines(e.read("overlays/e0/credentials/" + file + ".enc.yaml")) {
			if strings.Contains(line, "reggen.dev/set-on") {
				return strings.TrimSpace(line)
			}
		}
		return ""
	}
	e.aged(0, "puller", 50)
	old := at("puller")
	e.ok("seal", "overlays/e0")
	if at("puller") != old || old == today || old == "" {
		t.Errorf("a seal moved the day from %s to %s", old, at("puller"))
	}
	e.ok("seal", "--rotate-keys", "overlays/e0")
	if at("puller") != old {
		t.Errorf("a new data key moved the day from %s to %s", old, at("puller"))
	}
	ok("user", "add", "carol", "--generate", "--dir", "overlays/e0")
	ok("credential", "set", "puller", "--dir", "overlays/e0", "--field", "password", "--generate")
	for _, name := range []string{"carol", "puller"} {
		if at(name) != today {
			t.Errorf("%s: %q, want %s", name, at(name), today)
		}
	}
	e.ok("credential", "set", "s3", "--dir", "overlays/e0", "--field", "secretKey", "--generate")
	if at("s3") != "" {
		t.Errorf("half of a credential is no older than %s", at("s3"))
	}
	if _, errs, code := runWith(t, e.dir, "accessKey=a\nsecretKey=b\n", "credential", "set", "s3", "--dir", "overlays/e0", "--stdin"); code != 0 || at("s3") != today && at("s3") != day(1) {
		t.Errorf("%q: %s", at("s3"), errs)
	}
}

func TestDueMisused(t *testing.T) {
	e := newEnv(t, 1, 1)
	for args, want := range map[string]string{
		"user rotate --due overlays/e0":                               "overlays/e0: spec.auth.maxAge: is missing, so no password is ever due; expected how old one may become, for instance 90d",
		"user rotate --due --overlap 1w overlays/e0":                  "--overlap: is not a number of days; expected one, for instance 7d",
		"user rotate --due --overlap 0d overlays/e0":                  "--overlap: is not a number of days",
		"user rotate puller --dry-run --dir overlays/e0":              "--dry-run: is about --due; expected --due beside it",
		"user rotate puller --overlap 7d --dir overlays/e0":           "--overlap: is about --due; expected --due beside it",
		"user rotate --due --password-stdin --dir overlays/e0 puller": "due password-stdin",
		"user rotate --dir overlays/e0":                               "no name given",
	} {
		if _, errs, code := run(t, e.dir, strings.Fields(args)...); code == 0 || !strings.Contains(errs, want) {
			t.Errorf("reggen %s: exit %d, %s", args, code, errs)
		}
	}
}
