package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

// environment is one Registry of one root: the folder whose kustomization.yaml
// holds generators.
type environment struct {
	root     string // absolute
	config   []byte // the merged Registry
	registry *spec.Registry

	annotated bool // it asks kustomize to run a function
}

// input is what the generator takes for this environment.
func (w *World) input(e environment) generator.Input {
	return generator.Input{Spec: e.config, Folder: w.folder(e.root), Version: Version()}
}

// sealedDir and credentialsDir are the environment's folders; new credentials
// go to the first credentials folder.
func (e environment) sealedDir() string {
	return filepath.Join(e.root, e.registry.Spec.Secrets.Sealed)
}
func (e environment) credentialsDir() string {
	return filepath.Join(e.root, e.registry.Spec.Secrets.Credentials[0])
}

// environments finds and decodes every Registry below the given kustomizations.
func (w *World) environments(dirs []string) ([]environment, error) {
	var out []environment
	var l problem.List
	seen := map[string]bool{}
	for _, dir := range dirs {
		found, err := w.Allow.Find(w.abs(dir))
		if err != nil {
			l.Join(err)
			continue
		}
		if len(found) == 0 {
			l.Add(w.noRegistry(dir))
		}
		for _, f := range found {
			reg, err := spec.Decode(f.Spec, "")
			if err != nil {
				l.Join(w.in(f.Root, err))
				continue
			}
			if id := f.Root + "\x00" + reg.Metadata.Namespace + "/" + reg.Metadata.Name; seen[id] {
				continue
			} else {
				seen[id] = true
			}
			out = append(out, environment{f.Root, f.Spec, reg, f.Annotated})
		}
	}
	l = append(l, w.clashes(out)...)
	return out, l.Err()
}

// clashes refuses two Registries that share a sealed folder, or the folder
// that their machine credential is in: each would take the other's files for
// its own.
func (w *World) clashes(envs []environment) problem.List {
	var l problem.List
	for i, e := range envs {
		for _, o := range envs[:i] {
			p := problem.Problem{File: e.root, Want: "a sealed folder and a credentials folder of its own for each"}
			names := fmt.Sprintf("the Registries %q and %q share one", o.registry.Metadata.Name, e.registry.Metadata.Name)
			switch {
			case e.sealedDir() == o.sealedDir():
				p.Path, p.What = "spec.secrets.sealed", names+" sealed folder"
			case e.machineDir() == o.machineDir():
				p.Path, p.What = "spec.secrets.credentials", names+" folder for their machine credential"
			default:
				continue
			}
			l.Add(p)
		}
	}
	return l
}

// machineDir is the folder of the machine credential: the first one inside the
// environment, since others may be shared.
func (e environment) machineDir() string {
	dirs := e.registry.Spec.Secrets.Credentials
	for _, d := range dirs {
		if filepath.IsLocal(d) {
			return filepath.Join(e.root, d)
		}
	}
	return filepath.Join(e.root, dirs[0])
}

// one finds exactly one environment, as the commands on users and credentials
// need it.
func (w *World) environment(dir string) (environment, error) {
	envs, err := w.environments([]string{dir})
	if err != nil {
		return environment{}, err
	}
	if len(envs) > 1 {
		var names []string
		for _, e := range envs {
			names = append(names, w.show(e.root))
		}
		return environment{}, problem.Problem{What: "more than one environment: " + strings.Join(names, ", "), Want: "one: name its folder with --dir"}
	}
	return envs[0], nil
}

// lock keeps a second reggen from writing into the same environment. It locks
// the kustomization file itself, so that no lock file is left behind.
func (w *World) lock(e environment) (unlock func(), err error) {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		path := filepath.Join(e.root, name)
		if _, err := os.Stat(path); err != nil {
			continue
		}
		l := flock.New(path, flock.SetFlag(os.O_RDONLY))
		ok, err := l.TryLock()
		if err != nil {
			return func() {}, nil // a file system without locks: go on without
		}
		if !ok {
			return nil, problem.Problem{File: w.show(e.root), What: "another reggen is writing here", Next: "wait for it to end and run the command again"}
		}
		return func() { _ = l.Unlock() }, nil
	}
	return func() {}, nil
}
