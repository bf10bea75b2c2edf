package e2e

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	kills = flag.Int("kills", 200, "how many times TestKill kills a seal")
	seed  = flag.Uint64("seed", 0, "repeat a test that kills with this seed; 0 takes the time")
)

// dice are a test's random numbers. When it fails it says how to repeat them.
func dice(t *testing.T, sequence uint64) *rand.Rand {
	t.Helper()
	from := *seed
	if from == 0 {
		from = uint64(time.Now().UnixNano())
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("repeat with: go test -run '^%s$' -args -seed %d", t.Name(), from)
		}
	})
	return rand.New(rand.NewPCG(from, sequence))
}

// Point 5: kill -9 at random moments, every second time in the short one in which
// files are written. Whatever the moment, every file is the old one or a whole new
// one, and the next seal finishes.
func TestKill(t *testing.T) {
	t.Parallel()
	random := dice(t, 0)
	e := newEnvironment(t, map[string]pull{"regcred": {User: "user-03"}, "other": {User: "user-07"}})
	e.s3("AKIA0012345", "secret")
	const users = 20
	for i := range users {
		e.user(file(i), file(i), fmt.Sprintf("password %d", i), 5)
	}
	e.reggen("seal", "env")

	// How long a seal takes that has something to do decides where to kill.
	var longest time.Duration
	for i := range 3 {
		e.password(file(i), "warming up")
		began := time.Now()
		e.reggen("seal", "env")
		longest = max(longest, time.Since(began))
	}

	midway := 0
	for round := range *kills {
		changes := []int{3, 7} // the users of pull secrets: three files
		if round%2 == 0 {
			changes = random.Perm(users)[:1+random.IntN(2)]
		}
		for _, n := range changes {
			e.password(file(n), fmt.Sprintf("password %d of round %d", n, round))
		}
		before := tree(t, e.dir)
		cmd := e.command("", tool("reggen"), "seal", "env")
		must(t, cmd.Start())
		if round%2 == 0 {
			time.Sleep(time.Duration(random.Int64N(int64(longest) * 11 / 10)))
		} else {
			for wrote := time.Now(); !writes(t, e.dir) && time.Since(wrote) < 2*longest; {
				time.Sleep(100 * time.Microsecond)
			}
			time.Sleep(time.Duration(random.Int64N(int64(5 * time.Millisecond)))) // a file takes one or two
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()

		changed := 0
		for path, data := range tree(t, e.dir) {
			switch {
			case bytes.Equal(before[path], data):
			case strings.HasPrefix(filepath.Base(path), "."):
				leftover(t, path, data)
			default:
				changed++
				// A new file is whole: sops opens it and its MAC is right.
				if r := e.run("", tool("sops"), "decrypt", path); r.code != 0 {
					t.Fatalf("round %d: %s is neither old nor new", round, path)
				}
			}
		}
		for path := range before {
			if _, err := os.Stat(filepath.Join(e.dir, path)); err != nil {
				t.Fatalf("round %d: %s is gone", round, path)
			}
		}
		// A mixed set never builds as if it were whole.
		if r := e.run("", tool("reggen"), "build", "env"); r.code != 0 {
			if !bytes.Contains(r.stderr, []byte("reggen seal")) || len(r.stdout) > 0 {
				t.Fatalf("round %d: the build says:\n%s", round, r.stderr)
			}
			if changed > 0 {
				midway++
			}
		}
		e.reggen("seal", "env")
		if round%20 == 0 {
			e.reggen("build", "env")
			e.reggen("seal", "--check", "env")
		}
	}
	t.Logf("%d kills within %v, %d of them in the middle of the writing", *kills, longest, midway)
	if *kills >= 100 && midway == 0 {
		t.Error("no kill came between two files: this test proves nothing of them")
	}
	e.reggen("seal", "--check", "env")
	e.reggen("build", "env")
	if left := leftovers(t, e.dir); len(left) > 0 {
		t.Errorf("temporary files of killed seals are still there after the last seal: %v", left)
	}
}

// writes says whether a temporary file stands in the sealed folder.
func writes(t *testing.T, dir string) bool {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "env", "sealed"))
	must(t, err)
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") })
}

// leftover is a temporary file of a killed seal: it may be there until the
// next seal, half written, but it holds no secret.
func leftover(t *testing.T, path string, data []byte) {
	t.Helper()
	if bytes.Contains(data, []byte("password ")) {
		t.Fatalf("%s, the temporary file of a killed seal, holds a password", path)
	}
}

func leftovers(t *testing.T, dir string) (out []string) {
	t.Helper()
	for path := range tree(t, dir) {
		if base := filepath.Base(path); strings.HasPrefix(base, ".") && base != ".sops.yaml" {
			out = append(out, path)
		}
	}
	return out
}
