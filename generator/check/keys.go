package check

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/problem"
)

var keysRules = []Rule{
	{
		ID: "configuration-keys", Severity: Warning, Inputs: []Input{Objects}, onlyOn: configurationKeys,
		Title: "the registry knows every key of its configuration",
		Reason: "It passes over a key that it doesn't know, in the file and in a variable, so what was meant never happens. An error where it is a second storage or an " +
			"unknown way to log in: the registry does not start then. The keys are those of distribution 3.1.2 and 2.8.3; of GitLab's fork nothing is said.",
		Fix: "Correct the key. One that only the other major version knows belongs to that version's image.",
	},
}

// keys are the keys that the registry knows below a key of its configuration:
// nil for a value and for what it passes on unread, "*" for any key.
type keys map[string]keys

//go:embed configuration.yaml
var keysFile []byte

// knownKeys are the keys of each major version. The file is derived from the
// registry's own types by TestKnownKeys of e2e/configuration.
var knownKeys = sync.OnceValue(func() map[string]keys {
	var known map[string]keys
	if err := yaml.UnmarshalStrict(keysFile, &known); err != nil {
		panic("check: the embedded keys of the configuration: " + err.Error())
	}
	return known
})

// strayKey is a key that a version doesn't know.
type strayKey struct {
	path  []string
	near  string   // what was meant, perhaps
	known []string // what there is instead
}

// configurationKeys tells the keys that no version knows which the image may
// hold.
func configurationKeys(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		number, gitlab := r.version()
		if gitlab {
			continue
		}
		for _, s := range stray(number, func(k keys) []strayKey { return k.file(r.config.values, nil) }) {
			h := at(r.config.object, r.config.path(s.path...), s.want(), "is no key that the registry knows")
			if len(s.path) == 2 && (s.path[0] == "storage" || s.path[0] == "auth") {
				h.severity = Error
			}
			l = append(l, h)
		}
		for _, name := range sortedKeys(r.env) {
			words, ours := strings.CutPrefix(name, "REGISTRY_")
			if !ours || name == "REGISTRY_CONFIGURATION_PATH" {
				continue
			}
			for _, s := range stray(number, func(k keys) []strayKey { return k.variable(strings.Split(words, "_"), nil) }) {
				l = append(l, at(r.object, r.path+"."+r.env[name].path, s.want(), "%s sets nothing that the registry knows", name))
			}
		}
	}
	return l
}

// stray is what find finds for the version, or for all of them where the
// image doesn't say.
func stray(number string, find func(keys) []strayKey) []strayKey {
	major, _, _ := strings.Cut(number, ".")
	if known, ok := knownKeys()[major]; ok {
		return find(known)
	}
	var out []strayKey
	count := map[string]int{}
	for _, version := range sortedKeys(knownKeys()) {
		for _, s := range find(knownKeys()[version]) {
			path := strings.Join(s.path, "\n")
			if count[path]++; count[path] == len(knownKeys()) {
				out = append(out, s)
			}
		}
	}
	return out
}

// file walks a configuration. Keys at the top that begin with x- are how
// people keep YAML anchors.
func (k keys) file(value any, path []string) []strayKey {
	var out []strayKey
	if k == nil {
		return nil
	}
	switch v := value.(type) {
	case []any:
		for i, e := range v {
			below := append([]string{}, path...)
			below[len(below)-1] += fmt.Sprintf("[%d]", i)
			out = append(out, k.file(e, below)...)
		}
	case map[string]any:
		for _, name := range sortedKeys(v) {
			here := append(append([]string{}, path...), name)
			next, ok := k[name]
			if !ok {
				next, ok = k["*"]
			}
			switch {
			case ok:
				out = append(out, next.file(v[name], here)...)
			case len(path) > 0 || !strings.HasPrefix(name, "x-"):
				out = append(out, strayKey{here, problem.Nearest(name, sortedKeys(k)), sortedKeys(k)})
			}
		}
	}
	return out
}

// fields are the names that variables use where the type's field is called
// otherwise than the key; both pass here.
var fields = map[string]string{"EVENTCONFIG": "events", "FILECHECKERS": "file", "HTTPCHECKERS": "http", "TCPCHECKERS": "tcp", "MAILOPTIONS": "options"}

// variable follows the words of a variable's name.
func (k keys) variable(words, path []string) []strayKey {
	if k == nil || len(words) == 0 {
		return nil
	}
	if words[0] != "" && strings.Trim(words[0], "0123456789") == "" {
		return k.variable(words[1:], path) // of a list
	}
	for name, next := range k {
		if name == "*" || strings.EqualFold(name, words[0]) || fields[words[0]] == name {
			return next.variable(words[1:], append(path, words[0]))
		}
	}
	near := problem.Nearest(strings.ToLower(words[0]), sortedKeys(k))
	if near != "" {
		near = "REGISTRY_" + strings.ToUpper(strings.Join(append(append(append([]string{}, path...), near), words[1:]...), "_"))
	}
	return []strayKey{{append(append([]string{}, path...), words[0]), near, nil}}
}

func (s strayKey) want() string {
	if s.near == "" {
		return strings.Join(s.known, ", ")
	}
	return "perhaps " + s.near
}
