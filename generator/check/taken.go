package check

import (
	"slices"
	"strings"

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
}

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
			for _, f := range configuration.InVariable(major, name) {
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
