package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/problem"
)

// Document parses data and returns the one mapping that it holds, which is what
// want says.
func Document(data []byte, want string) (*yaml.Node, *problem.Problem) {
	if bytes.HasPrefix(data, []byte("<<<<<<< ")) || bytes.Contains(data, []byte("\n<<<<<<< ")) {
		return nil, &problem.Problem{What: "holds the markers of an unfinished git merge", Next: "resolve the conflict, then try again"}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var roots []*yaml.Node
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, syntax(err)
		}
		if root := doc.Content[0]; root.ShortTag() != "!!null" || root.Kind != yaml.ScalarNode {
			roots = append(roots, root)
		}
	}
	switch {
	case len(roots) == 0:
		return nil, &problem.Problem{What: "is empty", Want: want}
	case len(roots) > 1:
		return nil, &problem.Problem{Line: roots[1].Line, What: fmt.Sprintf("holds %d documents", len(roots)), Want: want}
	case roots[0].Kind != yaml.MappingNode:
		return nil, &problem.Problem{Line: roots[0].Line, What: "is " + Describe(roots[0]), Want: want}
	}
	return roots[0], nil
}

// errorLine finds the line in the parser's message; known are those of its
// messages that never quote the input. Everything else it says is dropped.
var errorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

var known = []string{
	"mapping values are not allowed in this context",
	"could not find expected ':'",
	"did not find expected key",
	"did not find expected node content",
	"did not find expected '-' indicator",
	"did not find expected ',' or ']'",
	"did not find expected ',' or '}'",
	"found character that cannot start any token",
	"found a tab character that violates indentation",
	"found unexpected end of stream",
	"found unknown escape character",
	"control characters are not allowed",
}

func syntax(err error) *problem.Problem {
	p := &problem.Problem{What: "is not YAML"}
	m := errorLine.FindStringSubmatch(err.Error())
	if m == nil {
		return p
	}
	p.Line, _ = strconv.Atoi(m[1])
	for _, k := range known {
		if strings.HasSuffix(m[2], k) {
			p.What += ": " + k
			break
		}
	}
	return p
}
