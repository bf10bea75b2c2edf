package cli

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write golden files anew")

// golden compares got with a file, byte by byte, or writes it with -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is out of date; see what changed with: go test ./internal/cli -update && git diff %s", path, path)
	}
}

func TestReference(t *testing.T) {
	golden(t, "../../docs/reference/commands.md", []byte(Reference()))
}
