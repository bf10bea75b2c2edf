// Package golden holds what a program says in the tests against files, whole,
// with what differs from run to run replaced by what stands for it.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the files of expected output anew")

// differing are the parts of an output that differ from run to run.
var differing = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d UTC`), "DATE"},
	{regexp.MustCompile(`\d\d:\d\d:\d\d`), "TIME"},
	{regexp.MustCompile(`probe-[0-9a-f]{16}-[0-9]+`), "probe-RANDOM"},
	{regexp.MustCompile(`sha256:[0-9a-f]{64}`), "sha256:DIGEST"},
	{regexp.MustCompile(`"version": "[^"]+",\n(\s+"informationUri")`), "\"version\": \"VERSION\",\n$1"},
}

// Files are the files of one folder, and which of them a test has used.
type Files struct {
	dir  string
	used map[string]bool
}

// In is the files of a folder.
func In(dir string) *Files { return &Files{dir, map[string]bool{}} }

// Compare holds a text against NAME.txt, or writes it there with -update.
func (f *Files) Compare(t *testing.T, name, text string) {
	t.Helper()
	for _, d := range differing {
		text = d.what.ReplaceAllString(text, d.as)
	}
	f.used[name+".txt"] = true
	file := filepath.Join(f.dir, name+".txt")
	if *update {
		if err := os.MkdirAll(f.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != text {
		t.Errorf("%s is not what is said now (%v; -update writes it):\n%s", file, err, text)
	}
}

// Orphans fails the test for every file that it did not use, unless somebody
// looks at single cases.
func (f *Files) Orphans(t *testing.T) {
	t.Helper()
	if strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return
	}
	all, err := filepath.Glob(filepath.Join(f.dir, "*.txt"))
	if err != nil || len(all) == 0 {
		t.Errorf("no files in %s: %v", f.dir, err)
	}
	for _, file := range all {
		if !f.used[filepath.Base(file)] {
			t.Errorf("no case gives %s", file)
		}
	}
}
