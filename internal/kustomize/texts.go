package kustomize

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	goyaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/reggen/reggen/generator/memo"
	"github.com/reggen/reggen/generator/problem"
)

// unknownFields says what kustomize would not take in a kustomization file: an
// empty one, and fields that it doesn't have.
func (k *kustomization) unknownFields() (l problem.List) {
	if len(bytes.TrimSpace(k.text)) == 0 {
		return problem.List{{File: k.file, What: "is empty", Want: "for an environment: generators: [registry]"}}
	}
	var n goyaml.Node
	if goyaml.Unmarshal(k.text, &n) != nil || len(n.Content) != 1 || n.Content[0].Kind != goyaml.MappingNode {
		return nil
	}
	fields, known := n.Content[0].Content, kustomizationFields()
	for i := 0; i+1 < len(fields); i += 2 {
		if name := fields[i].Value; !slices.ContainsFunc(known, func(f string) bool { return strings.EqualFold(f, name) }) {
			l.Add(problem.Problem{File: k.file, Line: fields[i].Line, Column: fields[i].Column, Named: true, Path: problem.Key(name), What: "unknown field", Near: problem.Nearest(name, known)})
		}
	}
	return l
}

// kustomizationFields are the fields of a kustomization file that kustomize
// knows, those that it takes and replaces among them.
func kustomizationFields() (names []string) {
	all := map[string]bool{}
	for _, t := range []reflect.Type{reflect.TypeFor[types.Kustomization](), reflect.TypeFor[types.TypeMeta]()} {
		for i := range t.NumField() {
			if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
				all[name] = true
			}
		}
	}
	all["imageTags"] = true // kustomize still reads it as images
	return slices.Sorted(maps.Keys(all))
}

// unpatched is kustomize's report of a patch for a Registry that no layer below
// has.
var unpatched = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`no matches for Id (Registry|Chart)\.[^/ ]*reggen\.dev/(\S+)\.([^. ;]+); failed to find unique target for patch`)
})

// noGenerator is kustomize's report of an object under generators that is none.
var noGenerator = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`expected file with Go object code at: \S*[/\\](\w+)\.so`)
})

// oddKey says that a spec has a key that is no text: kustomize can't write it.
func oddKey(of string) problem.Problem {
	p := problem.Problem{What: "holds a mapping with a key that is no text, which kustomize can't merge", Want: "quotes around keys that are numbers, dates, true or false"}
	if of != "" {
		p.What = "the " + of + " " + p.What
	}
	return p
}

// inOurWords words what people meet most.
func inOurWords(dir, text string) (problem.Problem, bool) {
	if m := noGenerator().FindStringSubmatch(text); m != nil {
		return problem.Problem{File: dir, Path: "generators", What: "holds an object of kind " + m[1] + ", which makes nothing", Want: "objects for the cluster under resources, beside generators"}, true
	}
	if strings.Contains(text, "unsupported type: map[interface {}]interface {}") {
		return oddKey(""), true
	}
	m := unpatched().FindStringSubmatch(text)
	if m == nil {
		return problem.Problem{}, false
	}
	namespace := m[3]
	if namespace == "[noNs]" {
		namespace = "none"
	}
	return problem.Problem{File: dir, Path: "metadata", What: fmt.Sprintf("a patch is for the %s named %q, namespace %s, and no base has it", m[1], m[2], namespace),
		Want: "metadata.name and metadata.namespace as the base has them",
		Next: "to rename it here, write beside the patch's path: target: {kind: " + m[1] + "} and options: {allowNameChange: true}"}, true
}

// quoted are the texts of kustomize that name paths, ids and fields, and quote
// nothing else of what it has read. Its other texts are not passed on. They take
// long to compile, and only a build that fails needs them.
var quoted = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:accumulat(?:ing|e) (?:resources|components)(?: from '[^'\n]*')?: |loading generator plugins: |failed to load generator: |(?:[\w./-]+): |` +
		"trouble configuring builtin \\w+ with config: `[^`]*`: " + `|apply(?:ing)? patch: )*(?:` + strings.Join([]string{
		`error in (?:add|remove|replace|move|copy|test) for path: '[^'\n]*': [^\n:]*(?:key|index|path)[^\n:]*: (?:[\w./-]+: )*missing value`,
		`no (?:resource )?matches for (?:Id|name|strategic merge patch)[^\n"'{}]*`,
		`may not add resource with an already registered id: \S+`,
		`found multiple possible (?:kustomization files|referrals)[^\n]*`,
		`Found multiple kustomization files under: \S+`,
		`(?:evalsymlink failure on|new root|couldn't make target for path|must build at directory|got file) '[^'\n]*'(?: [^\n"{}]*)?`,
		`(?:security; )?file '[^'\n]*' is not in or below '[^'\n]*'`,
		`(?:open|stat|lstat|read) [^\n:]*: (?:no such file or directory|permission denied|is a directory|not a directory)`,
		`cycle (?:detected|not allowed): [^\n]*`,
		`invalid Kustomization: json: (?:unknown field "[\w-]*"|cannot unmarshal \w+ into Go struct field [\w.]+ of type [\w.\[\]]+)`,
		`unable to find (?:one of|field|target)[^\n:"{}]*`,
		`unable to find field "[\w./\[\]=*-]{1,200}" in replacement target`,
	}, "|") + `)$`)
})

// quotesNothing says that a text of kustomize may be shown.
func quotesNothing(text string) bool { return len(text) <= longestText && quoted().MatchString(text) }

// longestText is how much of what kustomize says is passed on.
const longestText = 1200

// repeated says which keys stand twice in a file that holds something of
// reggen's. kustomize takes the last one without a word, and who reads the
// first is wrong about what is deployed.
func repeated(path string, data []byte) (l problem.List) {
	if !bytes.Contains(data, []byte("reggen.dev/")) {
		return nil
	}
	l, _ = repetitions.Get(data, func() (problem.List, error) { return repeatedIn(data), nil })
	l = slices.Clone(l)
	for i := range l {
		l[i].File = filepath.Clean(path)
	}
	return l
}

var repetitions memo.Of[problem.List]

func repeatedIn(data []byte) (l problem.List) {
	d := goyaml.NewDecoder(bytes.NewReader(data))
	for {
		var n goyaml.Node
		if err := d.Decode(&n); errors.Is(err, io.EOF) || err != nil {
			return l // what is no YAML, kustomize says
		}
		if len(n.Content) == 1 {
			twiceIn(n.Content[0], nil, func(at []string, first int, again *goyaml.Node) {
				l.Add(problem.Problem{Line: again.Line, Column: again.Column, Named: true, Path: strings.Join(at, "."), What: fmt.Sprintf("stands twice, first in line %d", first), Want: "one of them"})
			})
		}
	}
}

// twiceIn walks the mappings of a document.
func twiceIn(n *goyaml.Node, at []string, found func(at []string, first int, again *goyaml.Node)) {
	if n.Kind != goyaml.MappingNode {
		for i, c := range n.Content {
			twiceIn(c, append(slices.Clone(at), fmt.Sprint(i)), found)
		}
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		here := append(slices.Clone(at), key.Value)
		if first, there := lines[key.Value]; there {
			found(here, first, key)
		} else if key.Kind == goyaml.ScalarNode && key.Tag != "!!merge" {
			lines[key.Value] = key.Line
		}
		twiceIn(n.Content[i+1], here, found)
	}
}
