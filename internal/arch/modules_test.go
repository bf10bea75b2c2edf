package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// What e2e/ links is what the product ships, down to the version of each
// dependency. It also spares compiling most of them twice: a change in one is a
// change in all that import it.
func TestModulesAgree(t *testing.T) {
	const root = "../.."
	product, e2e := required(t, filepath.Join(root, "go.mod")), required(t, filepath.Join(root, "e2e", "go.mod"))
	both := 0
	for path, version := range product {
		if other, is := e2e[path]; is {
			if both++; other != version {
				t.Errorf("%s is %s in go.mod and %s in e2e/go.mod; take the newer one for both", path, version, other)
			}
		}
	}
	if both < 100 {
		t.Errorf("only %d modules are required by both", both)
	}
}

// required are the modules that a go.mod requires, with their versions.
func required(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) (v\S+)`).FindAllStringSubmatch(string(text), -1) {
		all[m[1]] = m[2]
	}
	return all
}
