package people

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// reason begins the lines in which an editor is told what is wrong.
const reason = "#! "

// editable is what an editor shows of values.
func editable(file string, values map[string]string) ([]byte, error) {
	text, err := yaml.Marshal(values) // in one order, and escapes what steers
	if err != nil {
		return nil, problem.Problem{File: file, What: "can't be shown as YAML"}
	}
	head := "# " + problem.Shown(file) + ", decrypted. Save and close the editor to encrypt it;\n" +
		"# leave it as it is, or empty it, and nothing is changed.\n"
	return append([]byte(head), text...), nil
}

func withReasons(text []byte, wrong error) []byte {
	var b bytes.Buffer
	for line := range strings.Lines(problem.Lines(wrong.Error())) {
		b.WriteString(reason + strings.TrimSuffix(line, "\n") + "\n")
	}
	return append(b.Bytes(), text...)
}

func withoutReasons(text []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte(reason)) {
			b.Write(line)
		}
	}
	return b.Bytes()
}

func onlyComments(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// edited reads what an editor left: a mapping of text. A number is the text that
// stands there. The errors quote nothing: all of it is secret.
func edited(text []byte) (map[string]string, error) {
	if bounded.Secret("", text) != nil {
		return nil, problem.Problem{What: "is no YAML, or too much of it", Want: "FIELD: VALUE lines"}
	}
	var doc, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	if d.Decode(&doc) != nil || !errors.Is(d.Decode(&more), io.EOF) || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, problem.Problem{What: "is no YAML mapping", Want: "FIELD: VALUE lines; a value with a # or a colon in it stands between quotes"}
	}
	out := map[string]string{}
	var l problem.List
	pairs := doc.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		key, value := pairs[i], pairs[i+1]
		switch _, twice := out[key.Value]; {
		case key.Kind != yaml.ScalarNode || value.Kind != yaml.ScalarNode:
			l.Add(problem.Problem{Line: value.Line, What: "has something else than a text as its value"})
		case twice:
			l.Add(problem.Problem{Line: key.Line, What: "is a field that stands there twice"})
		case value.Tag == "!!null":
			out[key.Value] = ""
		default:
			out[key.Value] = value.Value
		}
	}
	for i := range l {
		l[i].File = "the edited text"
	}
	return out, l.Err()
}
