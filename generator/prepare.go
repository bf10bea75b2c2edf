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
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
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
	Spec   []byte // the merged spec, YAML
	Folder Folder // reads credentials and sealed files
	Sealed []File // sealed files that came another way (a function's items); nil reads the folder
	// Recorded says that there are no credentials here: what is public about
	// them comes from the records in Sealed, and staleness can't be told.
	Recorded bool
	Version  string // this program's version, for spec.reggen; "" or a development version satisfies all

	// Namespaces are those that an ImagePullSecrets brings its Secret to; nil
	// where no pods are at hand.
	Namespaces []string

	Chart  func(path string) (chart.Source, error) // reads spec.chart.path
	Render func(chart.Job) (chart.Outcome, error)  // renders it; nil: in this process
	Now    time.Time                               // of a seal, for what is made once
}

// Plan is a build before its secrets are put in.
type Plan struct {
	Spec        spec.Decoded
	Owner       string // namespace/name, as records spell it
	Objects     []object.Object
	Slots       []Slot
	Credentials credential.Set
	SealedDir   string // the whole path of the sealed folder
	Refs        map[secret.Ref]secret.Facets

	input  Input
	kinded kind
	source chart.Source
	sealed []File

	credentials string // the whole path of the first folder of them

	texts  map[secret.Ref]string // what stands for the draws
	draws  map[secret.Ref]secret.Drawn
	sums   []checksum
	public map[secret.Ref]bool  // certificates that stand outside Secrets too
	from   map[object.ID]string // the template of an object
}

// Slot is a Secret of the build whose content a sealed file supplies.
type Slot struct {
	Expected sealed.Expected
	Objects  []int // where in Plan.Objects it goes: one, or one a namespace for a pull secret
	Pull     *Pull // set for a pull secret

	placeholder map[string][]byte
	loose       map[string]bool // keys with draws in them whose placeholder can't be told
}

// Pull is what is public about a pull secret.
type Pull struct {
	Name string
	spec.PullSecret
}

// Prepare decodes the spec, renders the chart with placeholders and finds the
// slots. It touches no key. The error is a problem.List.
func Prepare(in Input) (Plan, error) {
	d, err := spec.DecodeAny(in.Spec, "")
	if err != nil {
		return Plan{}, err
	}
	if err := checkVersion(d.Reggen, in.Version); err != nil {
		return Plan{}, err
	}
	p := Plan{Spec: d, Owner: d.Metadata.Namespace + "/" + d.Metadata.Name, input: in}
	if !in.Recorded {
		if p.Credentials, p.credentials, err = readCredentials(in.Folder, d.Secrets.Credentials); err != nil {
			return Plan{}, err
		}
	}
	if p.sealed = in.Sealed; p.sealed == nil {
		// A missing folder is told slot by slot, with the file each would be.
		var told problem.Problem
		if p.SealedDir, p.sealed, err = in.Folder(d.Secrets.Sealed); errors.As(err, &told) {
			return Plan{}, told
		}
	}
	p.kinded = p.kind()
	refs, pulls, err := p.kinded.needs()
	if err != nil {
		return Plan{}, err
	}
	p.Refs = refs
	if p.source, err = p.readChart(); err != nil {
		return Plan{}, err
	}
	second, err := p.renderPlaceholders()
	if err != nil {
		return Plan{}, err
	}
	if err := p.findSlots(pulls, second); err != nil {
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

// readCredentials reads the folders of credentials; first is the whole path of the
// first.
func readCredentials(folder Folder, dirs []string) (set credential.Set, first string, err error) {
	var all []credential.Public
	var l problem.List
	for i, dir := range dirs {
		path, files, err := folder(dir)
		if i == 0 {
			first = path
		}
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
		return credential.Set{}, first, err
	}
	set, err = credential.Collect(all)
	return set, first, err
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
