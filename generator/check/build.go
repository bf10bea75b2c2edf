package check

import (
	"bytes"

	"github.com/reggen/reggen/generator/object"
)

// Parse reads a YAML stream of rendered objects: a build's, or anything that
// some other program rendered. Lists are taken apart. from names the stream in
// errors, which quote nothing of it.
func Parse(from string, stream []byte) ([]object.Object, error) {
	var clean bytes.Buffer
	for line := range bytes.Lines(stream) {
		// A marker may have a comment behind it, and a stream an explicit end.
		if rest, ok := bytes.CutPrefix(line, []byte("---")); ok && bytes.HasPrefix(bytes.TrimSpace(rest), []byte("#")) {
			line = []byte("---\n")
		}
		if bytes.Equal(bytes.TrimRight(line, "\r\n \t"), []byte("...")) {
			line = []byte("---\n")
		}
		clean.Write(line)
	}
	return object.Parse(from, clean.Bytes())
}

// build is a set of objects and what the rules want to know of it.
type build struct {
	objects []object.Object
}

func look(objects []object.Object) *build {
	return &build{objects: objects}
}
