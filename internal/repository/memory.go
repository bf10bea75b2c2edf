package repository

import (
	"os"
	"path/filepath"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// Scratch is a file for an editor, alone in a folder of its own that only this
// user can enter: what an editor writes beside it goes with it.
type Scratch struct{ dir, Path string }

// NewScratch makes one in memory, where nothing of it comes onto a disk by
// itself. Where this machine has no such place, onDisk has to say that the
// temporary folder may be used.
func NewScratch(getenv func(string) string, onDisk bool) (Scratch, error) {
	var places []string
	if run := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(run) {
		places = append(places, run)
	}
	place := firstInMemory(append(places, "/dev/shm"))
	switch {
	case place == "" && !onDisk:
		return Scratch{}, problem.Problem{What: "there is no place in memory for the decrypted values: neither $XDG_RUNTIME_DIR nor /dev/shm is a tmpfs",
			Next: "reggen credential set   # needs no file\nor the same command with --on-disk, which writes them to the temporary folder for as long as the editor runs"}
	case place == "":
		place = os.TempDir()
	}
	dir, err := os.MkdirTemp(place, "reggen-edit-") // 0700
	if err != nil {
		return Scratch{}, problem.Problem{File: place, What: "no folder can be made there", Want: "a place for the decrypted values while they are edited"}
	}
	return Scratch{dir, filepath.Join(dir, "credential.yaml")}, nil
}

// firstInMemory is the first folder that is kept in memory, or "".
func firstInMemory(places []string) string {
	for _, place := range places {
		if inMemory(place) {
			return place
		}
	}
	return ""
}

// Write puts text in the place of what is there.
func (s Scratch) Write(text []byte) error {
	if err := os.WriteFile(s.Path, text, 0o600); err != nil {
		return problem.Problem{File: s.dir, What: "can't be written to"}
	}
	return nil
}

// Read is what the editor left. Some write a new file in the place of the old.
func (s Scratch) Read() ([]byte, error) {
	text, err := bounded.Read(s.Path, bounded.MaxSecret)
	switch {
	case bounded.IsProblem(err):
		return nil, problem.Problem{What: "the edited file is too large, or no file any more; nothing was taken"}
	case err != nil:
		return nil, problem.Problem{What: "the edited file is gone; nothing was taken"}
	}
	return text, nil
}

// Remove takes the folder away with all that the editor left there.
func (s Scratch) Remove() {
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}
