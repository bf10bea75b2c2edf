package takeover

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/object"
)

// Judge knows both sides of a take-over: what the live registry is told by its
// variables, which are not shown, and what the environment's configuration says.
type Judge struct {
	name string            // of the registry's objects
	odd  map[string]string // variables of the live one that the environment says otherwise, and how
	look []string
}

// Judge compares what decides where images are and who gets in.
func (t Target) Judge(live, built []object.Object) Judge {
	j := Judge{name: t.name, odd: map[string]string{}}
	was, variables := settings(live, t)
	is, ours := settings(built, t)
	for path, value := range ours {
		is[path] = value.text
	}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		v := variables[name]
		was[v.path] = v.text
		switch have, there := is[v.path]; {
		case there && alike(have, v.text), v.path == "auth" && hasBelow(is, "auth."+v.text+"."):
		case there:
			j.odd[v.name] = "the environment has another " + v.path
		default:
			j.odd[v.name] = "the environment has no " + v.path
		}
	}
	for _, path := range slices.Sorted(maps.Keys(is)) {
		last := path[strings.LastIndexByte(path, '.')+1:]
		if _, there := was[path]; there || !slices.Contains([]string{"bucket", "rootdirectory", "container", "accountname", "remoteurl"}, last) || is[path] == "/var/lib/registry" {
			continue
		}
		if !slices.ContainsFunc(referred(live, t), func(ref string) bool { return ref == path }) {
			j.look = append(j.look, fmt.Sprintf("%s: the release says no such thing: are the images there?", path))
		}
	}
	return j
}

// Elsewhere are settings of the environment that the release has none of and that
// decide where images are.
func (j Judge) Elsewhere() []string { return j.look }

// variable is one of the registry's: REGISTRY_A_B is a.b of its configuration
// (distribution's documentation, "Override specific configuration options").
type variable struct{ name, path, text string }

// settings are the registry's configuration, by path, and what variables with values
// of their own say over it.
func settings(objects []object.Object, t Target) (config map[string]string, variables map[string]variable) {
	config, variables = map[string]string{}, map[string]variable{}
	for _, o := range objects {
		switch {
		case o.Kind() == "ConfigMap" && o.Name() == t.name+"-config":
			text, _ := o.Map("data")["config.yml"].(string)
			var c map[string]any
			if bounded.Text(text) && yaml.Unmarshal([]byte(text), &c) == nil {
				flat(config, "", c)
			}
		case o.Kind() == "Deployment" && o.Name() == t.name:
			each(o, func(name string, e map[string]any) {
				if text, is := e["value"].(string); is {
					path := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "REGISTRY_"), "_", "."))
					variables[name] = variable{name, path, text}
				}
			})
		}
	}
	return config, variables
}

// referred are the paths that variables from Secrets set.
func referred(objects []object.Object, t Target) (out []string) {
	for _, o := range objects {
		if o.Kind() == "Deployment" && o.Name() == t.name {
			each(o, func(name string, e map[string]any) {
				if e["valueFrom"] != nil {
					out = append(out, strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "REGISTRY_"), "_", ".")))
				}
			})
		}
	}
	return out
}

// each calls f for the registry's variables of a Deployment.
func each(o object.Object, f func(name string, e map[string]any)) {
	containers, _ := o.Map("spec", "template", "spec")["containers"].([]any)
	for _, c := range containers {
		of, _ := c.(map[string]any)
		env, _ := of["env"].([]any)
		for _, e := range env {
			one, _ := e.(map[string]any)
			if name, _ := one["name"].(string); strings.HasPrefix(name, "REGISTRY_") {
				f(name, one)
			}
		}
	}
}

func flat(out map[string]string, under string, v any) {
	if m, is := v.(map[string]any); is {
		for k, e := range m {
			flat(out, strings.TrimPrefix(under+"."+strings.ToLower(k), "."), e)
		}
		return
	}
	out[under] = fmt.Sprint(v)
}

func hasBelow(m map[string]string, prefix string) bool {
	for k := range m {
		if strings.HasPrefix(k, prefix) {
			return true
		}
	}
	return false
}

// alike says that two texts are one to the registry: the same but for slashes at
// their ends, for a scheme that only one of them has, or for how truth is written.
func alike(a, b string) bool {
	plain := func(s string) (scheme, rest string) {
		scheme, rest, is := strings.Cut(s, "://")
		if !is {
			scheme, rest = "", s
		}
		if rest = strings.Trim(rest, "/"); strings.EqualFold(rest, "true") || strings.EqualFold(rest, "false") {
			rest = strings.ToLower(rest)
		}
		return scheme, rest
	}
	x, p := plain(a)
	y, q := plain(b)
	return p == q && (x == y || x == "" || y == "")
}
