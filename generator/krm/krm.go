// Package krm is how kustomize talks to a program: a ResourceList on stdin for
// a KRM function, a configuration file and two environment variables for an
// exec plugin.
package krm

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/spec"
)

// PluginConfig recognises kustomize's exec plugin call: one argument, the file
// that holds the merged spec, and KUSTOMIZE_PLUGIN_CONFIG_ROOT, the folder
// whose kustomization.yaml names the generator. ok is false for any other
// call. It fails when the call is one but the file can't be read.
func PluginConfig(args []string, env func(string) string, readFile func(string) ([]byte, error)) (config []byte, root string, ok bool, err error) {
	root = env("KUSTOMIZE_PLUGIN_CONFIG_ROOT")
	if len(args) != 1 || root == "" || filepath.Base(args[0]) == args[0] {
		return nil, "", false, nil
	}
	config, err = readFile(args[0])
	if err != nil {
		return nil, "", false, problem.Problem{File: args[0], What: "can't read the configuration that kustomize wrote for this plugin"}
	}
	return config, root, true, nil
}

// Generate makes the objects of a spec, a YAML stream, from it, merged, and the
// sealed Secrets that came as items, by name; nil when none did. What else came
// it may change.
type Generate func(config []byte, items []*yaml.RNode, sealed map[string][]byte) ([]byte, error)

// Run answers one KRM function call. As a generator (the only item is the
// function's own configuration) it returns what was made; as a transformer it
// returns the items with what was made put in: an object replaces the item of
// its identity and is appended otherwise. Sealed files among the items are
// input only. Nothing is returned with an error.
func Run(in []byte, gen Generate) ([]byte, error) {
	rw := kio.ByteReadWriter{Reader: bytes.NewReader(in), OmitReaderAnnotations: true, KeepReaderAnnotations: true}
	items, err := rw.Read()
	if err != nil || rw.WrappingKind != kio.ResourceListKind {
		return nil, problem.Problem{What: "stdin is not a ResourceList", Want: "a KRM function's input, or a command",
			Next: "reggen --help"}
	}
	if rw.FunctionConfig.IsNilOrEmpty() {
		return nil, problem.Problem{Path: "functionConfig", What: "is missing from the ResourceList", Want: "a " + problem.OneOf(spec.Kinds) + " of " + spec.APIVersion}
	}
	config, err := configText(rw.FunctionConfig)
	if err != nil {
		return nil, err
	}
	kept, twins, err := sortOut(items)
	if err != nil {
		return nil, err
	}
	text, err := gen(config, kept, twins)
	if err != nil {
		return nil, err
	}
	made, err := read(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	rw.Writer = &b
	rw.Results = nil
	if err := rw.Write(upsert(kept, made)); err != nil {
		return nil, problem.Problem{What: "the result can't be written as a ResourceList"}
	}
	return b.Bytes(), nil
}

// Transform answers an exec plugin's call as a transformer: items is the YAML
// stream on stdin, and so is the result. make may change the items that it is
// given, and what it returns is put in as Run does.
func Transform(items []byte, make func([]*yaml.RNode) ([]byte, error)) ([]byte, error) {
	old, err := read(items)
	if err != nil {
		return nil, err
	}
	kept, _, err := sortOut(old)
	if err != nil {
		return nil, err
	}
	made, err := make(kept)
	if err != nil {
		return nil, err
	}
	new, err := read(made)
	if err != nil {
		return nil, err
	}
	text, err := kio.StringAll(upsert(kept, new))
	if err != nil {
		return nil, problem.Problem{What: "the result can't be written"}
	}
	return []byte(text), nil
}

// SealedItems picks the sealed files out of a YAML stream of objects, by name;
// nil when there are none.
func SealedItems(stream []byte) (map[string][]byte, error) {
	if len(stream) == 0 {
		return nil, nil
	}
	items, err := read(stream)
	if err != nil {
		return nil, err
	}
	_, twins, err := sortOut(items)
	return twins, err
}

// CredentialItems picks the credential files out of a ResourceList, by the
// path that the caller gave them or else by name; nil when there are none, or
// when in is no ResourceList, which Run says. They stay among the items.
func CredentialItems(in []byte) map[string][]byte {
	rw := kio.ByteReadWriter{Reader: bytes.NewReader(in), OmitReaderAnnotations: true, KeepReaderAnnotations: true}
	items, err := rw.Read()
	if err != nil {
		return nil
	}
	var out map[string][]byte
	for _, n := range items {
		if n.YNode().Kind != yaml.MappingNode || n.GetKind() != spec.KindCredential || n.GetApiVersion() != spec.APIVersion {
			continue
		}
		path := n.GetName() + ".yaml"
		if p, _, err := kioutil.GetFileAnnotations(n); err == nil && p != "" {
			path = p
		}
		text, err := n.String()
		if err != nil {
			continue
		}
		if out == nil {
			out = map[string][]byte{}
		}
		out[path] = []byte(text)
	}
	return out
}

func read(stream []byte) ([]*yaml.RNode, error) {
	items, err := (&kio.ByteReader{Reader: bytes.NewReader(stream), OmitReaderAnnotations: true}).Read()
	if err != nil {
		return nil, problem.Problem{What: "not a stream of Kubernetes objects"}
	}
	return items, nil
}

// configText is the spec without the annotations that kustomize added.
func configText(config *yaml.RNode) ([]byte, error) {
	text, err := config.String()
	if err != nil {
		return nil, problem.Problem{Path: "functionConfig", What: "can't be read"}
	}
	return []byte(text), nil
}

// sortOut separates the sealed files among the items from those that stay,
// and drops the function's own configuration.
func sortOut(items []*yaml.RNode) (kept []*yaml.RNode, twins map[string][]byte, err error) {
	for _, n := range items {
		if n.YNode().Kind != yaml.MappingNode {
			return nil, nil, problem.Problem{What: "an item is no object", Want: "Kubernetes objects"}
		}
		switch {
		case slices.Contains(spec.Kinds, n.GetKind()) && n.GetApiVersion() == spec.APIVersion:
			continue
		case n.GetKind() != "Secret" || n.GetAnnotations()[sealed.RecordKey] == "":
			kept = append(kept, n)
			continue
		}
		name, text, err := asSealed(n)
		if err != nil {
			return nil, nil, problem.Problem{What: "the sealed file of the Secret " + n.GetName() + " can't be read"}
		}
		if _, twice := twins[name]; twice {
			return nil, nil, problem.Problem{What: "two sealed files of the Secret " + name + " among the items"}
		}
		if twins == nil {
			twins = map[string][]byte{}
		}
		twins[name] = text
	}
	return kept, twins, nil
}

// previousNames is where kustomize keeps an object's names from before its
// prefixes and suffixes, oldest first.
const previousNames = "internal.config.kubernetes.io/previousNames"

// asSealed takes back what kustomize did to a sealed file on its way here:
// namespace, labels, other annotations and, where it says so, the name.
func asSealed(n *yaml.RNode) (name string, text []byte, err error) {
	n = n.Copy()
	annotations := n.GetAnnotations()
	name = n.GetName()
	if first, _, _ := strings.Cut(annotations[previousNames], ","); first != "" {
		name = first
	}
	for _, f := range []yaml.Filter{
		yaml.SetK8sName(name),
		yaml.Tee(yaml.Get("metadata"), yaml.Clear("namespace")),
		yaml.Tee(yaml.Get("metadata"), yaml.Clear("labels")),
	} {
		if err := n.PipeE(f); err != nil {
			return "", nil, err
		}
	}
	if err := n.SetAnnotations(map[string]string{sealed.RecordKey: annotations[sealed.RecordKey]}); err != nil {
		return "", nil, err
	}
	out, err := n.String()
	return name, []byte(out), err
}

type identity struct{ apiVersion, kind, namespace, name string }

func identify(n *yaml.RNode) identity {
	return identity{n.GetApiVersion(), n.GetKind(), n.GetNamespace(), n.GetName()}
}

func upsert(items, made []*yaml.RNode) []*yaml.RNode {
	at := map[identity]int{}
	for i, n := range items {
		at[identify(n)] = i
	}
	for _, n := range made {
		i, ok := at[identify(n)]
		if !ok {
			at[identify(n)] = len(items)
			items = append(items, n)
			continue
		}
		keepPlace(items[i], n)
		items[i] = n
	}
	return items
}

// keepPlace copies the annotations by which the caller knows the item's place.
func keepPlace(old, new *yaml.RNode) {
	annotations := new.GetAnnotations()
	changed := false
	for k, v := range old.GetAnnotations() {
		if k == kioutil.PathAnnotation || k == "config.kubernetes.io/path" {
			if !filepath.IsLocal(filepath.FromSlash(v)) || problem.Steers(v) {
				continue // a caller writes the object there
			}
		}
		if strings.HasPrefix(k, "internal.config.kubernetes.io/") || k == kioutil.PathAnnotation || k == kioutil.IndexAnnotation ||
			k == "config.kubernetes.io/path" || k == "config.kubernetes.io/index" || k == "kustomize.config.k8s.io/id" {
			annotations[k] = v
			changed = true
		}
	}
	if changed {
		_ = new.SetAnnotations(annotations)
	}
}
