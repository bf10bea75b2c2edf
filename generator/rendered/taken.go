package rendered

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/codec"
	"github.com/reggen/reggen/generator/configuration"
	"github.com/reggen/reggen/generator/object"
)

var takenRules = []Rule{
	{
		ID: "configuration", Severity: Error, Inputs: []Input{Objects}, onlyOn: wholeConfiguration,
		Title: "the registry takes its configuration as it is meant",
		Reason: "It doesn't start with a value of the wrong type, a second storage or an unknown way to log in. A key that it doesn't know it passes over, in the file and in a variable, " +
			"so what was meant never happens: a warning. So is a time without a unit, which counts nanoseconds. What it takes is derived from distribution 3.1.2 and 2.8.3; of GitLab's fork nothing is said.",
		Fix: "Correct it. A key that only the other major version knows belongs to that version's image.",
	},
	{
		ID: "startup", Severity: Error, Inputs: []Input{Objects}, onlyOn: startup,
		Title:  "the registry starts with its configuration",
		Reason: "It ends or panics without a storage or a version, without htpasswd's realm, with an S3 region, class or size that its driver doesn't take, with a redis cache and no redis, an unknown middleware, an upstream without a scheme, an address without a port. The pod restarts again and again, and the rollout never ends.",
		Fix:    "Set what is missing, correct what the registry doesn't take; docs/pitfalls.md shows each of them on the real registry.",
	},
}

// sameKey is said where a configuration can be read in two ways.
const sameKey = `has two keys that are the same text, as 1 and "1" are: which one counts is the registry's choice`

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
		if r.config.alike {
			l = append(l, at(r.config.object, r.config.path(), "one of them", "%s", sameKey))
		}
		major, gitlab := r.major()
		if gitlab {
			continue
		}
		if drivers := r.drivers(); len(drivers) > 1 {
			l = append(l, at(r.object, r.path, "one, named by REGISTRY_STORAGE too where variables name it", "has several storages, %s: the registry doesn't start", strings.Join(drivers, ", ")))
		}
		add := func(path string, f configuration.Fault) {
			h := at(r.object, path, f.Want, "%s", f.What)
			if path == "" {
				h = at(r.config.object, r.config.path(f.Path), f.Want, "%s", f.What)
			}
			if h.severity = Error; f.Mild {
				h.severity = Warning
			}
			l = append(l, h)
		}
		tooMany := configuration.Fault{What: "has more faults than are told", Want: "a configuration for the registry"}
		if at := (judged{r.config.object.ID(), r.config.key, major}); r.config.values != nil && !seen[at] {
			seen[at] = true
			found := configuration.InFile(major, r.config.values)
			for _, f := range found[:min(len(found), configuration.Most)] {
				add("", f)
			}
			if len(found) > configuration.Most {
				add("", tooMany)
			}
		}
		for _, name := range sortedKeys(r.env) {
			if !strings.HasPrefix(name, "REGISTRY_") || name == "REGISTRY_CONFIGURATION_PATH" {
				continue
			}
			v := r.env[name]
			value, err := configuration.Read(v.text)
			found := configuration.InVariable(major, name, value)
			switch {
			case len(found) > 0 || !v.known || err == nil:
			case errors.Is(err, codec.ErrSameKey):
				found = []configuration.Fault{{What: name + " " + sameKey, Want: "one of them"}}
			default:
				found = []configuration.Fault{{What: name + " can't be read: the registry doesn't start", Want: "YAML"}}
			}
			for _, f := range found {
				add(r.path+"."+r.env[name].path, f)
				variables++
			}
			if variables >= configuration.Most {
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
	return slices.DeleteFunc(configuration.Drivers(), func(name string) bool { return !r.section("storage", name) })
}

// startup tells why a registry ends when it starts. Nothing is said of what may
// come from elsewhere, nor of GitLab's fork.
func startup(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		major, gitlab := r.major()
		if gitlab || b.hidden(r) {
			continue
		}
		for _, lack := range configuration.Ends(configuration.Given{
			Major: major, File: r.config.values != nil, Drivers: r.drivers(), Auth: r.logins(),
			Read: func(path ...string) configuration.Setting {
				s := r.setting(path...)
				return configuration.Setting{Value: s.value, Set: s.set, Blind: s.blind}
			},
			List: r.names,
		}) {
			s := r.setting(lack.Field...)
			what := "%s"
			if s.in == nil || s.in.ID() == r.object.ID() {
				what = strings.Join(lack.Field, ".") + " " + what
			}
			l = append(l, r.hit(s, lack.Want, what, lack.What))
		}
	}
	return l
}

// logins are the ways to log in that a configuration names.
func (r registry) logins() []string {
	return slices.DeleteFunc([]string{"htpasswd", "none", "silly", "token"}, func(name string) bool { return !r.section("auth", name) })
}

// names are those of a list's entries: their texts, or the names in them. Who
// builds a registry may put middleware of their own into it.
func (r registry) names(path ...string) []string {
	if path[0] == "middleware" && !r.says().Official() {
		return nil
	}
	var out []string
	entries, _ := r.setting(path...).value.([]any)
	for _, e := range entries {
		if s, is := e.(string); is {
			out = append(out, s)
		} else if m, _ := e.(map[string]any); m["disabled"] != true {
			out = append(out, fmt.Sprint(m["name"]))
		}
	}
	for i := 0; len(entries) == 0; i++ {
		v, there := r.env[variableName(append(slices.Clone(path), itoa(i)))]
		if !there {
			break
		}
		out = append(out, v.text)
	}
	return out
}
