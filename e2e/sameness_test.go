package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Point 3: the same bytes twice, in another folder, with an empty
// environment, no key, no network, TZ and LANG changed, any umask, any order
// of flags.
func TestSameBytes(t *testing.T) {
	p := examples(t)
	for _, name := range overlays(t) {
		dir := filepath.Join("overlays", name)
		want := p.reggen("build", dir)
		t.Run(name, func(t *testing.T) {
			cases := map[string]func() []byte{
				"twice":             func() []byte { return p.reggen("build", dir) },
				"in another folder": func() []byte { return examples(t).reggen("build", dir) },
				"from inside": func() []byte {
					cmd := p.command("", tool("reggen"), "build", ".")
					cmd.Dir = filepath.Join(p.dir, dir)
					return finishOK(t, cmd)
				},
				"flags last": func() []byte { return p.reggen("build", dir, "--stale", "fail", "--secrets=sealed") },
				"empty environment": func() []byte {
					cmd := p.command("", tool("reggen"), "build", dir)
					cmd.Env = []string{}
					return finishOK(t, cmd)
				},
				"a key at hand": func() []byte { return p.withKey(demoKey("people")).reggen("build", dir) },
				"umask 077":     func() []byte { return shell(t, p, `umask 077 && exec "$0" build `+dir, tool("reggen")) },
				"umask 000":     func() []byte { return shell(t, p, `umask 000 && exec "$0" build `+dir, tool("reggen")) },
			}
			for _, set := range [][]string{
				{"TZ=Asia/Kathmandu"}, {"TZ=Pacific/Apia", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8"}, {"LANG=ja_JP.eucJP", "LC_ALL=C"},
				{"GOMAXPROCS=1"}, {"GOGC=1"}, {"GODEBUG=randautoseed=0"}, {"SOPS_AGE_KEY=broken"}, {"HELM_NAMESPACE=x", "KUBECONFIG=/nowhere"},
			} {
				cases[set[0]] = func() []byte {
					q := *p
					q.env = append(append([]string{}, p.env...), set...)
					return q.reggen("build", dir)
				}
			}
			for what, build := range cases {
				t.Run(what, func(t *testing.T) { same(t, what, build(), want) })
			}
			t.Run("no network", func(t *testing.T) {
				unshare := isolation(t)
				cmd := p.command("", unshare, "-rn", tool("reggen"), "build", dir)
				same(t, "without a network", finishOK(t, cmd), want)
			})
		})
	}
}

// isolation is the program that takes the network away. Machines that don't
// permit it (macOS, some containers) say so, except in CI.
func isolation(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("unshare")
	if err == nil {
		err = exec.Command(path, "-rn", "true").Run()
	}
	if err != nil {
		if os.Getenv("REGGEN_E2E_STRICT") != "" {
			t.Fatalf("unshare -rn is not permitted here: %v", err)
		}
		t.Skipf("NOT TESTED: unshare -rn is not permitted here: %v", err)
	}
	return path
}

func shell(t *testing.T, p *project, script string, args ...string) []byte {
	t.Helper()
	return finishOK(t, p.command("", "/bin/sh", append([]string{"-c", script}, args...)...))
}

func finishOK(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	r := finish(t, cmd)
	if r.code != 0 {
		t.Fatalf("exit status %d\n%s", r.code, r.stderr)
	}
	return r.stdout
}
