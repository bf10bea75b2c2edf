package credential

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/memo"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/syntax"
)

// Parse reads the public side of a credential file. Any readable value, any
// unknown or missing field is an error; all of a file's are reported at once.
func Parse(file string, data []byte) (Public, error) {
	p, err := parsed.Get(data, func() (Public, error) { return parse(file, data) })
	if err == nil {
		p.File, p.Fields, p.Notes = file, maps.Clone(p.Fields), maps.Clone(p.Notes)
	}
	return p, err
}

var parsed memo.Of[Public]

func parse(file string, data []byte) (Public, error) {
	if HasConflict(data) {
		return Public{}, problem.List{{
			File: file, What: "holds the markers of an unfinished git merge",
			Next: "take one side whole (git checkout --ours or --theirs), then run reggen seal",
		}}
	}
	var root, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&root); err != nil || len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode {
		return Public{}, problem.List{{File: file, What: "not a YAML mapping", Want: "a RegistryCredential encrypted with SOPS"}}
	}
	if err := d.Decode(&more); err != io.EOF {
		return Public{}, problem.List{{File: file, What: "holds more than one YAML document", Want: "one credential a file"}}
	}
	r := reader{file: file}
	p := r.document(root.Content[0])
	r.problems.Sort()
	return p, r.problems.Err()
}

type reader struct {
	file     string
	problems problem.List
}

func (r *reader) addf(n *yaml.Node, path, next, format string, args ...any) {
	r.problems.Add(problem.Problem{File: r.file, Line: n.Line, Path: path, What: fmt.Sprintf(format, args...), Next: next})
}

// unknown reports a key that nothing reads, and what was probably meant.
func (r *reader) unknown(k *yaml.Node, path string, known []string) {
	if problem.Secretish(k.Value) {
		path = strings.TrimSuffix(path, k.Value) + problem.Key(k.Value)
	}
	r.problems.Add(problem.Problem{File: r.file, Line: k.Line, Path: path, What: "unknown field",
		Want: strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1], Near: problem.Nearest(k.Value, known)})
}

// each calls f for every entry of a mapping and reports duplicate keys.
func (r *reader) each(m *yaml.Node, path string, f func(key string, k, v *yaml.Node)) {
	if m.Kind != yaml.MappingNode {
		r.addf(m, path, "", "is not a mapping")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		k, v := m.Content[i], m.Content[i+1]
		if seen[k.Value] {
			r.addf(k, join(path, k.Value), "", "stands there twice")
			continue
		}
		seen[k.Value] = true
		f(k.Value, k, v)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (r *reader) document(m *yaml.Node) Public {
	p := Public{File: r.file, Fields: map[string]string{}}
	var apiVersion, kind string
	var data, costNode *yaml.Node
	typeNode := m
	sealed := false
	r.each(m, "", func(key string, k, v *yaml.Node) {
		switch key {
		case "apiVersion":
			apiVersion = v.Value
		case "kind":
			kind = v.Value
		case "type":
			p.Type, typeNode = Type(v.Value), v
		case "user":
			p.User = v.Value
			if v.Kind != yaml.ScalarNode || v.Tag != "!!str" {
				r.addf(v, "user", "", "is not text; put it in quotes")
			}
		case "cost":
			costNode = v
			if err := v.Decode(&p.Cost); err != nil {
				r.addf(v, "cost", "", "is not a number")
			}
		case "metadata":
			r.metadata(&p, v)
		case "stringData":
			data = v
		case "sops":
			p.On, sealed = blockOf(v)
		default:
			r.unknown(k, key, []string{"apiVersion", "kind", "metadata", "type", "user", "cost", "stringData"})
		}
	})
	if apiVersion != spec.APIVersion || kind != spec.KindCredential {
		r.addf(m, "", "", "is not a %s of %s", spec.KindCredential, spec.APIVersion)
		return p
	}
	if !sealed {
		r.addf(m, "", "encrypt it in place: sops --encrypt --in-place "+problem.QuoteArg(r.file)+"\nand take what was readable for leaked if it was ever committed", "is not encrypted: it has no sops block")
	}
	r.fieldsOf(&p, m, typeNode, data)
	if p.Type == User {
		if p.User == "" {
			p.User = p.Name
		}
		if what := CheckUser(p.User); what != "" && p.Name != "" {
			r.addf(m, "user", "", "%s", what)
		}
		if costNode != nil && (p.Cost < MinCost || p.Cost > MaxCost) {
			r.addf(costNode, "cost", "", "is outside %d to %d", MinCost, MaxCost)
		}
	}
	return p
}

func (r *reader) metadata(p *Public, m *yaml.Node) {
	r.each(m, "metadata", func(key string, k, v *yaml.Node) {
		switch key {
		case "name":
			p.Name = v.Value
		case "annotations":
			p.Notes = map[string]string{}
			for i := 0; i+1 < len(v.Content); i += 2 {
				p.Notes[v.Content[i].Value] = v.Content[i+1].Value
			}
			p.Origin = p.Notes[spec.RotationOf]
		case "labels", "namespace":
		default:
			r.unknown(k, "metadata."+key, []string{"name", "annotations", "labels", "namespace"})
		}
	})
	if p.Name == "" {
		r.addf(m, "metadata.name", "", "is missing")
	}
}

func (r *reader) fieldsOf(p *Public, m, typeNode, data *yaml.Node) {
	known, ok := fields[p.Type]
	if !ok {
		r.problems.Add(problem.Problem{File: r.file, Line: typeNode.Line, Path: "type", What: "is not a type of credential",
			Want: "user, s3, azure, gcs, swift, proxy, config, generic or machine", Near: problem.Nearest(string(p.Type), []string{"user", "s3", "azure", "gcs", "swift", "proxy", "config", "generic", "machine"})})
		return
	}
	if data == nil {
		r.addf(m, "stringData", "", "is missing")
		return
	}
	allowed := append(append([]string{}, known.required...), known.optional...)
	r.comments(data)
	r.each(data, "stringData", func(key string, k, v *yaml.Node) {
		path := "stringData." + key
		r.comments(k)
		r.comments(v)
		switch {
		case v.Kind != yaml.ScalarNode:
			r.addf(v, path, "", "is not text")
		case v.Value == "":
			r.addf(v, path, "", "is empty")
		case !secret.IsCiphertext(v.Value):
			r.addf(v, path, "encrypt it in place: sops --encrypt --in-place "+problem.QuoteArg(r.file)+"\nand take this value for leaked if it was ever committed", "is readable: not encrypted")
		case p.Type == Config && !IsConfigField(key):
			r.addf(k, path, "write a variable of the registry, or notifications.<endpoint>.<header>", "is no field of a config credential")
		case p.Type == Generic && !syntax.DataKey.Matches(key):
			r.addf(k, path, "letters, digits, '-', '_' and '.'", "is no name of a field")
		case p.Type != Config && p.Type != Generic && !contains(allowed, key) && !machineKeeps(p.Type, key):
			r.unknown(k, path, allowed)
		default:
			p.Fields[key] = v.Value
		}
	})
	for _, f := range known.required {
		if !mentions(data, f) {
			r.addf(data, "stringData."+f, "", "is missing")
		}
	}
	if (p.Type == Config || p.Type == Generic) && len(data.Content) == 0 {
		r.addf(data, "stringData", "", "is empty")
	}
	if p.Type == User && !mentions(data, Password) && !mentions(data, Hash) {
		r.addf(data, "stringData", "", "has neither a password nor a hash")
	}
}

// comments refuses what a person wrote beside the secrets: SOPS encrypts those
// comments, and a readable one may hold what belongs in a value.
func (r *reader) comments(n *yaml.Node) {
	for _, c := range []string{n.HeadComment, n.LineComment, n.FootComment} {
		for line := range strings.Lines(c) {
			if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "#ENC[") {
				r.addf(n, "stringData", "take the comment out, and what it said for leaked if it was a secret and ever committed", "has a readable comment")
				return
			}
		}
	}
}

// blockOf says that a node is a sops block: with a MAC, a time and a version.
// Whether the MAC is right only a key can tell.
func blockOf(n *yaml.Node) (on time.Time, is bool) {
	var block struct {
		MAC          string `yaml:"mac"`
		LastModified string `yaml:"lastmodified"`
		Version      string `yaml:"version"`
	}
	if n.Decode(&block) != nil || !secret.IsCiphertext(block.MAC) || block.LastModified == "" || block.Version == "" {
		return on, false
	}
	on, _ = time.Parse(time.RFC3339, block.LastModified)
	return on, true
}

func contains(l []string, s string) bool {
	for _, e := range l {
		if e == s {
			return true
		}
	}
	return false
}

func mentions(m *yaml.Node, key string) bool {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return true
		}
	}
	return false
}

// machineKeeps says whether a machine credential has a field that keeps what a
// template drew.
func machineKeeps(t Type, field string) bool {
	_, is := IsKept(field)
	return t == Machine && is
}
