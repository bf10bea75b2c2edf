// Package configuration knows the registry's own configuration: what each major
// version takes in the file and in the variables that overrule it. It judges
// what it is given and knows nothing of objects; no fault quotes a value.
package configuration

import (
	_ "embed"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/problem"
)

//go:embed taken.yaml
var takenFile []byte

// taken is what each major version takes for its configuration: a mapping of
// keys, "*" being any; a list of one entry, which stands for all; or a kind of
// value: text, number, boolean, duration, version, any, or words with |
// between. The file is derived from the registry's own types by TestKnownKeys
// of e2e/configuration; TestTakenIsWhatTheRegistryTakes compares what is made
// of it with the registry's parsers.
var taken = sync.OnceValue(func() map[string]any {
	var known map[string]any
	if err := yaml.UnmarshalStrict(takenFile, &known); err != nil {
		panic("check: the embedded form of the configuration: " + err.Error())
	}
	return known
})

// Fault is one place of a configuration that a version doesn't take.
type Fault struct {
	Path       string // of a key in the file, or the variable's name
	What, Want string
	Mild       bool // the registry starts all the same
}

// Most is how many faults are worth telling of one configuration, or of the
// variables of all containers: more tell nobody anything, and looking for what
// could be meant takes its time. One more than these may come.
const Most = 200

// InFile tells what no version takes that the image may hold, "" being any.
func InFile(major string, values map[string]any) []Fault {
	return faults(major, func(known any) []Fault { return inFile(known, values, nil) })
}

// InVariable tells the same of a variable, whose name begins with REGISTRY_ and
// whose value is what YAML reads out of it, nil where nobody can see it.
func InVariable(major, name string, value any) []Fault {
	words := strings.Split(strings.TrimPrefix(name, "REGISTRY_"), "_")
	return faults(major, func(known any) []Fault { return inVariable(known, name, words, value) })
}

// notDrivers are the keys of storage that are none.
var notDrivers = []string{"cache", "delete", "maintenance", "redirect", "tag"}

// Drivers are the storages that any version knows.
func Drivers() []string {
	var out []string
	for _, version := range sortedKeys(taken()) {
		known, _ := taken()[version].(map[string]any)
		storage, _ := known["storage"].(map[string]any)
		for _, name := range sortedKeys(storage) {
			if !slices.Contains(notDrivers, name) && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// faults are what find finds for the version, or for all of them where the
// image doesn't say.
func faults(major string, find func(known any) []Fault) []Fault {
	if known, ok := taken()[major]; ok {
		return find(known)
	}
	var out []Fault
	count := map[string]int{}
	for _, version := range sortedKeys(taken()) {
		found := find(taken()[version])
		if len(found) > Most {
			return found
		}
		for _, f := range found {
			if count[f.Path]++; count[f.Path] == len(taken()) {
				out = append(out, f)
			}
		}
	}
	return out
}

// inFile walks a configuration. Keys at the top that begin with x- are how
// people keep YAML anchors; storage and auth may be a name alone.
func inFile(known, value any, path []string) []Fault {
	var out []Fault
	wrong := func(want string) []Fault {
		return []Fault{{Path: strings.Join(path, "."), What: "is " + named(value), Want: want}}
	}
	switch k := known.(type) {
	case string:
		return one(k, value, strings.Join(path, "."))
	case []any:
		l, ok := value.([]any)
		if !ok && value != nil {
			return wrong("a list")
		}
		for i, e := range l {
			below := slices.Clone(path)
			below[len(below)-1] += fmt.Sprintf("[%d]", i)
			if out = append(out, inFile(k[0], e, below)...); len(out) > Most {
				break
			}
		}
	case map[string]any:
		m, ok := value.(map[string]any)
		_, name := value.(string)
		if !ok && value != nil && !(name && len(path) == 1 && (path[0] == "storage" || path[0] == "auth")) {
			return wrong("a mapping")
		}
		for _, key := range sortedKeys(m) {
			if len(out) > Most {
				break
			}
			here := append(slices.Clone(path), key)
			next, ok := k[key]
			if !ok {
				next, ok = k["*"]
			}
			switch {
			case ok:
				out = append(out, inFile(next, m[key], here)...)
			case len(path) > 0 || !strings.HasPrefix(key, "x-"):
				f := Fault{strings.Join(append(slices.Clone(path), problem.Key(key)), "."), "is no key that the registry knows", strings.Join(sortedKeys(k), ", "), true}
				if near := problem.Nearest(key, sortedKeys(k)); near != "" {
					f.Want = "perhaps " + near
				}
				if len(path) == 1 && (path[0] == "storage" || path[0] == "auth") {
					f.Mild = false
				}
				out = append(out, f)
			}
		}
	}
	return out
}

// one judges a single value; its own kind of any is not asked.
func one(kind string, value any, path string) []Fault {
	text, isText := value.(string)
	number, isNumber := value.(float64)
	_, isBool := value.(bool)
	scalar := isText || isNumber || isBool
	want := ""
	switch {
	case value == nil || kind == "any":
	case kind == "text" && !scalar:
		want = "text"
	case kind == "number" && !isNumber:
		want = "a whole number, unquoted"
	case kind == "number" && number != math.Trunc(number):
		return []Fault{{path, "is cut down to a whole number", "a whole number", true}}
	case kind == "boolean" && !isBool:
		want = "true or false, unquoted"
	case strings.Contains(kind, "|") && !slices.ContainsFunc(strings.Split(kind, "|"), func(word string) bool { return strings.EqualFold(word, text) }):
		want = strings.ReplaceAll(kind, "|", ", ")
	case kind == "version" && fmt.Sprint(value) != "0.1":
		want = "0.1"
	case kind == "duration" && isNumber && number != 0:
		return []Fault{{path, "has no unit, and counts nanoseconds", "for instance 10s", true}}
	case kind == "duration" && !isNumber:
		if _, err := time.ParseDuration(text); err != nil {
			want = "a time, for instance 10s"
		}
	}
	if want == "" {
		return nil
	}
	what := "is " + named(value)
	if isText && (strings.Contains(kind, "|") || kind == "duration") || kind == "version" {
		what = "is none that the registry knows"
	}
	f := Fault{Path: path, What: what, Want: want}
	if strings.HasPrefix(path, "storage.delete.") || strings.HasPrefix(path, "storage.cache.") {
		f.Mild = true // passed over
	}
	return []Fault{f}
}

// named is what YAML calls a value.
func named(value any) string {
	switch value.(type) {
	case string:
		return "text"
	case bool:
		return "true or false"
	case float64, int, int64:
		return "a number"
	case []any:
		return "a list"
	case map[string]any:
		return "a mapping"
	}
	return "nothing"
}

// fields are the names that variables use where the type's field is called
// otherwise than the key; both pass here.
var fields = map[string]string{"EVENTCONFIG": "events", "FILECHECKERS": "file", "HTTPCHECKERS": "http", "TCPCHECKERS": "tcp", "MAILOPTIONS": "options"}

// inVariable follows the words of a variable's name, and judges its value by
// what they lead to.
func inVariable(known any, name string, words []string, value any) []Fault {
	for i, word := range words {
		if l, ok := known.([]any); ok {
			known = l[0]
			if word != "" && strings.Trim(word, "0123456789") == "" {
				continue
			}
		}
		k, ok := known.(map[string]any)
		if !ok {
			return nil
		}
		found := false
		for key, next := range k {
			if key == "*" || strings.EqualFold(key, word) || fields[word] == key {
				known, found = next, true
				break
			}
		}
		if found {
			continue
		}
		f := Fault{Path: name, What: name + " sets nothing that the registry knows", Mild: true}
		if i == 1 && (words[0] == "STORAGE" || words[0] == "AUTH") {
			f.What, f.Mild = name+" names what the registry doesn't know, beside what it does", false
		}
		if near := problem.Nearest(strings.ToLower(word), sortedKeys(k)); near != "" {
			meant := slices.Clone(words)
			meant[i] = strings.ToUpper(near)
			f.Want = "perhaps REGISTRY_" + strings.Join(meant, "_")
		}
		return []Fault{f}
	}
	out := inFile(known, value, []string{strings.ToLower(strings.Join(words, "."))})
	for i := range out {
		out[i].What = strings.TrimSpace(name + strings.TrimPrefix(out[i].Path, strings.ToLower(strings.Join(words, "."))) + " " + out[i].What)
		out[i].Path = name
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
