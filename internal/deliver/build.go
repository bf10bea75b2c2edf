package deliver

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/krm"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/release"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// BuildOptions are what a build can be asked for, by flags or, when kustomize
// starts us, by environment variables.
type BuildOptions struct {
	Secrets string // sealed, plain, redacted, omit
	Stale   string // fail, warn
	// credentials are files that came as a function's items, instead of those
	// in the spec's first folder of credentials; nil when none did.
	credentials []generator.File
	// recorded says that sealed Secrets came as items and no credential did,
	// here or there.
	recorded bool
	// namespaces are those that an ImagePullSecrets brings its Secret to.
	namespaces []string
	// saw is told of every spec that a build met, unless nil.
	saw func(root string, d spec.Decoded)
}

// Resolver is what a build puts into Secrets; an error names the ways there are.
func (w *Work) Resolver(o BuildOptions) (generator.Resolver, error) {
	switch o.Secrets {
	case "", "sealed":
		return generator.Sealed{}, nil
	case "plain":
		return generator.Open(w.Keys.OpenSealed), nil
	case "redacted":
		return generator.Redacted{}, nil
	case "omit":
		return generator.Omit{}, nil
	}
	return nil, problem.Problem{What: fmt.Sprintf("unknown way to treat secrets %q", o.Secrets), Want: "sealed, plain, redacted or omit"}
}

// StaleOK says whether a stale sealed file is a warning, not an error.
func (o BuildOptions) StaleOK() (bool, error) {
	switch o.Stale {
	case "", "fail":
		return false, nil
	case "warn":
		return true, nil
	}
	return false, problem.Problem{What: fmt.Sprintf("unknown way to treat stale sealed files %q", o.Stale), Want: "fail or warn"}
}

// Generate is the build of one spec: the heart of every way in.
func (w *Work) Generate(ctx context.Context, root string, config []byte, sealed []generator.File, o BuildOptions) ([]object.Object, spec.Decoded, error) {
	resolver, err := w.Resolver(o)
	if err != nil {
		return nil, spec.Decoded{}, err
	}
	staleOK, err := o.StaleOK()
	if err != nil {
		return nil, spec.Decoded{}, err
	}
	plan, err := generator.Prepare(generator.Input{
		Spec: config, Folder: o.folder(config, w.Repo.Folder(root)), Sealed: sealed, Recorded: o.recorded, Version: release.Version(),
		Chart: w.Repo.Chart(root), Render: w.renderChart(ctx), Namespaces: o.namespaces,
	})
	if err != nil {
		return nil, spec.Decoded{}, err
	}
	objects, err := plan.Fill(ctx, resolver, generator.Options{StaleOK: staleOK, Warn: func(p problem.Problem) {
		p.Next = repository.Placed(p.Next, problem.QuoteArg(w.Repo.Show(root)))
		w.Tell.Warn(p)
	}})
	if err != nil {
		return nil, spec.Decoded{}, err
	}
	return objects, plan.Spec, nil
}

// generateText is generateAmong for another program to read.
func (w *Work) generateText(ctx context.Context, root string, config []byte, among Among, sealed []generator.File, o BuildOptions) ([]byte, error) {
	objects, _, err := w.generateAmong(ctx, root, config, among, sealed, o)
	if err != nil {
		return nil, err
	}
	return object.Encode(objects)
}

// folder answers for the first folder of credentials with the files that came
// as items, if any did.
func (o BuildOptions) folder(config []byte, next generator.Folder) generator.Folder {
	if o.credentials == nil {
		return next
	}
	d, err := spec.DecodeAny(config, "")
	if err != nil { // what is wrong with the spec, Prepare says
		return next
	}
	return func(rel string) (string, []generator.File, error) {
		if rel == d.Secrets.Credentials[0] {
			return "the items", o.credentials, nil
		}
		return next(rel)
	}
}

// buildOne builds one environment. Of a build that is just what generators made,
// made are these objects, as they follow each other in the text; secrets in the
// clear stand in the text alone.
func (w *Work) buildOne(ctx context.Context, dir string, o BuildOptions) (text []byte, made []object.Object, err error) {
	if err := terminal.Interrupted(ctx); err != nil {
		return nil, nil, err
	}
	var specs []spec.Decoded
	var handed generator.Handed
	sealedFile := map[string]string{} // of a Secret that was handed over
	built, err := w.Repo.Allow.Build(w.Repo.Abs(dir), func(r kustomize.Request) ([]object.Object, error) {
		sealed, err := krm.SealedItems(r.Items)
		if err != nil {
			return nil, err
		}
		if err := w.sealedItems(r.Root, r.Config, sealed, true); err != nil {
			return nil, repository.Unplaced{Root: r.Root, Config: r.Config, Err: err}
		}
		objects, of, err := w.generateAmong(ctx, r.Root, r.Config, Among{r.Transformer, r.Nodes}, files(sealed), o.behindKustomize())
		for _, s := range objects {
			if s.IsSecret() {
				sealedFile[s.ID().String()] = filepath.Join(r.Root, of.Secrets.Sealed, s.Name()+".yaml")
			}
		}
		if err == nil {
			specs = append(specs, of)
			if o.saw != nil {
				o.saw(r.Root, of)
			}
		}
		if err != nil {
			return nil, repository.Unplaced{Root: r.Root, Config: r.Config, Err: err}
		}
		return objects, nil
	})
	if err != nil {
		return nil, nil, w.Repo.Settle(err)
	}
	if !built.Untouched || o.Secrets == "plain" {
		handed.Take(built.Objects)
	}
	if !built.Untouched {
		w.warnOfMoves(dir, specs, built.Text)
		if missing := handed.Missing(built.Text); len(missing) > 0 {
			return nil, nil, w.Repo.InFile(w.Repo.Abs(dir), missing)
		}
	}
	if o.Secrets == "plain" {
		err := reveal(&built, &handed, func(s object.Object) (map[string]string, error) {
			path := sealedFile[s.ID().String()]
			data, err := w.Keys.OpenObject(ctx, path, s)
			if err != nil {
				return nil, w.Repo.InEnvironment(w.Repo.Abs(dir), w.Repo.InFile(path, err))
			}
			return data, nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if !built.Untouched {
		return built.Text, nil, nil
	}
	return built.Text, built.Objects, nil
}

// behindKustomize is what a build hands to kustomize: secrets in the clear are
// put in when kustomize is done, so that nothing it does can carry one away.
func (o BuildOptions) behindKustomize() BuildOptions {
	if o.Secrets == "plain" {
		o.Secrets = "sealed"
	}
	return o
}

// reveal puts decrypted Secrets into a finished build.
func reveal(b *kustomize.Built, handed *generator.Handed, open generator.OpenObject) (err error) {
	if b.Untouched {
		objects, err := handed.RevealObjects(b.Objects, open)
		if err != nil {
			return err
		}
		b.Text, err = object.Encode(objects)
		return err
	}
	b.Text, err = handed.Reveal(b.Text, open)
	return err
}

// warnOfMoves warns of pull secrets that did not end in the namespace that the
// spec means: a namespace: of an overlay moves every object.
func (w *Work) warnOfMoves(dir string, specs []spec.Decoded, text []byte) {
	pulls := false
	for _, d := range specs {
		pulls = pulls || len(d.Pulls()) > 0
	}
	if !pulls {
		return
	}
	objects, err := check.Parse("the build", text)
	if err != nil {
		return // check tells
	}
	for _, d := range specs {
		if d.Registry == nil {
			continue // goes where the pods are
		}
		for _, p := range check.PullSecretNamespaces(check.Subject{Root: w.Repo.Show(w.Repo.Abs(dir)), Registry: d.Registry, Objects: objects}) {
			w.Tell.Warn(p)
		}
	}
}

// Transform builds one spec as a plugin of kustomize does: with the objects
// so far, and what it makes in their place.
func (w *Work) Transform(ctx context.Context, root string, config, items []byte, options func() BuildOptions) ([]byte, error) {
	go chart.Warm()
	sealed, err := krm.SealedItems(items)
	if err != nil {
		return nil, err
	}
	if err := w.sealedItems(root, config, sealed, false); err != nil {
		return nil, w.Repo.InSpec(root, config, err)
	}
	if len(bytes.TrimSpace(items)) == 0 { // a generator
		out, err := w.generateText(ctx, root, config, Among{}, files(sealed), options())
		return out, w.Repo.InSpec(root, config, err)
	}
	out, err := krm.Transform(items, func(nodes []*yaml.RNode) ([]byte, error) {
		return w.generateText(ctx, root, config, Among{true, nodes}, files(sealed), options())
	})
	return out, w.Repo.InSpec(root, config, err)
}

// ResourceList answers a ResourceList: the spec is its functionConfig, and
// sealed Secrets and credentials may be among its items.
func (w *Work) ResourceList(ctx context.Context, in []byte, options func() BuildOptions) ([]byte, error) {
	return krm.Run(in, func(config []byte, items []*yaml.RNode, sealed map[string][]byte) ([]byte, error) {
		if err := w.sealedItems(w.Repo.Dir, config, sealed, false); err != nil {
			return nil, w.Repo.InSpec(w.Repo.Dir, config, err)
		}
		o := options()
		for path, text := range maps.All(krm.CredentialItems(in)) {
			o.credentials = append(o.credentials, generator.File{Path: path, Data: text})
		}
		slices.SortFunc(o.credentials, func(a, b generator.File) int { return strings.Compare(a.Path, b.Path) })
		if o.recorded = len(sealed) > 0 && len(o.credentials) == 0 && !w.hasCredentials(config); o.recorded {
			w.Tell.Note("reggen: note: no credentials here: whether the sealed Secrets among the items are stale can't be told")
		}
		out, err := w.generateText(ctx, w.Repo.Dir, config, Among{true, items}, files(sealed), o)
		return out, w.Repo.InSpec(w.Repo.Dir, config, err)
	})
}

// hasCredentials says whether a folder of credentials is there, where a
// function runs.
func (w *Work) hasCredentials(config []byte) bool {
	d, err := spec.DecodeAny(config, "")
	if err != nil {
		return true // what is wrong with the spec, Prepare says
	}
	for _, dir := range d.Secrets.Credentials {
		if _, _, err := w.Repo.Folder(w.Repo.Dir)(dir); err == nil {
			return true
		}
	}
	return false
}

// files are sealed Secrets that came as a function's items; nil when none did,
// so that the sealed folder is read.
func files(sealed map[string][]byte) []generator.File {
	var out []generator.File
	for _, name := range slices.Sorted(maps.Keys(sealed)) {
		out = append(out, generator.File{Path: name + ".yaml", Data: sealed[name]})
	}
	return out
}

// Input is what the generator takes for this environment.
func (w *Work) Input(ctx context.Context, e repository.Environment) generator.Input {
	return generator.Input{
		Spec: e.Config, Folder: w.Repo.Folder(e.Root), Version: release.Version(),
		Chart: w.Repo.Chart(e.Root), Render: w.renderChart(ctx), Now: time.Now(),
	}
}
