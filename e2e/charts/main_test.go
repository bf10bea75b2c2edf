package charts

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reggen/reggen/e2e/programs"
)

// What all tests use, made once.
var (
	bin    string // the folder with reggen, helm, sops, age-keygen
	master string // a repository with credentials, a machine credential and a chart that harms nobody
	key    string // the file with the private age key
	public string // its public key
)

// The values of the credential app. They stand in no output but a plain one.
const (
	password = "canary-Zq7Pa55wordXk2"
	token    = "canary.t0ken/with+signs=9"
	odd      = "canary-0dd: \"{{ nope }}\"\n- x\n---\nkind: y\n"
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "charts:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	top, err := os.MkdirTemp("", "reggen-charts-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(top)
	bin = filepath.Join(top, "bin")
	for dir, packages := range map[string][]string{
		"..":    {"filippo.io/age/cmd/age-keygen", "github.com/getsops/sops/v3/cmd/sops", "helm.sh/helm/v4/cmd/helm"},
		"../..": {"./cmd/reggen"},
	} {
		if err := programs.Build(bin, dir, packages...); err != nil {
			return 0, err
		}
	}
	key = filepath.Join(top, "key.txt")
	out, err := exec.Command(filepath.Join(bin, "age-keygen"), "-o", key).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("age-keygen: %w\n%s", err, out)
	}
	if public = regexp.MustCompile(`age1[a-z0-9]+`).FindString(string(out)); public == "" {
		return 0, fmt.Errorf("age-keygen says no public key: %s", out)
	}
	if err := prepare(filepath.Join(top, "master")); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// prepare makes the repository that each test has a copy of.
func prepare(dir string) error {
	master = dir
	for name, text := range map[string]string{
		".sops.yaml":                        "creation_rules:\n- {path_regex: credentials/, encrypted_regex: ^(data|stringData)$, age: " + public + "}\n- {path_regex: sealed/, encrypted_regex: ^(data|stringData)$, age: " + public + "}\n",
		"overlays/x/kustomization.yaml":     "generators: [app]\n",
		"overlays/x/app/kustomization.yaml": "resources: [chart.yaml]\n",
		"overlays/x/app/chart.yaml":         "apiVersion: reggen.dev/v1alpha1\nkind: Chart\nmetadata: {name: rel, namespace: apps}\nspec:\n  chart: {path: ../../fine}\n  secretValues: {a: {credential: app, field: password}, b: {credential: app, field: token}}\n",
		"fine/Chart.yaml":                   "apiVersion: v2\nname: fine\nversion: 0.0.1\n",
		"fine/templates/s.yaml":             "apiVersion: v1\nkind: Secret\nmetadata: {name: fine}\nstringData: {a: {{ .Values.a | quote }}, b: {{ .Values.b | quote }}}\n",
	} {
		if err := put(filepath.Join(dir, name), text); err != nil {
			return err
		}
	}
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("git init: %w\n%s", err, out)
	}
	p := &place{dir: dir, home: dir + ".home", key: key}
	for _, step := range []struct {
		stdin string
		args  []string
	}{
		{password, []string{"credential", "set", "app", "--field", "password", "--stdin", "--dir", "overlays/x", "--accept-recipients", public}},
		{token, []string{"credential", "set", "app", "--field", "token", "--stdin", "--dir", "overlays/x", "--accept-recipients", public}},
		{odd, []string{"credential", "set", "app", "--field", "odd", "--stdin", "--dir", "overlays/x", "--accept-recipients", public}},
		{"", []string{"seal", "overlays/x", "--accept-recipients", public}},
	} {
		if r := p.runs(step.stdin, "reggen", step.args...); r.code != 0 {
			return fmt.Errorf("reggen %v: exit status %d\n%s", step.args, r.code, r.stderr)
		}
	}
	return os.RemoveAll(filepath.Join(dir, "overlays/x/sealed"))
}

func put(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// place is a copy of the repository.
type place struct {
	t    testing.TB
	dir  string
	home string
	key  string // "" for none
	env  []string
}

func newPlace(t testing.TB) *place {
	t.Helper()
	top := t.TempDir()
	p := &place{t: t, dir: filepath.Join(top, "repo"), home: filepath.Join(top, "home"), key: key}
	must(t, os.CopyFS(p.dir, os.DirFS(master)))
	must(t, os.Mkdir(p.home, 0o755))
	return p
}

// chart writes a chart, with a Chart.yaml and values.yaml where it has none.
func (p *place) chart(files map[string]string) {
	p.t.Helper()
	for name, text := range map[string]string{"Chart.yaml": plain, "values.yaml": ""} {
		if _, has := files[name]; !has {
			p.write("chart/"+name, text)
		}
	}
	for name, text := range files {
		p.write("chart/"+name, text)
	}
}

// spec writes the Chart. source are more lines of spec.chart, secrets the
// secretValues by path.
func (p *place) spec(path, source, values string, secrets map[string]string) {
	p.t.Helper()
	text := "apiVersion: reggen.dev/v1alpha1\nkind: Chart\nmetadata: {name: rel, namespace: apps}\nspec:\n  chart:\n    path: " + path + "\n" + indented(source, 4)
	if strings.TrimSpace(values) != "" {
		text += "  values:\n" + indented(values, 4)
	}
	if len(secrets) > 0 {
		text += "  secretValues:\n"
	}
	for at, field := range secrets {
		text += "    " + strconv.Quote(at) + ": {credential: app, field: " + field + "}\n"
	}
	p.write("overlays/x/app/chart.yaml", text)
}

func indented(text string, n int) string {
	out := ""
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			out += line
			continue
		}
		out += strings.Repeat(" ", n) + line
	}
	if out != "" && !strings.HasSuffix(out, "\n") {
		out += "\n"
	}
	return out
}

func (p *place) write(name, text string) {
	p.t.Helper()
	must(p.t, put(filepath.Join(p.dir, name), text))
}

func (p *place) read(name string) string {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.dir, name))
	must(p.t, err)
	return string(data)
}

// result is what a program left behind.
type result struct {
	stdout, stderr string
	code           int
	took           time.Duration
	peak, child    int64 // KiB of memory that it held, and that those held that it started
}

func (p *place) runs(stdin, program string, args ...string) result {
	cmd := exec.Command(filepath.Join(bin, program), args...)
	cmd.Dir = p.dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.home, "TZ=UTC", "NO_COLOR=1", "TMPDIR=" + os.TempDir()}, p.env...)
	if p.key != "" {
		cmd.Env = append(cmd.Env, "SOPS_AGE_KEY_FILE="+p.key)
	}
	// It has no terminal to ask on.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return result{code: -1, stderr: err.Error()}
	}
	// What doesn't end is ended, with what it started.
	end := time.AfterFunc(3*time.Minute, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer end.Stop()
	r := result{}
	done, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			r.peak = max(r.peak, highest(cmd.Process.Pid))
			children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", cmd.Process.Pid))
			for _, file := range children {
				text, _ := os.ReadFile(file)
				for _, pid := range strings.Fields(string(text)) {
					n, _ := strconv.Atoi(pid)
					r.child = max(r.child, highest(n))
				}
			}
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	_ = cmd.Wait()
	close(done)
	<-watched
	r.took, r.code, r.stdout, r.stderr = time.Since(began), cmd.ProcessState.ExitCode(), out.String(), errs.String()
	return r
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// highest is the most memory that a process held so far, in KiB.
func highest(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	m := highWater.FindSubmatch(text)
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return n
}

// ok runs a program that has to succeed.
func (p *place) ok(program string, args ...string) string {
	p.t.Helper()
	r := p.runs("", program, args...)
	if r.code != 0 {
		p.t.Fatalf("%s %s: exit status %d\n%s", program, strings.Join(args, " "), r.code, r.stderr)
	}
	return r.stdout
}

func (p *place) seal(args ...string) {
	p.t.Helper()
	p.ok("reggen", append([]string{"seal", "overlays/x", "--accept-recipients", public}, args...)...)
}
