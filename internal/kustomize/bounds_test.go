package kustomize

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/seen"
)

// Work on many environments reads what they share once, and other work reads it
// anew: whoever changes the base in between finds it in the next command alone.
func TestABaseIsReadOnce(t *testing.T) {
	files := layered()
	for _, env := range []string{"b", "c"} {
		for path, text := range maps.Clone(files) {
			if rest, is := strings.CutPrefix(path, "env/"); is {
				files[env+"/"+rest] = text
			}
		}
	}
	dir := tree(t, files)
	replicas := func(env string) string {
		t.Helper()
		found, err := Allow{}.Find(filepath.Join(dir, env))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %d specs, %v", env, len(found), err)
		}
		_, text, _ := strings.Cut(string(found[0].Spec), "replicas: ")
		return strings.TrimSpace(text)
	}
	write := func(path string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, path), []byte(strings.Replace(files[path], "replicas: 1", "replicas: 2", 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	forget := seen.Remember()
	if n := replicas("env"); n != "1" {
		t.Fatalf("%s replicas", n)
	}
	write("base/registry.yaml")
	if n := replicas("b"); n != "1" {
		t.Errorf("the base was read again: %s replicas", n)
	}
	forget()
	if n := replicas("c"); n != "2" {
		t.Errorf("other work: %s replicas", n)
	}
}

// What a run reads counts as often as it is read, remembered or not: the bounds are
// those of one build.
func TestWhatIsRememberedCounts(t *testing.T) {
	path := filepath.Join(tree(t, map[string]string{"f.yaml": "a: b\n"}), "f.yaml")
	defer seen.Remember()()
	var run tally
	for i := range maxReads + 1 {
		if _, err := run.take(Allow{}, path); (err != nil) != (i == maxReads) {
			t.Fatalf("read %d: %v", i+1, err)
		}
	}
	data, err := (&tally{}).take(Allow{}, path)
	if err != nil {
		t.Fatal(err)
	}
	copy(data, "x")
	if again, err := (&tally{}).take(Allow{}, path); err != nil || string(again) != "a: b\n" {
		t.Errorf("changed by who read it before: %q, %v", again, err)
	}
}
