package e2e

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// New data keys, and a user's rotation, killed at any moment: every file is
// the old one or a whole new one, nothing is lost, and the next seal finishes.
func TestRotationKill(t *testing.T) {
	t.Parallel()
	random := dice(t, 1)
	for name, args := range map[string]func(round int) []string{
		"seal --rotate-keys": func(int) []string { return []string{"seal", "--rotate-keys", "env"} },
		"user rotate":        func(round int) []string { return []string{"user", "rotate", generation(round), "--dir", "env"} },
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnvironment(t, map[string]pull{"regcred": {User: "node"}})
			e.s3("AKIA0012345", "secret")
			e.user("node", "node", "password of node", 5)
			for i := range 8 {
				e.user(file(i), file(i), fmt.Sprintf("password %d", i), 5)
			}
			e.reggen("seal", "env")
			const kills = 30
			longest, changedIn := time.Duration(0), 0
			done := 0
			for round := range kills + 1 {
				before := tree(t, e.dir)
				cmd := e.command("", tool("reggen"), args(done)...)
				began := time.Now()
				must(t, cmd.Start())
				if round > 0 {
					// Nothing is written before everything is ready: late is when it matters.
					time.Sleep(longest/2 + time.Duration(random.Int64N(int64(longest)*6/10)))
					_ = cmd.Process.Kill()
				}
				err := cmd.Wait()
				if round == 0 {
					must(t, err)
					longest = time.Since(began)
				}
				changed := 0
				for path, data := range tree(t, e.dir) {
					switch secret := strings.Contains(path, "credentials") || strings.Contains(path, "sealed"); {
					case bytes.Equal(before[path], data) || !secret:
					case strings.HasPrefix(filepath.Base(path), "."):
						leftover(t, path, data)
					default:
						changed++
						if r := e.run("", tool("sops"), "decrypt", path); r.code != 0 {
							t.Fatalf("round %d: %s is neither old nor new", round, path)
						}
					}
				}
				for path := range before {
					if tree := tree(t, filepath.Join(e.dir, filepath.Dir(path))); tree[filepath.Base(path)] == nil && !strings.HasPrefix(filepath.Base(path), ".") {
						t.Fatalf("round %d: %s is gone", round, path)
					}
				}
				if changed > 0 && err != nil {
					changedIn++
				}
				e.reggen("seal", "env")
				e.reggen("build", "env")
				// A rotation that was not finished is taken up by the same command.
				if name == "user rotate" && bytes.Contains(e.read("env/registry/registry.yaml"), []byte("user: "+generation(done+1)+"\n")) {
					done++
				}
				if round%10 == 0 {
					e.reggen("seal", "--check", "env")
					e.reggen("check", "env")
				}
			}
			e.reggen(args(done)...)
			e.reggen("seal", "env")
			e.reggen("check", "env")
			if left := leftovers(t, e.dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			t.Logf("%d kills within %v, %d after the first file was written", kills, longest, changedIn)
		})
	}
}

// generation is the name of a user after so many rotations.
func generation(n int) string {
	if n == 0 {
		return "node"
	}
	return fmt.Sprintf("node-%d", n+1)
}
