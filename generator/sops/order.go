package sops

import (
	"regexp"

	"github.com/getsops/sops/v3"
	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
)

// ordered sorts the keys of all mappings the way kustomize writes them, and
// drops comments.
func ordered(branch sops.TreeBranch) (sops.TreeBranch, error) {
	items := map[string]any{}
	for _, item := range branch {
		if key, ok := item.Key.(string); ok {
			items[key] = item.Value
		}
	}
	names, err := keyOrder(items)
	if err != nil {
		return nil, err
	}
	out := sops.TreeBranch{}
	for _, name := range names {
		value, err := orderedValue(items[name])
		if err != nil {
			return nil, err
		}
		out = append(out, sops.TreeItem{Key: name, Value: value})
	}
	return out, nil
}

func orderedValue(v any) (any, error) {
	switch v := v.(type) {
	case sops.TreeBranch:
		return ordered(v)
	case []any:
		out := []any{}
		for _, item := range v {
			if _, ok := item.(sops.Comment); ok {
				continue
			}
			o, err := orderedValue(item)
			if err != nil {
				return nil, err
			}
			out = append(out, o)
		}
		return out, nil
	}
	return v, nil
}

// keyOrder asks the marshaller that kustomize writes with for its order of
// keys: a natural one, in which a2 stands before a10, that differs between
// YAML libraries.
func keyOrder(items map[string]any) ([]string, error) {
	broken := problem.Problem{What: "a key that can't be written as YAML"}
	names := make(map[string]bool, len(items))
	for name := range items {
		names[name] = true
	}
	if len(names) == 0 {
		return nil, nil
	}
	text, err := sigsyaml.Marshal(names)
	if err != nil {
		return nil, broken
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil || len(root.Content) != 1 || len(root.Content[0].Content) != 2*len(names) {
		return nil, broken
	}
	var out []string
	for i := 0; i < len(root.Content[0].Content); i += 2 {
		name := root.Content[0].Content[i].Value
		if !names[name] {
			return nil, broken
		}
		out = append(out, name)
	}
	return out, nil
}

var secretKey = regexp.MustCompile(rules.Regex)

// sealable refuses a document of which SOPS would encrypt more than the values
// under data and stringData, or something that is not a string.
func sealable(branch sops.TreeBranch) error {
	var l problem.List
	for _, item := range branch {
		key, _ := item.Key.(string)
		switch {
		case key == "sops":
			l.Add(problem.Problem{Path: key, What: "the document is encrypted already, or has a key that SOPS needs for itself"})
		case secretKey.MatchString(key):
			values(item.Value, key, &l)
		default:
			stray(item.Value, key, &l)
		}
	}
	l.Sort()
	return l.Err()
}

// values checks the mapping under data or stringData.
func values(v any, path string, l *problem.List) {
	branch, ok := v.(sops.TreeBranch)
	if !ok {
		if v != nil {
			l.Add(problem.Problem{Path: path, What: "not a mapping", Want: "a mapping of names to strings"})
		}
		return
	}
	for _, item := range branch {
		if _, ok := item.Value.(string); !ok {
			l.Add(problem.Problem{Path: path + "." + item.Key.(string), What: "not a string", Want: "a string; quote numbers and truth values"})
		}
	}
}

// stray looks for keys that SOPS would encrypt although they stand elsewhere.
func stray(v any, path string, l *problem.List) {
	switch v := v.(type) {
	case sops.TreeBranch:
		for _, item := range v {
			key, _ := item.Key.(string)
			below := path + "." + key
			if secretKey.MatchString(key) {
				l.Add(problem.Problem{Path: below, What: "SOPS would encrypt it for its name", Want: "data and stringData at the top of the document only"})
				continue
			}
			stray(item.Value, below, l)
		}
	case []any:
		for _, item := range v {
			stray(item, path+"[]", l)
		}
	}
}
