// Package movein turns the values of a Helm release of the tutorial's chart into a
// spec and what goes into credentials. It is pure: it reads no file, and decides
// nothing about what is there already.
//
// What the spec has a field for moves there, defaults of the chart are dropped,
// the rest stays under values. What can't be carried over is told, with the reason:
// nothing is dropped without a word.
package movein

import (
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/values"
)

// User is a user with the bcrypt hash that the release has for it, and the password
// where an image pull secret gave it, "" otherwise.
type User struct{ Name, Hash, Password string }

// Result is what a values file comes to. Its secrets are in Users, Credentials and
// HTTPSecret alone.
type Result struct {
	Spec        map[string]any
	Users       []User
	Credentials map[credential.Type]map[string]string
	HTTPSecret  string       // "" where the release had none of its own
	Left        problem.List // what was not carried over, and what stands for it
}

// move is a conversion on its way.
type move struct {
	in   tree // the values, of which whatever was carried over is taken out
	out  tree // the spec
	made Result

	release      Release
	placeholders bool // a secret is one
}

// Release is what is known of a release beside its values.
type Release struct {
	Name, Namespace string
	HTPasswd        string           // a whole htpasswd file, in the place of the values'; "" without one
	Secrets         []map[string]any // Secrets of the cluster: the release's own, image pull secrets
}

// FromValues converts values as Helm takes them. The spec is one that reggen takes;
// an error says that the values can't come to one.
func FromValues(in map[string]any, r Release) (Result, error) {
	m := &move{in: copyOf(in), out: tree{}, release: r, made: Result{Credentials: map[credential.Type]map[string]string{}}}
	pulls := m.objects()
	m.secrets()
	m.image()
	m.storage()
	m.front()
	m.pods()
	m.upkeep()
	m.names()
	m.pullSecrets(pulls)
	return m.made, m.rest()
}

// left tells what was not carried over.
func (m *move) left(path, what, next string) {
	m.made.Left.Add(problem.Problem{Path: path, What: what, Next: next})
}

// rest puts what the spec has no field for under values, without what the chart
// says itself, and takes out what reggen refuses there.
func (m *move) rest() error {
	c, err := chart.Default()
	if err != nil {
		return err
	}
	if config, ok := m.in.take("configData").(map[string]any); ok {
		m.config(config)
	}
	dropDefaults(m.in, c.Values())
	if len(m.in) > 0 {
		m.out["values"] = map[string]any(m.in)
	}
	m.made.Spec = m.out
	for range mostRefused {
		_, wrong, err := m.derived(c)
		if err != nil {
			return err
		}
		if len(wrong) == 0 {
			return m.smaller(c)
		}
		took := false
		for _, p := range wrong {
			if !needed(p.Path) && m.cut(p.Path) {
				took = true
				at := p.Path
				if rest, is := strings.CutPrefix(at, "spec.config."); is {
					at = "configData." + rest
				}
				m.left(strings.TrimPrefix(at, "spec.values."), "is not carried over: "+p.What, next(p))
			}
		}
		if !took {
			return wrong
		}
	}
	return nil
}

// mostRefused is how often what is refused is taken out before giving up.
const mostRefused = 20

// needed are the fields without which there is no registry.
func needed(path string) bool {
	return !strings.HasPrefix(path, "spec.") || strings.HasPrefix(path, "spec.host") || strings.HasPrefix(path, "spec.storage")
}

func next(p problem.Problem) string {
	if p.Want != "" {
		return "say it with " + p.Want
	}
	return p.Next
}

// derived is what the chart gets by the spec as it is, or what reggen says against
// it.
func (m *move) derived(c *chart.Chart) (map[string]any, problem.List, error) {
	text, err := yaml.Marshal(map[string]any{"apiVersion": spec.APIVersion, "kind": spec.KindRegistry,
		"metadata": map[string]any{"name": m.release.Name, "namespace": m.release.Namespace}, "spec": map[string]any(m.out)})
	if err != nil {
		return nil, nil, problem.Problem{What: "the values can't be written as YAML"}
	}
	r, err := spec.Decode(text, "")
	var l problem.List
	if err != nil {
		l.Join(err)
		return nil, l, nil
	}
	if l = c.CheckValues(r.Spec.Values); len(l) > 0 {
		return nil, l, nil
	}
	out, err := values.From(r, secret.Placeholders(nil))
	l.Join(err)
	return out, l, nil
}

// smaller takes out of the spec what follows without being said: defaults, and what
// other fields bring. The image stays as the release says it, for what is a
// default today may be another tomorrow.
func (m *move) smaller(c *chart.Chart) error {
	want, _, err := m.derived(c)
	if err != nil {
		return err
	}
	for _, path := range leaves(m.out, nil) {
		if slices.Contains([]string{"image", "values", "config", "pullSecrets"}, path[0]) { // pull secrets are not the chart's
			continue
		}
		if path[len(path)-1] == "ambientCredentials" { // says that keys are not missing; the chart gets the same
			continue
		}
		whole := m.out
		m.out = copyOf(whole)
		parent, _ := m.out.get(path[:len(path)-1]...).(map[string]any)
		delete(parent, path[len(path)-1])
		got, wrong, err := m.derived(c)
		if err != nil || len(wrong) > 0 || !same(got, want) {
			m.out = whole
		}
	}
	m.made.Spec = m.out
	return nil
}

// cut takes a path of a problem out of the spec.
func (m *move) cut(path string) bool {
	keys := keysOf(strings.TrimPrefix(path, "spec."))
	least := 1
	if keys[0] == "values" || keys[0] == "config" {
		least = 2
	}
	for n := len(keys); n >= least; n-- { // a list loses the whole of itself
		if m.out.take(keys[:n]...) != nil {
			return true
		}
	}
	return false
}

// keysOf are the keys of a path as problems write it: a.b[c.d].e, a.b[0].
func keysOf(path string) (keys []string) {
	for path != "" {
		switch {
		case path[0] == '.':
			path = path[1:]
		case path[0] == '[':
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return keys
			}
			keys, path = append(keys, strings.Trim(path[1:end], `"`)), path[end+1:]
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			keys, path = append(keys, path[:end]), path[end:]
		}
	}
	return keys
}

// config is the registry's own configuration: what the chart writes anyway is
// dropped, the rest is spec.config.
func (m *move) config(data map[string]any) {
	c := tree(data)
	for _, usual := range []struct {
		path  []string
		value any
	}{
		{[]string{"version"}, 0.1}, {[]string{"log", "fields", "service"}, "registry"}, {[]string{"storage", "cache", "blobdescriptor"}, "inmemory"},
		{[]string{"http", "addr"}, ":5000"}, {[]string{"http", "headers", "X-Content-Type-Options"}, []any{"nosniff"}},
		{[]string{"health", "storagedriver", "enabled"}, true}, {[]string{"health", "storagedriver", "interval"}, "10s"}, {[]string{"health", "storagedriver", "threshold"}, 3.0},
	} {
		if same(c.get(usual.path...), usual.value) {
			c.take(usual.path...)
		}
	}
	if len(c) > 0 {
		m.out["config"] = map[string]any(c)
	}
}

// names are what the release is called by.
func (m *move) names() {
	for _, key := range []string{"nameOverride", "fullnameOverride", "namespace"} {
		if text := m.in.text(key); text != "" {
			m.left(key, "is not carried over: objects are named after metadata.name, in metadata.namespace", "")
		}
	}
	if path := m.in.text("configPath"); path != "" && !slices.Contains([]string{"/etc/docker/registry", "/etc/distribution"}, path) {
		m.left("configPath", "is not carried over: the folder follows from the image", "")
	}
}
