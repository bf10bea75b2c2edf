// Package movein turns the values of a Helm release of the tutorial's chart into a
// spec and what goes into credentials. It is pure: it reads no file, and decides
// nothing about what is there already.
//
// What the spec has a field for moves there, defaults of the chart are dropped,
// the rest stays under values. What can't be carried over is told, with the reason:
// nothing is dropped without a word.
package movein

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
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
	in       tree // the values, of which whatever was carried over is taken out
	out      tree // the spec
	made     Result
	defaults map[string]any // what the chart says by itself

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
	c, err := chart.Default()
	if err != nil {
		return Result{}, err
	}
	m := &move{in: copyOf(in), out: tree{}, release: r, made: Result{Credentials: map[credential.Type]map[string]string{}}, defaults: c.Values()}
	if err := m.values(); err != nil {
		return Result{}, err
	}
	pulls := m.objects()
	m.secrets()
	m.image()
	m.storage()
	m.front()
	m.pods()
	m.upkeep()
	m.names()
	m.pullSecrets(pulls)
	return m.made, m.rest(c)
}

// values says what is wrong where the input is something else than values of the
// chart: an environment of it would be a registry of another kind, with no images.
func (m *move) values() error {
	if m.in["apiVersion"] != nil && m.in["kind"] != nil {
		return problem.Problem{What: "is an object of Kubernetes", Want: "a release's values, as helm get values RELEASE -o yaml prints them"}
	}
	known := func(t map[string]any) bool {
		for key := range t {
			if _, is := m.defaults[key]; is || key == "configPath" {
				return true
			}
		}
		return false
	}
	if len(m.in) > 0 && !known(m.in) {
		p := problem.Problem{What: "has none of the chart's values", Want: "a release's values, as helm get values RELEASE -o yaml prints them"}
		for _, key := range slices.Sorted(maps.Keys(m.in)) {
			if below, is := m.in[key].(map[string]any); is && known(below) {
				p.What, p.Want = "has the chart's values under "+problem.Quoted(key)+", as a subchart's", "these alone, as a file of their own"
			}
		}
		return p
	}
	if kind, _ := m.in["storage"].(string); m.in["storage"] != nil && !slices.Contains([]string{"", "filesystem", "s3", "azure", "swift"}, kind) {
		return problem.Problem{Path: "storage", What: "is none that the chart has", Want: "filesystem, s3, azure or swift"}
	}
	return nil
}

// left tells what was not carried over.
func (m *move) left(path, what, next string) {
	m.made.Left.Add(problem.Problem{Path: path, What: what, Next: next})
}

// drop takes out whatever is left at a path and tells of it: all that the chart
// doesn't say by itself, by name, with the reason.
func (m *move) drop(why string, path ...string) {
	rest := m.in.take(path...)
	if rest == nil {
		return
	}
	of := tree{}
	of.put(rest, path...)
	dropDefaults(of, m.defaults)
	for _, leaf := range lowest(of, nil) {
		m.left(dotted(leaf), "is not carried over: "+why, "")
	}
}

// flag takes out a truth value that the chart hands on to the registry, which reads a
// text as what it says. What is none stays.
func (m *move) flag(path ...string) bool {
	b, is := m.in.get(path...).(bool)
	if text, isText := m.in.get(path...).(string); isText {
		var err error
		b, err = strconv.ParseBool(text)
		is = err == nil
	}
	if is {
		m.in.take(path...)
	}
	return b
}

// yes takes out a truth value, as templates read one: any text is true, and any
// number but 0. What is none at all stays.
func (m *move) yes(path ...string) bool {
	v := m.in.get(path...)
	switch v.(type) {
	case bool, string, float64:
		m.in.take(path...)
	}
	if _, text := v.(string); text && truth(v) {
		m.left(dotted(path), "is a text, which the chart takes for true whatever it says", "")
	}
	return truth(v)
}

// truth is what templates take a value for; a list and a mapping are none here.
func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0
	}
	return false
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

// config is the registry's own configuration: what the other chart writes anyway
// is dropped, the rest is spec.config. Its health.storagedriver.interval of 10s is
// nobody's choice: the embedded chart looks twice as often, and waits for it.
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

// fullname is what the release's objects are called: as the release where its name
// says what it is, RELEASE-CHART otherwise, unless a value says it (the convention
// of helm create).
func (m *move) fullname() string {
	const most = 63
	name, _ := m.in["fullnameOverride"].(string)
	if name == "" {
		what, _ := m.in["nameOverride"].(string)
		if what = cmp.Or(what, "docker-registry"); strings.Contains(m.release.Name, what) {
			what = ""
		}
		name = strings.TrimSuffix(m.release.Name+"-"+what, "-")
	}
	return strings.TrimSuffix(name[:min(len(name), most)], "-")
}

// names are what the release is called by. reggen's objects are called after
// metadata.name, which is in the selectors too, and so the release's.
func (m *move) names() {
	name := m.fullname()
	if delete(m.in, "fullnameOverride"); name != m.release.Name {
		m.in["fullnameOverride"] = name
	}
	if text := m.in.text("namespace"); text != "" && text != m.release.Namespace {
		m.left("namespace", "is not carried over: objects are in metadata.namespace", "import with --namespace")
	}
	if path := m.in.text("configPath"); path != "" && !slices.Contains([]string{"/etc/docker/registry", "/etc/distribution"}, path) {
		m.left("configPath", "is not carried over: the folder follows from the image", "")
	}
}
