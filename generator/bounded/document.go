package bounded

import (
	"bytes"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// Document reads the only YAML document in data; nil when there is none. What
// is wrong with it is a problem.Problem, which never quotes it.
func Document(data []byte) (*yaml.Node, error) {
	if line := conflict(data); line > 0 {
		return nil, problem.Problem{Line: line, What: "an unresolved merge conflict stands in the file",
			Next: "take one side whole (git checkout --ours or --theirs FILE): a mix of both does not decrypt"}
	}
	var root, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	switch err := d.Decode(&root); {
	case err == io.EOF:
		return nil, nil
	case err != nil:
		return nil, problem.Problem{Line: lineOf(err), What: "not valid YAML"}
	}
	if err := d.Decode(&more); err != io.EOF {
		return nil, problem.Problem{What: "more than one YAML document in the file", Want: "one document a file"}
	}
	return &root, nil
}

// conflict returns the line of the first conflict marker, or 0.
func conflict(data []byte) int {
	for i, l := range bytes.Split(data, []byte("\n")) {
		if bytes.HasPrefix(l, []byte("<<<<<<< ")) || bytes.HasPrefix(l, []byte(">>>>>>> ")) {
			return i + 1
		}
	}
	return 0
}

var yamlLine = regexp.MustCompile(`line (\d+)`)

// lineOf takes from a YAML error the one thing that can't quote the input.
func lineOf(err error) int {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}
