package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What of Go's own isn't for everybody is used before all else alone, by files
// that say for which versions of Go they are: another one may have no such thing.
// (Modules are pinned; what is used of theirs so can't change behind one's back.)
func TestLinknames(t *testing.T) {
	directive := regexp.MustCompile(`(?m)^//go:linkname \S+ (\S+)`)
	found := 0
	for _, top := range []string{"cmd", "generator", "internal"} {
		root := os.DirFS(filepath.Join("../..", top))
		err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			text, err := fs.ReadFile(root, path)
			if err != nil {
				return err
			}
			for _, m := range directive.FindAllStringSubmatch(string(text), -1) {
				if host, _, more := strings.Cut(m[1], "/"); more && strings.Contains(host, ".") {
					continue // a module's
				}
				found++
				if first, _, _ := strings.Cut(string(text), "\n"); top+"/"+filepath.Dir(path) != "internal/early" || !strings.Contains(first, "go1.26 && !go1.27") {
					t.Errorf("%s/%s has a go:linkname, and is not for versions of Go with which it was tried", top, path)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found != 2 {
		t.Errorf("found %d, expected 2: the search is wrong, or ARCHITECTURE.md", found)
	}
}
