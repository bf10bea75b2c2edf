package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// init again proposes no user to whoever has one, and a key that would get
// into a repository is refused with that repository's folder.
func TestInitAgain(t *testing.T) {
	dir, keys := t.TempDir(), filepath.Join(t.TempDir(), "keys.txt")
	t.Setenv("SOPS_AGE_KEY", "")
	t.Setenv("SOPS_AGE_KEY_FILE", keys)
	again := func(keys string) (stderr string, code int) {
		t.Helper()
		_, stderr, code = run(t, dir, "init", "overlays/e", "--host", "r.example.com", "--size", "1Gi", "--key-file", keys, "--cluster-key-file", filepath.Join(filepath.Dir(keys), "cluster.txt"))
		return stderr, code
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	if errs, code := again(filepath.Join(dir, "below", "keys.txt")); code != exitFail || !strings.Contains(errs, "into the git repository "+dir+";") {
		t.Errorf("%d %s", code, errs)
	}
	if errs, code := again(keys); code != exitOK || !strings.Contains(errs, "reggen user add YOU") {
		t.Errorf("%d %s", code, errs)
	}
	if _, errs, code := run(t, dir, "user", "add", "bob", "--generate"); code != exitOK {
		t.Fatalf("%d %s", code, errs)
	}
	if errs, code := again(keys); code != exitOK || strings.Contains(errs, "user add") || !strings.Contains(errs, "reggen seal overlays/e") {
		t.Errorf("%d %s", code, errs)
	}
}
