package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/sops"
)

// all are the folders of so many environments.
func all(environments int) (dirs []string) {
	for i := range environments {
		dirs = append(dirs, fmt.Sprintf("overlays/e%d", i))
	}
	return dirs
}

// However many processes seal, the same files are written, with the same in
// them, and the same is told in the same order.
func TestSealingInWorkersChangesNothing(t *testing.T) {
	e := newEnv(t, 8, 1)
	e.ok("seal", "overlays/e0", "overlays/e1")
	e.write("overlays/e2/credentials/puller.enc.yaml", "a: b\n")
	e.user(1, "puller", canary+" anew")
	before := e.files()
	_, alone, code := e.runIn(1, "", append([]string{"seal"}, all(8)...)...)
	want := changedFiles(before, e.files())
	if code != 1 || len(want) < 5*4+2 || !strings.Contains(alone, "overlays/e2/credentials/puller.enc.yaml") ||
		!strings.Contains(alone, "overlays/e0: nothing to do") || !strings.Contains(alone, "overlays/e1: changed since the last seal") {
		t.Fatalf("in one process: exit %d, %v\n%s", code, want, alone)
	}
	for _, kind := range []string{"works", "dies", "older"} {
		restore(t, e, before)
		_, errs, code := e.runIn(2, kind, append([]string{"seal"}, all(8)...)...)
		after := e.files()
		if got := changedFiles(before, after); code != 1 || errs != alone || strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: exit %d, %v\n%s\nin one process: %v\n%s", kind, code, got, errs, want, alone)
		}
		if kind != "works" {
			continue
		}
		// What is sealed is what the credentials say, and a second seal writes nothing.
		sealed := strings.Fields("overlays/e0 overlays/e1 overlays/e3 overlays/e4 overlays/e5 overlays/e6 overlays/e7")
		if _, errs, code := e.runIn(2, "works", append([]string{"seal", "--check"}, sealed...)...); code != 0 || strings.Count(errs, "sealed files are what") != len(sealed) {
			t.Errorf("%s: seal --check: exit %d\n%s", kind, code, errs)
		}
		if _, errs, _ := e.runIn(2, "works", append([]string{"seal"}, sealed...)...); len(changedFiles(after, e.files())) > 0 || strings.Count(errs, "nothing to do") != len(sealed) {
			t.Errorf("%s: a second seal wrote %v\n%s", kind, changedFiles(after, e.files()), errs)
		}
	}
}

// Environments that share credentials are sealed by one process: each would
// otherwise hash the same password its own way, and make the other one stale.
func TestSharedCredentialsAreSealedTogether(t *testing.T) {
	e := newEnv(t, 8, 1)
	e.write(".sops.yaml", "creation_rules:\n  - path_regex: ^(common|overlays/e[0-9]+/linked)/\n    age: "+e.keys["people"]+"\n"+strings.TrimPrefix(e.read(".sops.yaml"), "creation_rules:\n"))
	for i := range 8 {
		spec := fmt.Sprintf("overlays/e%d/registry/registry.yaml", i)
		dir := "../../common"
		if i%2 == 1 && runtime.GOOS != "windows" { // the same folder by another way
			dir = "linked"
			if err := os.Symlink("../../common", e.path(fmt.Sprintf("overlays/e%d/linked", i))); err != nil {
				t.Fatal(err)
			}
		}
		e.write(spec, e.read(spec)+"  secrets: {credentials: [credentials, "+dir+"]}\n")
	}
	e.user(0, "ci", canary+" of all")
	e.write("common/ci.enc.yaml", e.read("overlays/e0/credentials/ci.enc.yaml"))
	e.remove("overlays/e0/credentials/ci.enc.yaml")
	for _, args := range [][]string{{"seal"}, {"seal", "--rotate-keys"}} {
		_, errs, code := e.runIn(2, "works", append(args, all(8)...)...)
		n := strings.Count(errs, "ci.enc.yaml: the password was hashed") + strings.Count(errs, "ci.enc.yaml: encrypted anew")
		if code != 0 || n != 1 {
			t.Errorf("%s: exit %d, the shared credential was written %d times\n%s", args, code, n, errs)
		}
		if _, errs, code := e.runIn(2, "works", append([]string{"build"}, all(8)...)...); code != 0 {
			t.Errorf("%s: the build: exit %d\n%s", args, code, errs)
		}
	}
}

// Who may read is asked by the process that a person started, once the others
// are done, and nothing is written for whom nobody said yes to.
func TestWorkersLeaveQuestionsToThePerson(t *testing.T) {
	for answer, wants := range map[string]struct {
		code  int
		write bool
	}{"yes\n": {0, true}, "no\nno\n": {1, false}} {
		e := newEnv(t, 8, 1)
		e.ok(append([]string{"seal"}, all(8)...)...)
		evil, _ := e.stranger()
		rules := e.read(".sops.yaml")
		for _, i := range []string{"3", "7"} {
			rules = strings.Replace(rules, e.keys["e"+i], e.keys["e"+i]+","+evil, 1)
		}
		e.write(".sops.yaml", rules)
		e.user(5, "puller", canary+" anew")
		before := e.files()

		t.Setenv(workerVariable, "works")
		var errs bytes.Buffer
		w := e.world()
		w.Args, w.Stderr, w.Stdin, w.Stdout, w.StdinIsTerm = append([]string{"seal"}, all(8)...), &errs, strings.NewReader(answer), &bytes.Buffer{}, true
		w.Builds.Executable, w.Builds.Processes = os.Executable, 2
		code := Run(context.Background(), w)
		changed := strings.Join(changedFiles(before, e.files()), " ")
		if code != wants.code || !strings.Contains(changed, "overlays/e5/sealed/") || strings.Contains(changed, "/e3/") != wants.write || strings.Contains(changed, "/e7/") != wants.write {
			t.Errorf("%q: exit %d, changed %s\n%s", answer, code, changed, errs.String())
		}
		// One yes is for all files of that reader; a no is for one environment.
		if n := strings.Count(errs.String(), "encrypt for this reader?"); n != strings.Count(answer, "\n") {
			t.Errorf("%q: asked %d times\n%s", answer, n, errs.String())
		}
		if at := strings.Index(errs.String(), "overlays/e5/sealed"); at < 0 || at > strings.Index(errs.String(), "encrypt for this reader?") {
			t.Errorf("%q: asked before the others were done\n%s", answer, errs.String())
		}
	}
}

// Where a person can be asked for the passphrase of a key, a worker that opens
// nothing leaves that to the process that the person started. What is wrong is
// told once, in order.
func TestWorkersWithoutAKey(t *testing.T) {
	e := newEnv(t, 8, 1)
	t.Setenv("SOPS_AGE_KEY_FILE", "")
	var told []string
	for _, processes := range []int{1, 2} {
		t.Setenv(workerVariable, "works")
		var errs bytes.Buffer
		w := e.world()
		w.Args, w.Stderr, w.Stdin, w.Stdout, w.StdinIsTerm = append([]string{"seal"}, all(8)...), &errs, strings.NewReader(""), &bytes.Buffer{}, true
		w.Builds.Executable, w.Builds.Processes = os.Executable, processes
		if code := Run(context.Background(), w); code != 1 || strings.Count(errs.String(), "puller.enc.yaml: ") != 8 {
			t.Errorf("exit %d\n%s", code, errs.String())
		}
		told = append(told, errs.String())
	}
	if told[0] != told[1] {
		t.Errorf("in one process:\n%s\nin two:\n%s", told[0], told[1])
	}
}

// An interrupted seal of many leaves no file half, nothing beside them, and the
// next one finishes.
func TestSealingInWorkersIsInterrupted(t *testing.T) {
	e := newEnv(t, 8, 1)
	t.Setenv(workerVariable, "works")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var errs bytes.Buffer
	w := e.world()
	w.Args, w.Stderr, w.Stdin, w.Stdout = append([]string{"seal"}, all(8)...), &errs, strings.NewReader(""), &bytes.Buffer{}
	w.Builds.Executable, w.Builds.Processes = os.Executable, 2
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for tries := 0; !filled(e, 2) && tries < 20_000; tries++ {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	code := Run(ctx, w)
	cancel()
	<-ended
	if code != 1 || !strings.HasSuffix(errs.String(), "interrupted; no file is half written\n  next: run the same command again to finish\n") {
		t.Errorf("exit %d\n%s", code, errs.String())
	}
	for name, text := range e.files() {
		if strings.HasPrefix(filepath.Base(name), ".") && name != ".sops.yaml" {
			t.Errorf("it left %s", name)
		}
		if strings.Contains(name, "/sealed/") {
			if _, err := sops.Open(context.Background(), []byte(text), sops.Keys{}); err != nil {
				t.Errorf("%s is no whole file: %v", name, err)
			}
			if !strings.Contains(errs.String(), name+": sealed\n") {
				t.Errorf("%s was written, and nobody is told", name)
			}
		}
	}
	if _, errs, code := e.runIn(2, "works", append([]string{"seal"}, all(8)...)...); code != 0 {
		t.Fatalf("the next one: exit %d\n%s", code, errs)
	}
	if _, errs, code := e.runIn(2, "works", append([]string{"seal", "--check"}, all(8)...)...); code != 0 {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// filled says whether the first sealed file of so many environments is written.
func filled(e *testEnv, environments int) bool {
	found, _ := filepath.Glob(e.path("overlays/*/sealed/docker-registry-htpasswd.yaml"))
	return len(found) >= environments
}

// What crosses the pipes holds no secret: orders say where, answers what was done.
func TestWorkersThatSealAnswerWithoutSecrets(t *testing.T) {
	e := newEnv(t, 1, 1)
	w := e.world()
	d, err := w.Environments([]string{"overlays/e0"})
	if err != nil {
		t.Fatal(err)
	}
	order := fmt.Sprintf(`{"Task":"seal","Order":{"Repo":{"Dir":%q},"Environments":[{"Root":%q,"Config":%q}],"Accept":[%q,%q]}}`, e.dir, d[0].Root, base64.StdEncoding.EncodeToString(d[0].Config), e.keys["people"], e.keys["e0"])
	var out bytes.Buffer
	w.Args, w.Stdin, w.Stdout = []string{"worker"}, strings.NewReader(order), &out
	if code := Run(context.Background(), w); code != 0 || !regexp.MustCompile(`(?s)^"[^"]*"\n\{"Outcomes":\[\{"Notes":"[^"]*overlays/e0/sealed/regcred.yaml: sealed`).MatchString(out.String()) {
		t.Fatalf("exit %d\n%s", code, out.String())
	}
	if strings.Contains(out.String(), canary) || strings.Contains(out.String(), "0012345") {
		t.Errorf("the answer has a secret in it")
	}
}

// A sealed file that no key of a worker opens is left to the process of the person
// who can be asked for the passphrase of another: rebuilt it would get a new data
// key. Nobody being there, it is rebuilt.
func TestWorkersLeaveSealedFilesThatTheyCantOpen(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.write(".sops.yaml", strings.Replace(e.read(".sops.yaml"), e.keys["people"]+","+e.keys["e0"], e.keys["e0"], 1))
	e.ok("seal", "overlays/e0")
	w := e.world()
	d, err := w.Environments([]string{"overlays/e0"})
	if err != nil {
		t.Fatal(err)
	}
	for asks, want := range map[bool]string{true: `"Asks":true`, false: `"Asks":false`} {
		before := e.files()
		order := fmt.Sprintf(`{"Task":"seal","Order":{"Repo":{"Dir":%q},"Environments":[{"Root":%q,"Config":%q}],"Options":{"RotateKeys":true},"Asks":%t}}`, e.dir, d[0].Root, base64.StdEncoding.EncodeToString(d[0].Config), asks)
		var out bytes.Buffer
		w := e.world()
		w.Args, w.Stdin, w.Stdout = []string{"worker"}, strings.NewReader(order), &out
		if code := Run(context.Background(), w); code != 0 || !strings.Contains(out.String(), want) {
			t.Errorf("exit %d, expected %s\n%s", code, want, out.String())
		}
		if wrote := changedFiles(before, e.files()); asks != (len(wrote) == 0) {
			t.Errorf("asks: %t, and it wrote %v", asks, wrote)
		}
	}
}
