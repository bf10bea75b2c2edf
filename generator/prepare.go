// Package generator is the whole build and the whole seal as functions of
// their input. It reads no environment, clock or disk and knows no SOPS.
//
// Prepare turns a spec and the public side of its credentials into objects in
// which placeholders stand for secrets, and one Slot for each Secret. Fill
// puts the sealed content into the slots: a build. Compose renders once more
// with the real values and proves that nothing but Secrets depends on them: a
// seal. Handed holds what was made against what a build came to in the end.
//
// The files are named by these steps: prepare (what is needed, from credentials
// or from what sealed files record; the Secrets with a slot; the accounts that
// pull), fill, seal (the values, the composition, whose value moved), finished
// (what became of the Secrets, Secrets in lists, decrypting at the end).
package generator

import (
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/values"
)

// File is a file already read; Path is how errors name it.
type File struct {
	Path string
	Data []byte
}

// Folder returns the YAML files of a folder given relative to the folder whose
// kustomization.yaml holds generators, and the whole path that it tried. A
// missing folder is an error that os.IsNotExist recognises; a problem.Problem,
// for instance of a file that can't be read, is told as it is.
type Folder func(rel string) (path string, files []File, err error)

// Input is all that a build depends on.
type Input struct {
	Spec   []byte // the merged Registry, YAML
	Folder Folder // reads credentials and sealed files
	Sealed []File // sealed files that came another way (a function's items); nil reads the folder
	// Recorded says that there are no credentials here: what is public about
	// them comes from the records in Sealed, and staleness can't be told.
	Recorded bool
	Version  string       // this program's version, for spec.reggen; "" or a development version satisfies all
	Chart    *chart.Chart // nil is the embedded chart
}

// Plan is a build before its secrets are put in.
type Plan struct {
	Registry    *spec.Registry
	Owner       string // namespace/name, as records spell it
	Objects     []object.Object
	Slots       []Slot
	Credentials credential.Set
	SealedDir   string // the whole path of the sealed folder
	Refs        map[secret.Ref]secret.Facets

	input  Input
	chart  *chart.Chart
	sealed []File
}

// Slot is a Secret of the build whose content a sealed file supplies.
type Slot struct {
	Expected sealed.Expected
	Objects  []int // where in Plan.Objects it goes: one, or one a namespace for a pull secret
	Pull     *Pull // set for a pull secret

	placeholder map[string][]byte
}

// Pull is what is public about a pull secret.
type Pull struct {
	Name string
	spec.PullSecret
}

// Prepare decodes the spec, renders the chart with placeholders and finds the
// slots. It touches no key. The error is a problem.List.
func Prepare(in Input) (Plan, error) {
	reg, err := spec.Decode(in.Spec, "")
	if err != nil {
		return Plan{}, err
	}
	if err := checkVersion(reg.Spec.Reggen, in.Version); err != nil {
		return Plan{}, err
	}
	p := Plan{Registry: reg, Owner: reg.Metadata.Namespace + "/" + reg.Metadata.Name, input: in}
	if !in.Recorded {
		if p.Credentials, err = readCredentials(in.Folder, reg.Spec.Secrets.Credentials); err != nil {
			return Plan{}, err
		}
	}
	if p.sealed = in.Sealed; p.sealed == nil {
		// A missing folder is told slot by slot, with the file each would be.
		var told problem.Problem
		if p.SealedDir, p.sealed, err = in.Folder(reg.Spec.Secrets.Sealed); errors.As(err, &told) {
			return Plan{}, told
		}
	}
	find := p.needs
	if in.Recorded {
		find = p.recordedNeeds
	}
	refs, pulls, err := find()
	if err != nil {
		return Plan{}, err
	}
	p.Refs = refs
	if p.chart = in.Chart; p.chart == nil {
		if p.chart, err = chart.Default(); err != nil {
			return Plan{}, err
		}
	}
	if len(reg.Spec.Values) > 0 {
		if err := p.chart.CheckValues(reg.Spec.Values).Err(); err != nil {
			return Plan{}, err
		}
	}
	if p.Objects, err = render(p.chart, reg, secret.Placeholders(refs)); err != nil {
		return Plan{}, err
	}
	if err := p.findSlots(pulls); err != nil {
		return Plan{}, err
	}
	return p, p.addPullers()
}

func checkVersion(constraint, version string) error {
	if constraint == "" || version == "" {
		return nil
	}
	c, err := semver.NewConstraint(constraint)
	if err != nil {
		return problem.List{{Path: "spec.reggen", What: "is not a version constraint", Want: `for instance ">=0.1.0 <0.2.0"`}}
	}
	v, err := semver.NewVersion(version)
	if err != nil || v.Prerelease() == "devel" {
		return nil
	}
	if !c.Check(v) {
		return problem.List{{
			Path: "spec.reggen", What: fmt.Sprintf("this is reggen %s; the spec asks for %q", version, constraint),
			Next: "install a reggen that matches, or change spec.reggen once its output was reviewed",
		}}
	}
	return nil
}

func readCredentials(folder Folder, dirs []string) (credential.Set, error) {
	var all []credential.Public
	var l problem.List
	for i, dir := range dirs {
		path, files, err := folder(dir)
		if err != nil {
			var told problem.Problem
			switch {
			case errors.As(err, &told):
				l.Add(told)
				continue
			case i == 0 && len(dirs) == 1:
				// An environment without credentials may be anonymous; what is
				// missing is told where it is needed, with this path.
				continue
			}
			l.Add(problem.Problem{File: path, Path: "spec.secrets.credentials", What: "can't read this folder of credentials"})
			continue
		}
		for _, f := range files {
			p, err := credential.Parse(f.Path, f.Data)
			if err != nil {
				l.Join(err)
				continue
			}
			if p.Type == credential.Machine && strings.HasPrefix(filepath.ToSlash(filepath.Clean(dir)), "../") {
				l.Add(problem.Problem{File: f.Path, What: "is a machine credential in a shared folder; each environment has its own"})
			}
			all = append(all, p)
		}
	}
	if err := l.Err(); err != nil {
		return credential.Set{}, err
	}
	return credential.Collect(all)
}

// render runs the chart and parses what comes out.
func render(c *chart.Chart, reg *spec.Registry, src secret.Source) ([]object.Object, error) {
	vals, err := values.From(reg, src)
	if err != nil {
		return nil, err
	}
	files, err := c.Render(chart.Release{Name: reg.Metadata.Name, Namespace: reg.Metadata.Namespace}, vals, src)
	if err != nil {
		return nil, err
	}
	var out []object.Object
	var l problem.List
	seen := map[object.ID]string{}
	for _, f := range files {
		objects, err := object.Parse(f.File, f.Data)
		if err != nil {
			l.Join(err)
			continue
		}
		for _, o := range objects {
			if other, ok := seen[o.ID()]; ok {
				l.Add(problem.Problem{File: f.File, What: fmt.Sprintf("renders the %s that %s also renders", o.ID(), other)})
			}
			seen[o.ID()] = f.File
			out = append(out, o)
		}
	}
	if len(out) == 0 && len(l) == 0 {
		l.Add(problem.Problem{What: "the chart rendered no objects"})
	}
	return out, l.Err()
}

// sealedPath is how errors name a sealed file, whether it exists or not.
func (p Plan) sealedPath(name string) string {
	return filepath.Join(p.SealedDir, name+".yaml")
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
