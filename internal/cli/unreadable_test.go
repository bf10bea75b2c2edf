package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/reggen/reggen/internal/needs"
)

// A file that can't be read is named, and nobody is told to make a new one in
// its place. A link to nothing can't be read by root either.
func TestUnreadableFiles(t *testing.T) {
	needs.Unix(t, needs.Links)
	for _, c := range []struct{ file, commands string }{
		{"overlays/e0/credentials/puller.enc.yaml", "build overlays/e0|seal overlays/e0|user list|check overlays/e0|render overlays/e0 -o out"},
		{"overlays/e0/sealed/regcred.yaml", "build overlays/e0|seal --check overlays/e0|check overlays/e0"},
	} {
		e := newEnv(t, 1, 2)
		e.ok("seal", "overlays/e0")
		e.remove(c.file)
		if err := os.Symlink("nothing", e.path(c.file)); err != nil {
			t.Fatal(err)
		}
		for _, command := range strings.Split(c.commands, "|") {
			_, errs, code := run(t, e.dir, strings.Fields(command)...)
			if code != exitFail || !strings.Contains(errs, c.file+": can't read this file: no such file or directory") || strings.Contains(errs, "reggen user add") {
				t.Errorf("%s: %d %s", command, code, errs)
			}
		}
	}
}
