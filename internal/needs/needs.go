// Package needs is for tests: it names what of Unix one needs, and skips it
// where that is not to be had. A test that was skipped has not passed, so
// scripts/windows-tests.sh counts these and prints why.
package needs

import (
	"runtime"
	"testing"
)

// Unix skips a test that needs what only Unix has. The reason is the same words
// for all tests that need the same.
func Unix(t testing.TB, what Thing) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skipf("needs Unix: %s", what)
	}
}

// Thing is what a test may need.
type Thing string

// What there is of Unix alone, or that Windows lets few people do.
const (
	Links    Thing = "symbolic links"
	Pipes    Thing = "named pipes and device files"
	Scripts  Thing = "programs that are shell scripts, or Unix's own"
	Modes    Thing = "permission bits"
	Names    Thing = "file names that Windows refuses"
	Memory   Thing = "a folder kept in memory"
	Terminal Thing = "a pseudo terminal"
)
