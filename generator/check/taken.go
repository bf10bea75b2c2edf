package check

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
)

var takenRules = []Rule{
	{
		ID: "configuration", Severity: Error, Inputs: []Input{Objects}, onlyOn: wholeConfiguration,
		Title: "the registry takes its configuration as it is meant",
		Reason: "It doesn't start with a value of the wrong type, a second storage or an unknown way to log in. A key that it doesn't know it passes over, in the file and in a variable, " +
			"so what was meant never happens: a warning. So is a time without a unit, which counts nanoseconds. What it takes is derived from distribution 3.1.2 and 2.8.3; of GitLab's fork nothing is said.",
		Fix: "Correct it. A key that only the other major version knows belongs to that version's image.",
	},
}

//go:embed configuration.yaml
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

// fault is one place of a configuration that a version doesn't take.
type fault struct {
	path, what, want string
	severity         Severity
}

// mostFaults is how many faults are told of one configuration, or of the
// variables of all containers: more tell nobody anything, and looking for what
// could be meant takes its time.
const mostFaults = 200

// wholeConfiguration tells what no version takes that the image may hold.
func wholeConfiguration(b *build) []hit {
	var l []hit
	type judged struct {
		in    object.ID
		key   string
		major string
	}
	seen := map[judged]bool{} // many containers may read one file
	variables := 0
	for _, r := range b.registries {
		if r.config.broken {
			l = append(l, at(r.config.object, r.config.path(), "YAML", "can't be read: the registry doesn't start"))
		}
		major, gitlab := r.major()
		if gitlab {
			continue
		}
		if drivers := r.drivers(); len(drivers) > 1 {
			l = append(l, at(r.object, r.path, "one, named by REGISTRY_STORAGE too where variables name it", "has several storages, %s: the registry doesn't start", strings.Join(drivers, ", ")))
		}
		add := func(path string, f fault) {
			h := at(r.object, path, f.want, "%s", f.what)
			if path == "" {
				h = at(r.config.object, r.config.path(f.path), f.want, "%s", f.what)
			}
			h.severity = f.severity
			l = append(l, h)
		}
		tooMany := fault{what: "has more faults than are told", want: "a configuration for the registry", severity: Error}
		if at := (judged{r.config.object.ID(), r.config.key, major}); r.config.values != nil && !seen[at] {
			seen[at] = true
			found := faults(major, func(k any) []fault { return inFile(k, r.config.values, nil) })
			for _, f := range found[:min(len(found), mostFaults)] {
				add("", f)
			}
			if len(found) > mostFaults {
				add("", tooMany)
			}
		}
		for _, name := range sortedKeys(r.env) {
			words, ours := strings.CutPrefix(name, "REGISTRY_")
			if !ours || name == "REGISTRY_CONFIGURATION_PATH" {
				continue
			}
			for _, f := range faults(major, func(k any) []fault { return inVariable(k, name, strings.Split(words, "_")) }) {
				add(r.path+"."+r.env[name].path, f)
				variables++
			}
			if variables >= mostFaults {
				add(r.path, tooMany)
				return l
			}
		}
	}
	return l
}

// drivers are the storages that a configuration names, in the file or by
// variables: those that any version knows. Others are told as unknown keys.
func (r registry) drivers() []string {
	var out []string
	for _, version := range sortedKeys(taken()) {
		known, _ := taken()[version].(map[string]any)
		for _, name := range sortedKeys(mapping(known, "storage")) {
			if !slices.Contains([]string{"cache", "delete", "maintenance", "redirect", "tag"}, name) && !slices.Contains(out, name) && r.section("storage", name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// faults are what find finds for the version, or for all of them where the
// image doesn't say.
func faults(major string, find func(known any) []fault) []fault {
	if known, ok := taken()[major]; ok {
		return find(known)
	}
	var out []fault
	count := map[string]int{}
	for _, version := range sortedKeys(taken()) {
		found := find(taken()[version])
		if len(found) > mostFaults {
			return found
		}
		for _, f := range found {
			if count[f.path]++; count[f.path] == len(taken()) {
				out = append(out, f)
			}
		}
	}
	return out
}

// inFile walks a configuration. Keys at the top that begin with x- are how
// people keep YAML anchors; storage and auth may be a name alone.
func inFile(known, value any, path []string) []fault {
	var out []fault
	wrong := func(want string) []fault {
		return []fault{{path: strings.Join(path, "."), what: "is " + named(value), want: want}}
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
			if out = append(out, inFile(k[0], e, below)...); len(out) > mostFaults {
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
			if len(out) > mostFaults {
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
				f := fault{strings.Join(append(slices.Clone(path), problem.Key(key)), "."), "is no key that the registry knows", strings.Join(sortedKeys(k), ", "), Warning}
				if near := problem.Nearest(key, sortedKeys(k)); near != "" {
					f.want = "perhaps " + near
				}
				if len(path) == 1 && (path[0] == "storage" || path[0] == "auth") {
					f.severity = Error
				}
				out = append(out, f)
			}
		}
	}
	return out
}

// one judges a single value; its own kind of any is not asked.
func one(kind string, value any, path string) []fault {
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
		return []fault{{path, "is cut down to a whole number", "a whole number", Warning}}
	case kind == "boolean" && !isBool:
		want = "true or false, unquoted"
	case strings.Contains(kind, "|") && !slices.ContainsFunc(strings.Split(kind, "|"), func(word string) bool { return strings.EqualFold(word, text) }):
		want = strings.ReplaceAll(kind, "|", ", ")
	case kind == "version" && fmt.Sprint(value) != "0.1":
		want = "0.1"
	case kind == "duration" && isNumber && number != 0:
		return []fault{{path, "has no unit, and counts nanoseconds", "for instance 10s", Warning}}
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
	f := fault{path: path, what: what, want: want}
	if strings.HasPrefix(path, "storage.delete.") || strings.HasPrefix(path, "storage.cache.") {
		f.severity = Warning // passed over
	}
	return []fault{f}
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

// inVariable follows the words of a variable's name.
func inVariable(known any, name string, words []string) []fault {
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
		f := fault{path: name, what: name + " sets nothing that the registry knows", severity: Warning}
		if near := problem.Nearest(strings.ToLower(word), sortedKeys(k)); near != "" {
			meant := slices.Clone(words)
			meant[i] = strings.ToUpper(near)
			f.want = "perhaps REGISTRY_" + strings.Join(meant, "_")
		}
		return []fault{f}
	}
	return nil
}
