package kustomize

import (
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/fn/runtime/runtimeutil"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/reggen/reggen/generator/memo"
	"github.com/reggen/reggen/generator/problem"
)

// kustomize starts the file PLUGIN_HOME/GROUP/VERSION/KIND/KIND, in lower case
// the first time, for an object under generators, transformers or validators
// that is neither its own nor a function, and loads KIND.so beside it. It joins
// the three as they are: apiVersion a/b and kind ../../bin/sh start a shell, and
// proc/self/cwd leads into the repository. It has no switch for this but one
// that shuts reggen out as well. So, before kustomize looks at what a
// kustomization file says, every object that it would take for a plugin is
// made, by kustomize itself, and looked at.

// vetted remembers, for one run and the runs within it, which kustomization
// files were looked at: each is once.
type vetted map[string]bool

// plugins are the entries of kustomization files that may name some.
var plugins memo.Of[[]string]

// vet refuses what a kustomization file would have kustomize start. What can't
// be looked at is an error, too.
func (r *reader) vet(path string, text []byte) error {
	if r.vetted[path] {
		return nil
	}
	r.vetted[path] = true
	entries, err := plugins.Get(text, func() ([]string, error) {
		var k types.Kustomization
		err := k.Unmarshal(text)
		return slices.Concat(k.Generators, k.Transformers, k.Validators), err
	})
	if err != nil {
		return nil // kustomize won't take it either
	}
	var l problem.List
	for _, entry := range entries {
		err := r.configurations(path, entry, func(rm resmap.ResMap) {
			for _, object := range rm.Resources() {
				for _, gvk := range []resid.Gvk{object.OrgId().Gvk, object.GetGvk()} {
					if p := r.allow.starts(path, object, gvk); p != nil && !slices.Contains(l, *p) {
						l.Add(*p)
					}
				}
			}
		})
		if err != nil && len(l) == 0 {
			return err
		}
	}
	return l.Err()
}

// configurations shows the objects of an entry as kustomize comes to them: what
// is no object by itself is a path. It takes an object for what it was first
// called, before any patch.
func (r *reader) configurations(path, entry string, look func(resmap.ResMap)) error {
	factory := resmap.NewFactory(provider.NewDefaultDepProvider().GetResourceFactory())
	if rm, err := factory.NewResMapFromBytes([]byte(entry)); err == nil {
		look(rm)
		return nil
	}
	alone := r.allow.reader()
	alone.vetted, alone.dir = r.vetted, r.dir
	maps.Copy(alone.replace, r.replace)
	k := &kustomization{allow: r.allow, dir: filepath.Dir(path), file: path}
	defer log.SetOutput(log.Writer())
	log.SetOutput(io.Discard) // kustomize will say it again
	_, err := k.alone(alone, entry, &run{allow: r.allow, look: look})
	r.function = r.function || alone.function
	switch {
	case len(alone.refused) > 0:
		return alone.refused
	case len(alone.repeated) > 0:
		return alone.repeated
	case alone.failed != nil:
		return alone.failed
	case err != nil:
		return r.allow.failure(r.dir, err)
	}
	return nil
}

// pluginPath is how a refusal names the place of an object.
const pluginPath = "generators, transformers, validators"

// plainName is a group, a version or a kind that is one folder's name.
var plainName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*$`) })

// starts says what kustomize would start for an object, nil for nothing.
func (a Allow) starts(path string, o *resource.Resource, gvk resid.Gvk) *problem.Problem {
	if g := o.GetGvk(); g.Group == "" && g.Version == konfig.BuiltinPluginApiVersion || isFunction(o) {
		return nil
	}
	p := &problem.Problem{File: path, Path: pluginPath,
		What: fmt.Sprintf("holds an object of apiVersion %q and kind %q, for which kustomize would run a file", strings.TrimPrefix(gvk.Group+"/"+gvk.Version, "/"), gvk.Kind),
		Want: "objects of kind Registry or Chart, and kustomize's own"}
	for _, part := range []string{gvk.Group, gvk.Version, gvk.Kind} {
		if part != "" && !plainName().MatchString(part) {
			return p
		}
	}
	if a.Programs {
		return nil // a plugin that the user has installed
	}
	file := filepath.Join(noHome, gvk.Group, gvk.Version, strings.ToLower(gvk.Kind), gvk.Kind)
	for _, name := range []string{file, file + ".so"} {
		if _, err := os.Lstat(name); err == nil || !os.IsNotExist(err) {
			return p
		}
	}
	return nil
}

// isFunction says whether kustomize answers an object with a function, which
// has its own switch, and never with a plugin.
func isFunction(o *resource.Resource) bool {
	text, err := o.AsYAML()
	if err != nil {
		return false
	}
	node, err := yaml.Parse(string(text))
	if err != nil {
		return false
	}
	spec, err := runtimeutil.GetFunctionSpec(node)
	return err == nil && spec != nil
}
