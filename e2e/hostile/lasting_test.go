package hostile

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	renamed = regexp.MustCompile(`^renameat2?\(AT_FDCWD(?:<([^>]*)>)?, "[^"]*", AT_FDCWD(?:<[^>]*>)?, "([^"]*)".* = 0`)
	synced  = regexp.MustCompile(`^fsync\(\d+<([^>]*)>\) += 0`)
)

// What was written outlasts a loss of power: a file is on the disk before it gets
// its name, and the name before the command is done.
func TestWritesLast(t *testing.T) {
	for _, args := range []string{
		"credential set s3 --field secretKey --generate --dir overlays/prod", "user add carol --generate --dir overlays/prod", "seal overlays/prod --rotate-keys", "render -o rendered",
		"init overlays/new --host new.example.com --size 1Gi --people $PEOPLE --cluster $CLUSTER", "offboard $CLUSTER",
	} {
		r := newRepository(t, nil)
		out := r.reggen(args)
		if out.code != 0 {
			t.Fatalf("reggen %s: exit status %d\n%s", args, out.code, out.stderr)
		}
		lines := strings.Split(out.trace, "\n")
		names := 0
		for i, line := range lines {
			m := renamed.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			names++
			dir, kept := filepath.Dir(r.at(m[1], m[2])), false
			for _, later := range lines[i:] {
				s := synced.FindStringSubmatch(later)
				kept = kept || s != nil && s[1] == dir
			}
			if !kept {
				t.Errorf("reggen %s: %s has its name, and its folder is not synced", args, m[2])
			}
		}
		if names == 0 {
			t.Errorf("reggen %s: no rename was seen\n%.2000s", args, out.trace)
		}
	}
}
