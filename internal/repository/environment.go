package repository

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

// Environment is one Registry or Chart of one root: the folder whose
// kustomization.yaml holds generators.
type Environment struct {
	Root   string // absolute
	Config []byte // the merged spec
	Spec   spec.Decoded

	Annotated bool // it asks kustomize to run a function
}

// SealedDir and credentialsDir are the environment's folders; new credentials
// go to the first credentials folder.
func (e Environment) SealedDir() string {
	return filepath.Join(e.Root, e.Spec.Secrets.Sealed)
}

// CredentialsDir is the first credentials folder, which new credentials go to.
func (e Environment) CredentialsDir() string {
	return filepath.Join(e.Root, e.Spec.Secrets.Credentials[0])
}

// Environments finds and decodes every spec below the given kustomizations that
// has credentials and sealed files of its own. None is no error where there are
// specs that take what others sealed.
func (r *Repository) Environments(dirs []string) ([]Environment, error) {
	var out []Environment
	var l problem.List
	seen := map[string]bool{}
	for _, dir := range dirs {
		found, err := r.Allow.Find(r.Abs(dir))
		if err != nil {
			l.Join(err)
			continue
		}
		if len(found) == 0 {
			l.Add(r.NoRegistry(dir))
		}
		for _, f := range found {
			reg, err := spec.DecodeAny(f.Spec, "")
			if err != nil {
				l.Join(r.InFile(f.Root, r.placed(f.Root, f.Spec, err)))
				continue
			}
			if !reg.Seals() {
				continue
			}
			if id := f.Root + "\x00" + reg.Metadata.Namespace + "/" + reg.Metadata.Name; seen[id] {
				continue
			} else {
				seen[id] = true
			}
			out = append(out, Environment{f.Root, f.Spec, reg, f.Annotated})
		}
	}
	l = append(l, r.clashes(out)...)
	return out, l.Err()
}

// clashes refuses two specs that share a sealed folder, or the folder
// that their machine credential is in: each would take the other's files for
// its own.
func (r *Repository) clashes(envs []Environment) problem.List {
	var l problem.List
	for i, e := range envs {
		for _, o := range envs[:i] {
			p := problem.Problem{File: e.Root, Want: "a sealed folder and a credentials folder of its own for each"}
			names := fmt.Sprintf("the %s %q and the %s %q share one", o.Spec.Kind, o.Spec.Metadata.Name, e.Spec.Kind, e.Spec.Metadata.Name)
			switch {
			case e.SealedDir() == o.SealedDir():
				p.Path, p.What = "spec.secrets.sealed", names+" sealed folder"
			case e.MachineDir() == o.MachineDir():
				p.Path, p.What = "spec.secrets.credentials", names+" folder for their machine credential"
			default:
				continue
			}
			l.Add(p)
		}
	}
	return l
}

// MachineDir is the folder of the machine credential: the first one inside the
// environment, since others may be shared.
func (e Environment) MachineDir() string {
	dirs := e.Spec.Secrets.Credentials
	for _, d := range dirs {
		if filepath.IsLocal(d) {
			return filepath.Join(e.Root, d)
		}
	}
	return filepath.Join(e.Root, dirs[0])
}

// Environment finds exactly one environment, as the commands on users and credentials
// need it.
func (r *Repository) Environment(dir string) (Environment, error) {
	envs, err := r.Environments([]string{dir})
	if err != nil {
		return Environment{}, err
	}
	if len(envs) == 0 {
		return Environment{}, problem.Problem{File: r.Show(r.Abs(dir)), What: "its ImagePullSecrets takes a Secret that another environment sealed, and has no credentials", Want: "the registry's environment"}
	}
	if len(envs) > 1 {
		var names []string
		for _, e := range envs {
			names = append(names, r.Show(e.Root))
		}
		return Environment{}, problem.Problem{What: "more than one environment: " + strings.Join(names, ", "), Want: "one: name its folder with --dir"}
	}
	return envs[0], nil
}

// LockPath is what is locked while somebody writes into the environment: the
// kustomization file itself, so that no lock file is left behind; "" for none.
func (e Environment) LockPath() string {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		path := filepath.Join(e.Root, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// Lock keeps a second reggen from writing into the same environment.
func (r *Repository) Lock(e Environment) (unlock func(), err error) {
	path := e.LockPath()
	if path == "" {
		return func() {}, nil
	}
	unlock, ok, err := tryLock(path)
	if err != nil {
		return func() {}, nil // a file system without locks: go on without
	}
	if !ok {
		return nil, problem.Problem{File: r.Show(e.Root), What: "another reggen is writing here", Next: "wait for it to end and run the command again"}
	}
	return unlock, nil
}

// Credentials reads the public side of an environment's credentials.
func (r *Repository) Credentials(e Environment) (credential.Set, error) {
	var l problem.List
	var all []credential.Public
	for _, dir := range e.Spec.Secrets.Credentials {
		_, files, err := r.Folder(e.Root)(dir)
		if err != nil && !os.IsNotExist(err) {
			l.Join(r.FileProblem("can't read", e.Root+"/"+dir, err))
		}
		for _, f := range files {
			p, err := credential.Parse(f.Path, f.Data)
			if err != nil {
				l.Join(err)
				continue
			}
			all = append(all, p)
		}
	}
	if err := l.Err(); err != nil {
		return credential.Set{}, err
	}
	return credential.Collect(all)
}

// Fresh is the same environment as the files say now.
func (r *Repository) Fresh(e Environment) (Environment, error) {
	all, err := r.Environments([]string{e.Root})
	if err != nil {
		return e, err
	}
	for _, n := range all {
		if n.Root == e.Root && n.Spec.Metadata.Name == e.Spec.Metadata.Name && n.Spec.Metadata.Namespace == e.Spec.Metadata.Namespace {
			return n, nil
		}
	}
	return e, nil
}
