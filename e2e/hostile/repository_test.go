package hostile

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	built "github.com/reggen/reggen/e2e/programs"
)

var (
	repo   string // reggen's repository
	bin    string // the programs that were built
	reggen string // the program under test
	master string // a good repository, made once
	people string // the recipients in it
	keyOf  string // the file of the key that opens everything
	clust  string
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	var err error
	if repo, err = filepath.Abs("../.."); err != nil {
		return 0, err
	}
	top, err := os.MkdirTemp("", "reggen-hostile-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(top)
	if top, err = filepath.EvalSymlinks(top); err != nil {
		return 0, err
	}
	bin, master = filepath.Join(top, "bin"), filepath.Join(top, "master")
	if err := built.Build(bin, "..", "helm.sh/helm/v4/cmd/helm", "github.com/getsops/sops/v3/cmd/sops", "sigs.k8s.io/kustomize/kustomize/v5"); err != nil {
		return 0, err
	}
	if err := built.Build(bin, repo, "./cmd/reggen"); err != nil {
		return 0, err
	}
	reggen = filepath.Join(bin, "reggen")
	// What the program must not start, should it try.
	for _, name := range []string{"docker", "evil"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\nexec >> "+filepath.Join(bin, "record")+"\necho "+name+" \"$@\"\ncat\n"), 0o755); err != nil {
			return 0, err
		}
	}
	if err := makeMaster(top); err != nil {
		return 0, err
	}
	if other := os.Getenv("REGGEN_UNDER_TEST"); other != "" {
		reggen = other
	}
	if _, err := exec.LookPath("strace"); err != nil {
		return 0, fmt.Errorf("strace is missing; install it: apt-get install -y --no-install-recommends strace")
	}
	return m.Run(), nil
}

// plain is a value that no output may hold.
const plain = "canary-s3cr3t-Value"

// makeMaster makes the good repository as a user would.
func makeMaster(top string) error {
	home := filepath.Join(top, "home")
	keyOf = filepath.Join(home, ".config", "sops", "age", "keys.txt")
	if err := os.MkdirAll(master, 0o755); err != nil {
		return err
	}
	do := func(stdin, program string, args ...string) error {
		cmd := exec.Command(program, args...)
		cmd.Dir, cmd.Stdin = master, strings.NewReader(stdin)
		cmd.Env = []string{"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"), "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1"}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s %v: %w\n%s", program, args, err, out)
		}
		return nil
	}
	const release = "persistence: {enabled: true}\nimage: {tag: 3.1.1}\ningress: {enabled: true, hosts: [old.example.com]}\nsecrets: {haSharedSecret: demo0123456789demo0123}\n"
	if err := os.WriteFile(filepath.Join(master, "values.yaml"), []byte(release), 0o644); err != nil {
		return err
	}
	const live = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: docker-registry, namespace: registry}\nspec: {selector: {matchLabels: {app: docker-registry, release: docker-registry}}, template: {spec: {}}}\n"
	if err := os.WriteFile(filepath.Join(master, "live.yaml"), []byte(live), 0o644); err != nil {
		return err
	}
	for path, text := range map[string]string{
		"list":             "erin\nfrank:$2y$05$vn.xh.9j5HBOH6oh2YxhoeH3IgYOsIwdnKU1R2vU3v/GbOPAfTZYi\n",
		"chart/Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n", "chart/values.yaml": "password: ''\n",
		"chart/templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {p: {{ required \"password\" .Values.password | b64enc }}, r: {{ randAlphaNum 20 | b64enc }}}\n",
	} {
		path = filepath.Join(master, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, step := range []struct {
		stdin string
		args  []string
	}{
		{"", []string{reggen, "init", "overlays/prod", "--host", "registry.example.com", "--provider", "digitalocean", "--region", "nyc3", "--bucket", "space"}},
		{"", []string{"sh", "-c", "echo '  auth: {maxAge: 90d}' >> overlays/prod/registry/registry.yaml"}},
		{"accessKey=AKIA0012345\nsecretKey=" + plain + "\n", []string{reggen, "credential", "set", "s3", "--stdin"}},
		{plain + "-alice", []string{reggen, "user", "add", "alice", "--password-stdin"}},
		{"", []string{reggen, "seal", "overlays/prod"}},
		{"", []string{"git", "init", "-q"}}, {"", []string{"git", "add", "-A"}},
		{"", []string{"git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", "commit", "-q", "-m", "good"}},
	} {
		if err := do(step.stdin, step.args[0], step.args[1:]...); err != nil {
			return err
		}
	}
	rules, err := os.ReadFile(filepath.Join(master, ".sops.yaml"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(rules)) {
		if names, found := strings.CutPrefix(strings.TrimSpace(line), "age: "); found {
			list := strings.Split(names, ",")
			people, clust = list[0], list[len(list)-1]
		}
	}
	return nil
}

// repository is a copy of the good one with an attack in it.
type repository struct {
	t              *testing.T
	dir, home, tmp string
	key            string
	env            []string
}

// attack is the files of a pull request: path -> text; links by their target
// behind "-> ".
type attack map[string]string

func newRepository(t *testing.T, a attack) *repository {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	r := &repository{t: t, dir: filepath.Join(top, "repository"), home: filepath.Join(top, "home"), tmp: filepath.Join(top, "tmp"), key: filepath.Join(top, "keys", "people.agekey")}
	must(t, os.CopyFS(r.dir, os.DirFS(master)))
	for _, dir := range []string{r.home, r.tmp, filepath.Dir(r.key)} {
		must(t, os.MkdirAll(dir, 0o755))
	}
	key, err := os.ReadFile(keyOf)
	must(t, err)
	must(t, os.WriteFile(r.key, key, 0o600))
	must(t, os.WriteFile(filepath.Join(r.home, ".vault-token"), []byte("canary-token"), 0o600))
	for path, text := range a {
		r.write(path, text)
	}
	return r
}

func (r *repository) write(path, text string) {
	r.t.Helper()
	at := filepath.Join(r.dir, path)
	must(r.t, os.MkdirAll(filepath.Dir(at), 0o755))
	if target, is := strings.CutPrefix(text, "-> "); is {
		_ = os.Remove(at)
		must(r.t, os.Symlink(target, at))
		return
	}
	mode := os.FileMode(0o644)
	if strings.HasPrefix(text, "#!") {
		mode = 0o755
	}
	must(r.t, os.WriteFile(at, []byte(text), mode))
	must(r.t, os.Chmod(at, mode))
}

func (r *repository) read(path string) string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, path))
	must(r.t, err)
	return string(text)
}

// secrets are what a command may not show.
func (r *repository) secrets(may touches) []string {
	out := []string{"AGE-SECRET-KEY-", "canary-token"}
	if !strings.Contains(may.args, "--secrets plain") {
		out = append(out, plain)
	}
	return out
}

// environment is all that a process sees: the key, the token of a Vault, and a
// search path with the real helm and git and the stand-ins.
func (r *repository) environment() []string {
	return append([]string{
		"HOME=" + r.home, "XDG_CONFIG_HOME=" + filepath.Join(r.home, ".config"), "TMPDIR=" + r.tmp, "SOPS_AGE_KEY_FILE=" + r.key,
		"VAULT_TOKEN=canary-token", "PATH=" + bin + ":/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM=1", "EDITOR=:",
	}, r.env...)
}

// reggen runs a command under strace.
func (r *repository) reggen(args string, flags ...string) outcome {
	r.t.Helper()
	args, argv := line(args, 4)
	return r.traced(args, "", append(argv, flags...)...)
}

// line is the command line of a command, and the command as it is meant. A watch
// gets Ctrl-C after some seconds.
func line(args string, seconds int) (meant string, argv []string) {
	args = strings.NewReplacer("$PEOPLE", people, "$CLUSTER", clust).Replace(args)
	argv = append([]string{reggen}, strings.Fields(args)...)
	if strings.Contains(args, "--watch") {
		argv = append([]string{"timeout", "--preserve-status", "--signal=INT", fmt.Sprint(seconds)}, argv...)
	}
	return args, argv
}

// measured runs a command by itself: being watched costs a process that
// collects garbage all the time many times what it takes.
func (r *repository) measured(args string) outcome {
	r.t.Helper()
	args, argv := line(args, 8)
	return r.measuredAs(args, "", argv...)
}

// measuredAs is measured for any way to start reggen.
func (r *repository) measuredAs(what, stdin string, argv ...string) outcome {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "prlimit", append([]string{"--as=" + fmt.Sprint(6<<30)}, argv...)...)
	cmd.Dir, cmd.Env, cmd.Stdin = r.dir, r.environment(), strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	o := outcome{r: r, args: what, stdout: out.String(), stderr: errs.String(), code: cmd.ProcessState.ExitCode()}
	o.seconds, o.peak = timed(cmd.ProcessState)
	return o
}

// traced runs a program under strace, for a minute and in 3 GiB at most.
func (r *repository) traced(what, stdin string, argv ...string) outcome {
	r.t.Helper()
	log := filepath.Join(filepath.Dir(r.dir), fmt.Sprintf("trace-%d", serial.Add(1)))
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	line := append([]string{"prlimit", "--as=" + fmt.Sprint(6<<30), "strace", "-ff", "-ttt", "--seccomp-bpf", "-qqq", "-y", "-s", "400", "-o", log, // a file for each, so that no call is told in two lines
		"-e", "signal=none", "-e", "trace=execve,fsync,connect,sendto,openat,open,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,symlink,symlinkat,link,linkat,chmod,fchmodat,truncate", "--"}, argv...)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = r.dir, r.environment(), strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	o := outcome{r: r, args: what, stdout: out.String(), stderr: errs.String(), code: cmd.ProcessState.ExitCode(), trace: r.trace(log, argv[0])}
	o.seconds, o.peak = timed(cmd.ProcessState)
	return o
}

// trace is what the program and all that it started called, in the order of time:
// a goroutine goes from thread to thread, and each has a file. The program's own
// start is first; how strace started it is left out.
func (r *repository) trace(log, program string) string {
	files, err := filepath.Glob(log + ".*")
	must(r.t, err)
	type call struct {
		when float64
		line string
	}
	var calls []call
	began := false
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(r.t, err)
		var mine []call
		for line := range strings.Lines(string(text)) {
			stamp, rest, _ := strings.Cut(line, " ")
			when, err := strconv.ParseFloat(stamp, 64)
			must(r.t, err)
			if !began && strings.HasPrefix(rest, `execve("`+program+`"`) {
				began, mine = true, nil
			}
			mine = append(mine, call{when, rest})
		}
		calls = append(calls, mine...)
	}
	slices.SortStableFunc(calls, func(a, b call) int { return cmp.Compare(a.when, b.when) })
	var b strings.Builder
	for _, c := range calls {
		b.WriteString(c.line)
	}
	return b.String()
}

var serial atomic.Int64

// usage is the largest memory of a process and its children, in KiB.
func usage(state *os.ProcessState) int64 {
	if u, ok := state.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss
	}
	return 0
}

// listener is an address of this machine that counts who asks it anything.
func listener(t *testing.T) (url string, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: remote}\n"))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			asked.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, asked
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
