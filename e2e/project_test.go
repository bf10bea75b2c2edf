package e2e

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// project is a folder with environments, and the surroundings its processes
// see: a home, a folder for temporary files and a PATH of their own.
type project struct {
	t    testing.TB
	dir  string
	home string
	tmp  string
	env  []string // added to every process

	accept string // the recipients of an environment made by hand, for its first seal
}

// result is what a process left behind.
type result struct {
	stdout, stderr []byte
	code           int
}

// bare is a project without files.
func bare(t testing.TB) *project {
	t.Helper()
	root := t.TempDir()
	p := &project{t: t, dir: filepath.Join(root, "project"), home: filepath.Join(root, "home"), tmp: filepath.Join(root, "tmp")}
	for _, d := range []string{p.dir, p.home, p.tmp, filepath.Join(root, "nothing")} {
		must(t, os.MkdirAll(d, 0o755))
	}
	return p
}

// examples is a copy of this repository's examples, without its keys.
func examples(t testing.TB) *project {
	t.Helper()
	p := bare(t)
	for _, name := range []string{".sops.yaml", "bases", "overlays"} {
		copyTree(t, filepath.Join(repo, name), filepath.Join(p.dir, name))
	}
	return p
}

// demoKey is the path of one of the published keys.
func demoKey(name string) string { return filepath.Join(repo, "testdata", "keys", name+".agekey") }

// withKey lets every process of the project open what that key opens.
func (p *project) withKey(file string) *project {
	q := *p
	q.env = append(append([]string{}, p.env...), "SOPS_AGE_KEY_FILE="+file)
	return &q
}

// environ is the whole environment of the project's processes: nothing of the
// tester's own, and no program on PATH.
func (p *project) environ() []string {
	return append([]string{
		"HOME=" + p.home, "TMPDIR=" + p.tmp, "XDG_CONFIG_HOME=" + filepath.Join(p.home, ".config"),
		"PATH=" + filepath.Join(filepath.Dir(p.home), "nothing"),
	}, p.env...)
}

func (p *project) command(stdin, program string, args ...string) *exec.Cmd {
	if machine := filepath.Join(p.dir, "env", "credentials", "machine.enc.yaml"); p.accept != "" && len(args) > 0 && args[0] == "seal" && filepath.Base(program) == "reggen" {
		if _, err := os.Stat(machine); err != nil {
			args = append(slices.Clone(args), "--accept-recipients", p.accept)
		}
	}
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = p.dir, p.environ(), strings.NewReader(stdin)
	return cmd
}

// run starts a program and waits for it, whatever its exit status.
func (p *project) run(stdin, program string, args ...string) result {
	p.t.Helper()
	return finish(p.t, p.command(stdin, program, args...))
}

func finish(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("starting %s: %v", cmd.Path, err)
	}
	return result{out.Bytes(), errs.Bytes(), cmd.ProcessState.ExitCode()}
}

// reggen runs reggen and returns its stdout; it must succeed.
func (p *project) reggen(args ...string) []byte {
	p.t.Helper()
	return p.ok("", tool("reggen"), args...)
}

// ok runs a program that must succeed and returns its stdout.
func (p *project) ok(stdin, program string, args ...string) []byte {
	p.t.Helper()
	r := p.run(stdin, program, args...)
	if r.code != 0 {
		p.t.Fatalf("%s %s: exit status %d\n%s", filepath.Base(program), strings.Join(args, " "), r.code, r.stderr)
	}
	return r.stdout
}

// fails runs reggen, which must fail, print nothing on stdout and name every
// text given on stderr.
func (p *project) fails(texts []string, args ...string) result {
	p.t.Helper()
	r := p.run("", tool("reggen"), args...)
	if r.code == 0 || len(r.stdout) > 0 {
		p.t.Fatalf("reggen %s: exit status %d and %d bytes on stdout; expected a failure and none\n%s", strings.Join(args, " "), r.code, len(r.stdout), r.stderr)
	}
	for _, text := range texts {
		if !bytes.Contains(r.stderr, []byte(text)) {
			p.t.Errorf("reggen %s: stderr does not say %q:\n%s", strings.Join(args, " "), text, r.stderr)
		}
	}
	return r
}

func (p *project) write(path, text string) {
	p.t.Helper()
	path = filepath.Join(p.dir, path)
	must(p.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(p.t, os.WriteFile(path, []byte(text), 0o644))
}

func (p *project) read(path string) []byte {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.dir, path))
	must(p.t, err)
	return data
}

// tree is every file below a folder: path -> content.
func tree(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		out[rel], err = os.ReadFile(path)
		return err
	}))
	return out
}

// overlays are the names of this repository's example overlays.
func overlays(t testing.TB) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(repo, "overlays", "*", "kustomization.yaml"))
	must(t, err)
	var names []string
	for _, f := range found {
		names = append(names, filepath.Base(filepath.Dir(f)))
	}
	sort.Strings(names)
	if len(names) < 3 {
		t.Fatalf("found only the overlays %v", names)
	}
	return names
}

// documents splits a build's output and parses each object.
func documents(t testing.TB, text []byte) (raw [][]byte, objects []map[string]any) {
	t.Helper()
	for _, doc := range bytes.Split(text, []byte("\n---\n")) {
		var o map[string]any
		if err := yaml.UnmarshalStrict(doc, &o); err != nil || o == nil {
			t.Fatalf("the output holds a document that is no object: %v", err)
		}
		raw, objects = append(raw, append(bytes.TrimRight(doc, "\n"), '\n')), append(objects, o)
	}
	return raw, objects
}

func copyTree(t testing.TB, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	must(t, err)
	if !info.IsDir() {
		data, err := os.ReadFile(from)
		must(t, err)
		must(t, os.MkdirAll(filepath.Dir(to), 0o755))
		must(t, os.WriteFile(to, data, 0o644))
		return
	}
	must(t, os.CopyFS(to, os.DirFS(from)))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
