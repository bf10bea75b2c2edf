package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// renderKills is how many renders TestRenderIsRepaired kills.
const renderKills = 40

// manyEnvironments are copies of the example staging that differ in their
// replicas; scripts/scale.sh measures more of them.
func manyEnvironments(t *testing.T, n int) (p *project, dirs []string) {
	t.Helper()
	p = bare(t)
	copyTree(t, filepath.Join(repo, "bases"), filepath.Join(p.dir, "bases"))
	for i := range n {
		rel := fmt.Sprintf("overlays/e%02d", i)
		copyTree(t, filepath.Join(repo, "overlays", "staging"), filepath.Join(p.dir, rel))
		p.replicas(rel, i+1)
		dirs = append(dirs, rel)
	}
	return p, dirs
}

func (p *project) replicas(dir string, n int) {
	p.t.Helper()
	text := string(p.read(dir + "/kustomization.yaml"))
	text, _, _ = strings.Cut(text, "replicas:\n")
	p.write(dir+"/kustomization.yaml", text+fmt.Sprintf("replicas:\n- name: docker-registry\n  count: %d\n", n))
}

// Many environments, by the real program and its workers: what is rendered is
// each one's own build, a clean tree passes the check, and a stale file in one
// of them is named.
func TestManyEnvironments(t *testing.T) {
	p, dirs := manyEnvironments(t, 24)
	p.reggen(append(append([]string{"render"}, dirs...), "-o", "rendered")...)
	for _, args := range [][]string{dirs, {"overlays/*"}, {"overlays"}, nil} {
		p.reggen(append(append([]string{"render"}, args...), "-o", "rendered", "--check")...)
		p.reggen(append(append([]string{"diff"}, args...), "--against", "rendered")...)
	}
	for _, dir := range dirs {
		same(t, dir, p.ok("", tool("kustomize"), "build", "rendered/"+dir), p.reggen("build", dir))
	}
	p.replicas(dirs[17], 99)
	p.fails([]string{"rendered/overlays/e17/registry_apps_v1_deployment_docker-registry.yaml: is stale", "reggen render overlays/e17 -o rendered"}, "render", "overlays/*", "-o", "rendered", "--check")
	if r := p.run("", tool("reggen"), "diff", "--against", "rendered"); r.code != 1 || string(r.stdout) != "overlays/e17\n  ~ Deployment registry/docker-registry\n      spec/replicas: 18 -> 99\n" {
		t.Errorf("exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// Killed at random moments, or out of room in the middle, a render leaves each
// file old or new and everybody else's alone, and the next one finishes.
func TestRenderIsRepaired(t *testing.T) {
	p, dirs := manyEnvironments(t, 7) // enough for a worker
	render := []string{"render", "overlays/*", "-o", "rendered"}
	// Two states of the environments, and what each renders. The second lacks
	// an object and an environment.
	state := func(second bool) {
		n := 1
		if second {
			n = 50
		}
		for _, dir := range dirs[:6] {
			p.replicas(dir, n)
		}
		spec := string(p.read("bases/registry/registry.yaml"))
		spec = strings.ReplaceAll(spec, "\n  serviceAccount: {create: false, name: default}", "")
		gone, there := filepath.Join(p.dir, "gone"), filepath.Join(p.dir, dirs[6])
		if second {
			spec = strings.Replace(spec, "\nspec:", "\nspec:\n  serviceAccount: {create: false, name: default}", 1)
			must(t, os.Rename(there, gone))
		} else if _, err := os.Stat(gone); err == nil {
			must(t, os.Rename(gone, there))
		}
		p.write("bases/registry/registry.yaml", spec)
	}
	trees := map[bool]map[string][]byte{}
	for _, second := range []bool{true, false} {
		state(second)
		p.reggen(render...)
		trees[second] = tree(t, filepath.Join(p.dir, "rendered"))
	}
	if len(trees[true]) >= len(trees[false]) {
		t.Fatalf("%d and %d files: the second state lacks nothing", len(trees[true]), len(trees[false]))
	}
	mine := map[string]string{"overlays/e00/README.md": "mine\n", "overlays/e06/notes.yaml": "kind: Mine\n", "overlays/e01/.mine.yaml77": "mine too\n", "elsewhere/kustomization.yaml": "resources: []\n"}
	for name, text := range mine {
		p.write("rendered/"+name, text)
	}
	settle := func(when string, second bool) {
		t.Helper()
		half := 0
		for name, data := range tree(t, filepath.Join(p.dir, "rendered")) {
			base := filepath.Base(name)
			switch {
			case mine[name] != "":
			case base == ".reggen-rendered": // names old and new files on the way
			case strings.HasPrefix(base, "."):
				half++
			case !bytes.Equal(data, trees[true][name]) && !bytes.Equal(data, trees[false][name]):
				t.Fatalf("%s: %s is neither old nor new", when, name)
			}
		}
		p.reggen(render...)
		now := tree(t, filepath.Join(p.dir, "rendered"))
		for name, text := range mine {
			if string(now[name]) != text {
				t.Fatalf("%s: %s, which is somebody else's, is not as it was", when, name)
			}
			delete(now, name)
		}
		for name, data := range trees[second] {
			if !bytes.Equal(now[name], data) {
				t.Fatalf("%s: %s is not repaired", when, name)
			}
		}
		if len(now) != len(trees[second]) {
			t.Fatalf("%s: %d files, not %d", when, len(now), len(trees[second]))
		}
		p.reggen(append(render, "--check")...)
	}

	second := true
	state(second)
	began := time.Now()
	p.reggen(render...)
	longest := time.Since(began)
	random := rand.New(rand.NewPCG(uint64(began.UnixNano()), 0))
	midway := 0
	for round := range renderKills {
		second = !second
		state(second)
		before := tree(t, filepath.Join(p.dir, "rendered"))
		cmd := p.command("", tool("reggen"), render...)
		must(t, cmd.Start())
		time.Sleep(time.Duration(random.Int64N(int64(longest))))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if now := tree(t, filepath.Join(p.dir, "rendered")); !alike(before, now) && p.run("", tool("reggen"), append(render, "--check")...).code != 0 {
			midway++
		}
		settle(fmt.Sprintf("round %d", round), second)
	}
	t.Logf("%d kills within %v, %d of them in the middle of the writing", renderKills, longest, midway)

	// No room: every file above a size can't be written.
	for _, blocks := range []int{1, 3, 5} {
		second = !second
		state(second)
		r := p.run("", "/bin/sh", "-c", fmt.Sprintf("ulimit -f %d; exec %s render 'overlays/*' -o rendered", blocks, tool("reggen")))
		if r.code == 0 {
			t.Fatalf("it wrote files above %d blocks", blocks)
		}
		settle("no room", second)
	}
}

func alike(a, b map[string][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for name, data := range a {
		if !bytes.Equal(b[name], data) {
			return false
		}
	}
	return true
}
