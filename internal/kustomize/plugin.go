package kustomize

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	_ "unsafe" // for go:linkname

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/spec"
)

// registry is kustomize's own memory of Go plugins that it has loaded, by
// group/version/lower-case kind. It looks there before it looks for a .so
// file; see docs/decisions/0004.
//
//go:linkname registry sigs.k8s.io/kustomize/api/internal/plugins/loader.registry
var registry map[string]resmap.Configurable

// version is what kustomize takes itself to be: it stands in the label that
// buildMetadata: [managedByLabel] asks for. As a library it would name the
// program that embeds it.
//
//go:linkname version sigs.k8s.io/kustomize/api/provenance.version
var version string

// cliVersion is the release of the kustomize command that has the library's
// pinned version in it.
const cliVersion = "kustomize/v5.8.2"

// pluginOf is where kustomize looks for the plugin of one of our kinds, below its
// plugin home and in its memory.
func pluginOf(kind string) string {
	return filepath.Join(filepath.FromSlash(spec.APIVersion), strings.ToLower(kind))
}

// PluginPath is where kustomize looks for the executable of a kind, below a
// plugin home.
func PluginPath(home, kind string) string {
	return filepath.Join(home, pluginOf(kind), kind)
}

// pluginHome is that of this process.
func pluginHome() (dir string, found bool) {
	home, _ := os.UserHomeDir()
	return PluginHome(os.Getenv, home)
}

// ours says whether an object is a spec.
func ours(gvk resid.Gvk) bool {
	return gvk.Group == "reggen.dev" && slices.Contains(spec.Kinds, gvk.Kind)
}

// run is the build under way; kustomize has globals, so there is one at a time.
type run struct {
	allow    Allow
	barrier  *barrier // while kustomize works
	generate Generator
	asked    bool  // generate was called
	err      error // the first error of generate, as it was

	look func(resmap.ResMap) // is shown the objects instead of generate, unless nil
}

// install makes a run's plugin the one of our kinds, until what it returns is
// called: then that of the run that this one is for is back.
func (r *run) install() (restore func()) {
	outer := map[string]resmap.Configurable{}
	for _, kind := range spec.Kinds {
		path := pluginOf(kind)
		if p, within := registry[path]; within {
			outer[path] = p
		}
		registry[path] = &plugin{run: r}
	}
	return func() {
		for _, kind := range spec.Kinds {
			delete(registry, pluginOf(kind))
		}
		maps.Copy(registry, outer)
	}
}

// plugin is what kustomize meets as the plugin of our kinds. It copies the
// value for each configuration it loads.
type plugin struct {
	run    *run
	helper *resmap.PluginHelpers
	config []byte
}

// Config receives the merged spec.
func (p *plugin) Config(h *resmap.PluginHelpers, config []byte) error {
	p.helper, p.config = h, config
	return nil
}

// Generate is called for an entry under generators.
func (p *plugin) Generate() (resmap.ResMap, error) {
	if p.run.look != nil {
		return resmap.New(), nil
	}
	out, err := p.call(Request{})
	if err != nil {
		return nil, err
	}
	return p.parse(out)
}

// Transform is called for an entry under transformers: what is generated
// replaces objects of the same identity and is appended otherwise; an
// ImagePullSecrets changes objects, too. Sealed files among them are input only.
func (p *plugin) Transform(rm resmap.ResMap) error {
	if p.run.look != nil {
		p.run.look(rm)
		return nil
	}
	items, err := rm.AsYaml()
	if err != nil {
		return err
	}
	var nodes []*yaml.RNode
	for _, r := range rm.Resources() {
		nodes = append(nodes, &r.RNode)
	}
	out, err := p.call(Request{Transformer: true, Items: items, Nodes: nodes})
	if err != nil {
		return err
	}
	made, err := p.parse(out)
	if err != nil {
		return err
	}
	for _, r := range rm.Resources() {
		if r.GetKind() == "Secret" && r.GetAnnotations()[sealed.RecordKey] != "" {
			if err := rm.Remove(r.CurId()); err != nil {
				return err
			}
		}
	}
	for _, r := range made.Resources() {
		at, err := rm.GetIndexOfCurrentId(r.CurId())
		if err != nil {
			return err
		}
		if at >= 0 {
			rm.GetByIndex(at).ResetRNode(r)
		} else if err := rm.Append(r); err != nil {
			return err
		}
	}
	return nil
}

func (p *plugin) call(r Request) ([]byte, error) {
	// What generates may look for keys, and is nobody's from the repository.
	p.run.barrier.down()
	r.Root, r.Config, r.first = p.helper.Loader().Root(), p.config, !p.run.asked
	objects, err := p.run.generate(r)
	p.run.asked = true
	p.run.barrier.up()
	if err != nil {
		if p.run.err == nil {
			p.run.err = err
		}
		return nil, err
	}
	return object.Encode(objects)
}

// parse reads generated objects and gives two annotations the meaning that
// kustomize gives them in an exec plugin's output.
func (p *plugin) parse(out []byte) (resmap.ResMap, error) {
	rm, err := p.helper.ResmapFactory().NewResMapFromBytes(out)
	if err != nil {
		return nil, err
	}
	for _, r := range rm.Resources() {
		annotations := r.GetAnnotations()
		hash, merge := annotations[needsHash], annotations[behavior]
		if hash != "" {
			on, err := strconv.ParseBool(hash)
			if err != nil {
				return nil, fmt.Errorf("the annotation %s of %s is not a boolean", needsHash, r.CurId())
			}
			if on {
				r.EnableHashSuffix()
			}
		}
		delete(annotations, needsHash)
		delete(annotations, behavior)
		if err := r.SetAnnotations(annotations); err != nil {
			return nil, err
		}
		r.SetBehavior(types.NewGenerationBehavior(merge))
	}
	return rm, nil
}

// The annotations by which a generated object asks kustomize for a name with
// a hash, or to be merged.
const (
	needsHash = "kustomize.config.k8s.io/needs-hash"
	behavior  = "kustomize.config.k8s.io/behavior"
)
