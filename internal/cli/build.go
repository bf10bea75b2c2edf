package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/krm"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/kustomize"
)

// buildOptions are what a build can be asked for, by flags or, when kustomize
// starts us, by environment variables.
type buildOptions struct {
	secrets string // sealed, plain, redacted, omit
	stale   string // fail, warn
	// credentials are files that came as a function's items, instead of those
	// in the spec's first folder of credentials; nil when none did.
	credentials []generator.File
	// recorded says that sealed Secrets came as items and no credential did,
	// here or there.
	recorded bool
	// saw is told of every Registry that a build met, unless nil.
	saw func(root string, r *spec.Registry)
}

func (w *World) resolver(o buildOptions) (generator.Resolver, error) {
	switch o.secrets {
	case "", "sealed":
		return generator.Sealed{}, nil
	case "plain":
		return generator.Open(w.openSealed), nil
	case "redacted":
		return generator.Redacted{}, nil
	case "omit":
		return generator.Omit{}, nil
	}
	return nil, problem.Problem{What: fmt.Sprintf("unknown way to treat secrets %q", o.secrets), Want: "sealed, plain, redacted or omit"}
}

func (o buildOptions) staleOK() (bool, error) {
	switch o.stale {
	case "", "fail":
		return false, nil
	case "warn":
		return true, nil
	}
	return false, problem.Problem{What: fmt.Sprintf("unknown way to treat stale sealed files %q", o.stale), Want: "fail or warn"}
}

// openSealed decrypts a sealed file: base64 text by key.
func (w *World) openSealed(ctx context.Context, path string, raw []byte) (map[string]string, error) {
	f, err := sops.Open(ctx, raw, w.keys(path))
	if err != nil {
		return nil, err
	}
	return f.Strings("data")
}

// generate is one Registry's build: the heart of every way in.
func (w *World) generate(ctx context.Context, root string, config []byte, sealed []generator.File, o buildOptions) ([]object.Object, *spec.Registry, error) {
	resolver, err := w.resolver(o)
	if err != nil {
		return nil, nil, err
	}
	staleOK, err := o.staleOK()
	if err != nil {
		return nil, nil, err
	}
	plan, err := generator.Prepare(generator.Input{Spec: config, Folder: o.folder(config, w.folder(root)), Sealed: sealed, Recorded: o.recorded, Version: Version()})
	if err != nil {
		return nil, nil, err
	}
	objects, err := plan.Fill(ctx, resolver, generator.Options{StaleOK: staleOK, Warn: func(p problem.Problem) {
		p.Next = placed(p.Next, quoteArg(w.show(root)))
		w.warn(p)
	}})
	if err != nil {
		return nil, nil, err
	}
	return objects, plan.Registry, nil
}

// generateText is generate for another program to read.
func (w *World) generateText(ctx context.Context, root string, config []byte, sealed []generator.File, o buildOptions) ([]byte, error) {
	objects, _, err := w.generate(ctx, root, config, sealed, o)
	if err != nil {
		return nil, err
	}
	return object.Encode(objects)
}

// folder answers for the first folder of credentials with the files that came
// as items, if any did.
func (o buildOptions) folder(config []byte, next generator.Folder) generator.Folder {
	if o.credentials == nil {
		return next
	}
	reg, err := spec.Decode(config, "")
	if err != nil { // what is wrong with the spec, Prepare says
		return next
	}
	return func(rel string) (string, []generator.File, error) {
		if rel == reg.Spec.Secrets.Credentials[0] {
			return "the items", o.credentials, nil
		}
		return next(rel)
	}
}

func (w *World) buildCommand() *cobra.Command {
	o := buildOptions{}
	cmd := &cobra.Command{
		Use:   "build [DIR...]",
		Short: "Print the manifests of environments: the bytes of kustomize build",
		Long: `Print the manifests of one or more environments, the same bytes that
"kustomize build --enable-alpha-plugins DIR" prints. Needs no key, no network
and no other program: what a kustomization asks for beyond local files (Helm,
containers, remote bases) is refused unless --allow-programs or --allow-network
says otherwise. Nothing is printed unless the whole build succeeded.
Without DIR it is this folder, or the only environment below overlays/.`,
		Example: `  reggen build overlays/prod
  reggen build --secrets plain overlays/prod | kubectl apply -f -`,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if _, err := w.resolver(o); err != nil {
				return misuse{"", err}
			}
			if _, err := o.staleOK(); err != nil {
				return misuse{"", err}
			}
			dirs, err := w.orOnly(dirs)
			if err != nil {
				return err
			}
			out, err := w.build(cmd.Context(), dirs, o)
			if err != nil {
				return err
			}
			_, err = w.Stdout.Write(out)
			return err
		},
	}
	cmd.Flags().StringVar(&o.secrets, "secrets", "sealed", "sealed: encrypted, as committed; plain: decrypted (needs a key); redacted: valid but meaningless; omit: left out")
	cmd.Flags().StringVar(&o.stale, "stale", "fail", "fail or warn when a sealed file is older than its credentials")
	fixed(cmd, "secrets", "sealed", "plain", "redacted", "omit")
	fixed(cmd, "stale", "fail", "warn")
	return cmd
}

// fixed completes a flag with a fixed list of words.
func fixed(cmd *cobra.Command, flag string, words ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// build runs every environment and returns their concatenated output, or
// everything that is wrong with any of them.
func (w *World) build(ctx context.Context, dirs []string, o buildOptions) ([]byte, error) {
	var out bytes.Buffer
	var l problem.List
	bar := w.progress("building", len(dirs))
	defer bar.done()
	for _, dir := range dirs {
		if err := interrupted(ctx); err != nil {
			return nil, err
		}
		bar.step()
		var registries []*spec.Registry
		var handed generator.Handed
		sealedFile := map[string]string{} // of a Secret that was handed over
		built, err := w.Allow.Build(w.abs(dir), func(r kustomize.Request) ([]object.Object, error) {
			sealed, err := krm.SealedItems(r.Items)
			if err != nil {
				return nil, err
			}
			if err := w.sealedItems(r.Root, r.Config, sealed, true); err != nil {
				return nil, w.at(r.Root, err)
			}
			objects, registry, err := w.generate(ctx, r.Root, r.Config, files(sealed), o.behindKustomize())
			for _, s := range objects {
				if s.IsSecret() && registry != nil {
					sealedFile[s.ID().String()] = filepath.Join(r.Root, registry.Spec.Secrets.Sealed, s.Name()+".yaml")
				}
			}
			registries = append(registries, registry)
			if o.saw != nil && registry != nil {
				o.saw(r.Root, registry)
			}
			return objects, w.at(r.Root, err)
		})
		if err != nil {
			l.Join(err)
			if kustomize.Spent() != nil {
				break
			}
			continue
		}
		handed.Take(built.Objects)
		if !built.Untouched {
			w.warnOfMoves(dir, registries, built.Text)
			if missing := handed.Missing(built.Text); len(missing) > 0 {
				l.Join(w.in(w.abs(dir), missing))
				continue
			}
		}
		if o.secrets == "plain" {
			err := reveal(&built, &handed, func(s object.Object) (map[string]string, error) {
				path := sealedFile[s.ID().String()]
				data, err := w.openObject(ctx, path, s)
				if err != nil {
					return nil, w.at(w.abs(dir), w.in(path, err))
				}
				return data, nil
			})
			if err != nil {
				l.Join(err)
				continue
			}
		}
		if out.Len() > 0 {
			out.WriteString("---\n")
		}
		out.Write(built.Text)
	}
	if err := l.Err(); err != nil {
		return nil, err
	}
	if out.Len() == 0 {
		return nil, problem.Problem{What: "the build has no objects"}
	}
	return out.Bytes(), nil
}

// at says which environment problems of a spec belong to, where nothing else
// names a file: kustomize has merged the layers, so there is no line to name.
func (w *World) at(root string, err error) error {
	if err == nil {
		return nil
	}
	var l problem.List
	l.Join(w.in(root, err))
	dir := quoteArg(w.show(root))
	for i := range l {
		// The generator doesn't know where it is; these commands want to.
		l[i].Next = placed(l[i].Next, dir)
	}
	return located{l, err}
}

var (
	sealCommandText  = regexp.MustCompile(`reggen seal\b( makes|$|\n)`)
	otherCommandText = regexp.MustCompile(`(?m)^(reggen (?:user|credential) [^#,\n]*?)(\s+#.*)?$`)
)

// placed adds the environment's folder to the commands of a next step.
func placed(next, dir string) string {
	next = sealCommandText.ReplaceAllString(next, "reggen seal "+strings.ReplaceAll(dir, "$", "$$")+"$1")
	return otherCommandText.ReplaceAllStringFunc(next, func(line string) string {
		if strings.Contains(line, "--dir") {
			return line
		}
		m := otherCommandText.FindStringSubmatch(line)
		return m[1] + " --dir " + dir + m[2]
	})
}

// behindKustomize is what a build hands to kustomize: secrets in the clear are
// put in when kustomize is done, so that nothing it does can carry one away.
func (o buildOptions) behindKustomize() buildOptions {
	if o.secrets == "plain" {
		o.secrets = "sealed"
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

// openObject decrypts a Secret as it was handed over: base64 text by key.
func (w *World) openObject(ctx context.Context, path string, s object.Object) (map[string]string, error) {
	text, err := object.Encode([]object.Object{s})
	if err != nil {
		return nil, err
	}
	data, err := w.openSealed(ctx, path, text)
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if _, err := base64.StdEncoding.DecodeString(data[key]); err != nil {
			return nil, problem.Problem{Path: "data." + key, What: "decrypts to something that is not base64", Next: "reggen seal"}
		}
	}
	return data, nil
}

// warnOfMoves warns of pull secrets that did not end in the namespace that the
// spec means: a namespace: of an overlay moves every object.
func (w *World) warnOfMoves(dir string, registries []*spec.Registry, text []byte) {
	pulls := false
	for _, r := range registries {
		pulls = pulls || r != nil && len(r.Spec.PullSecrets) > 0
	}
	if !pulls {
		return
	}
	objects, err := check.Parse("the build", text)
	if err != nil {
		return // check tells
	}
	for _, r := range registries {
		for _, p := range check.PullSecretNamespaces(check.Subject{Root: w.show(w.abs(dir)), Registry: r, Objects: objects}) {
			w.warn(p)
		}
	}
}

// functionOptions are the settings that a process started by kustomize
// takes from its environment.
func (w *World) functionOptions() buildOptions {
	o := buildOptions{secrets: w.Getenv("REGGEN_SECRETS"), stale: w.Getenv("REGGEN_STALE")}
	w.Allow.Network = w.Getenv("REGGEN_ALLOW_NETWORK") == "true"
	if o.secrets == "plain" {
		w.note("reggen: warning: REGGEN_SECRETS=plain: this build's output holds secrets in the clear")
	}
	return o
}

// plugin answers kustomize's exec plugin call.
func (w *World) plugin(ctx context.Context, config []byte, root string) int {
	// As a transformer the plugin gets the objects so far, and what it prints
	// takes their place.
	var items []byte
	var err error
	if w.Stdin != nil && !w.StdinIsTerm {
		if items, err = w.stdin(); err != nil {
			return w.answer(nil, problem.Problem{What: "can't read the objects that kustomize passes"})
		}
	}
	return w.answer(w.transform(ctx, root, config, items, w.functionOptions))
}

// transform builds one Registry as a plugin of kustomize does: with the objects
// so far, and what it makes in their place.
func (w *World) transform(ctx context.Context, root string, config, items []byte, options func() buildOptions) ([]byte, error) {
	sealed, err := krm.SealedItems(items)
	if err != nil {
		return nil, err
	}
	if err := w.sealedItems(root, config, sealed, false); err != nil {
		return nil, w.at(root, err)
	}
	out, err := w.generateText(ctx, root, config, files(sealed), options())
	if err == nil && len(bytes.TrimSpace(items)) > 0 {
		out, err = krm.Transform(items, out)
	}
	return out, w.at(root, err)
}

// function answers a KRM function call.
func (w *World) function(ctx context.Context, in []byte) int {
	if err := bounded.YAML("the items", in); err != nil {
		return w.fail(err)
	}
	return w.answer(w.resourceList(ctx, in, w.functionOptions))
}

// resourceList answers a ResourceList: the Registry is its functionConfig, and
// sealed Secrets and credentials may be among its items.
func (w *World) resourceList(ctx context.Context, in []byte, options func() buildOptions) ([]byte, error) {
	return krm.Run(in, func(config []byte, sealed map[string][]byte) ([]byte, error) {
		if err := w.sealedItems(w.Dir, config, sealed, false); err != nil {
			return nil, w.at(w.Dir, err)
		}
		o := options()
		for path, text := range maps.All(krm.CredentialItems(in)) {
			o.credentials = append(o.credentials, generator.File{Path: path, Data: text})
		}
		slices.SortFunc(o.credentials, func(a, b generator.File) int { return strings.Compare(a.Path, b.Path) })
		if o.recorded = len(sealed) > 0 && len(o.credentials) == 0 && !w.hasCredentials(config); o.recorded {
			w.note("reggen: note: no credentials here: whether the sealed Secrets among the items are stale can't be told")
		}
		out, err := w.generateText(ctx, w.Dir, config, files(sealed), o)
		return out, w.at(w.Dir, err)
	})
}

// hasCredentials says whether a folder of credentials is there, where a
// function runs.
func (w *World) hasCredentials(config []byte) bool {
	reg, err := spec.Decode(config, "")
	if err != nil {
		return true // what is wrong with the spec, Prepare says
	}
	for _, dir := range reg.Spec.Secrets.Credentials {
		if _, _, err := w.folder(w.Dir)(dir); err == nil {
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

func (w *World) answer(out []byte, err error) int {
	if err == nil && len(out) == 0 {
		err = problem.Problem{What: "the build has no objects"}
	}
	if err == nil {
		_, err = w.Stdout.Write(out)
	}
	return w.fail(err)
}
