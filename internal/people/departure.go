package people

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/internal/repository"
)

// offboarding is the report of an offboarding, and its journal until it is
// done. It names secrets and holds none. Paths are absolute here and relative
// to the folder of .sops.yaml in the journal.
type offboarding struct {
	Recipient    string        `json:"recipient"`
	As           string        `json:"as,omitempty"`      // as the command named it
	Names        []string      `json:"names"`             // as files name it
	Folders      []string      `json:"folders,omitempty"` // the only environments meant; none: all
	Done         bool          `json:"done"`
	Rotated      bool          `json:"rotated"` // the users under rotate are, not only to be
	Rules        []touchedRule `json:"rules"`
	Environments []departure   `json:"environments"`
	Others       []string      `json:"otherFiles,omitempty"` // encrypted for it, not reggen's
	Left         []string      `json:"left,omitempty"`       // rules files that still name it, unused
}

// touchedRule is a creation rule, counted from 1.
type touchedRule struct {
	File string `json:"file"`
	Rule int    `json:"rule"`
}

// departure is what an offboarding means for one environment.
type departure struct {
	Dir      string     `json:"dir"`
	Registry string     `json:"registry"`
	Readable []readable `json:"readable,omitempty"`
	Rotate   []rotation `json:"rotate,omitempty"`
	ByHand   []byHand   `json:"byHand,omitempty"`
}

// readable is a file that the recipient could open.
type readable struct {
	File string   `json:"file"`
	Type string   `json:"type"` // of the credential; "sealed" for a Secret
	Name string   `json:"name"`
	Keys []string `json:"keys"`
}

// rotation is a user whom reggen can rotate with overlap.
type rotation struct {
	User      string   `json:"user"`
	Successor string   `json:"successor,omitempty"`
	Pulls     []string `json:"pullSecrets"`
}

// byHand is what somebody has to do.
type byHand struct {
	What    string `json:"what"`
	Why     string `json:"why"`
	Command string `json:"command,omitempty"` // with DIR for the environment's folder
}

// in makes the paths of a journal absolute, out makes them relative again.
func (o offboarding) in(top string) offboarding {
	return o.paths(func(p string) string { return filepath.Join(top, p) })
}

func (o offboarding) out(top string) offboarding {
	return o.paths(func(p string) string {
		if rel, err := filepath.Rel(top, p); err == nil {
			return filepath.ToSlash(rel)
		}
		return p
	})
}

func (o offboarding) paths(change func(string) string) offboarding {
	each := func(list []string) []string {
		var out []string
		for _, p := range list {
			out = append(out, change(p))
		}
		return out
	}
	o.Others, o.Left, o.Folders = each(o.Others), each(o.Left), each(o.Folders)
	o.Rules, o.Environments = slices.Clone(o.Rules), slices.Clone(o.Environments)
	for i := range o.Rules {
		o.Rules[i].File = change(o.Rules[i].File)
	}
	for i, e := range o.Environments {
		e.Readable = slices.Clone(e.Readable)
		for j := range e.Readable {
			e.Readable[j].File = change(e.Readable[j].File)
		}
		e.Dir = change(e.Dir)
		o.Environments[i] = e
	}
	return o
}

// plan fills the report. What a journal said of files stays: they may not say
// it themselves any more.
func (l *leaving) plan() error {
	if l.resumed {
		l.report.Rotated = l.report.Rotated || l.o.Rotate
		return nil
	}
	if l.name != l.report.Recipient {
		l.report.As = l.name
	}
	l.report.Rotated = l.o.Rotate
	mine := map[string]bool{}
	for _, e := range l.envs {
		for _, f := range l.w.Repo.SecretFiles(e) {
			mine[f.Path] = true
		}
		d, err := l.departure(e)
		if err != nil {
			return err
		}
		if len(d.Readable) > 0 {
			l.report.Environments = append(l.report.Environments, d)
		}
	}
	var err error
	l.report.Others, err = l.others(mine)
	return err
}

const newSeed = "reggen credential set machine --field seed --generate --dir DIR"

// departure lists what the recipient could read of an environment, and what
// follows from it.
func (l *leaving) departure(e repository.Environment) (departure, error) {
	d := departure{Dir: e.Root, Registry: e.Spec.Metadata.Name}
	set, err := l.w.Repo.Credentials(e)
	if err != nil {
		return d, err
	}
	known := map[secret.Ref]bool{} // what a sealed file showed
	users := map[string]bool{}     // whose credential was readable
	var machine bool
	types := map[credential.Type]bool{} // of readable credentials
	for _, f := range l.w.Repo.SecretFiles(e) {
		if !f.ReadableBy(l.report.Names) {
			continue
		}
		r := readable{File: f.Path}
		if f.Sealed {
			s, err := sealed.Parse(l.w.Repo.Show(f.Path), f.Data)
			r.Type, r.Name, r.Keys = "sealed", s.Name, repository.SortedKeys(s.Data)
			if err != nil {
				r.Name = filepath.Base(f.Path)
			}
			for _, fact := range s.Record.Facts {
				known[fact.Ref] = true
			}
		} else if p, err := credential.Parse(l.w.Repo.Show(f.Path), f.Data); err == nil {
			r.Type, r.Name, r.Keys = string(p.Type), p.Name, repository.SortedKeys(p.Fields)
			users[p.User] = p.Type == credential.User
			types[p.Type], machine = true, machine || p.Type == credential.Machine
		}
		d.Readable = append(d.Readable, r)
	}
	if e.Spec.Chart != nil {
		d.chartValues(e, set, known)
		d.drawn(set, known, machine)
		return d, nil
	}
	for _, u := range set.Users {
		l.user(&d, e, set, u, users[u.User], known)
	}
	by := func(what, why, command string) {
		d.ByHand = append(d.ByHand, byHand{what, why, command})
	}
	if c := set.Others[credential.Config]; c != nil {
		for _, name := range repository.SortedKeys(c.Fields) {
			if types[credential.Config] || known[secret.ConfigRef(name)] {
				by("the setting "+name, "it is somebody else's: change it there, then here", "reggen credential set config --field "+name+" --dir DIR")
			}
		}
	}
	for _, t := range append(slices.Sorted(maps.Keys(credential.Storages)), credential.Proxy) {
		read := types[t]
		for _, v := range credential.Fixed(t) {
			read = read || known[v.Ref]
		}
		if read && t == credential.Proxy {
			by("the cache's login", "change the password at the remote registry", "reggen credential set proxy --dir DIR")
		} else if read {
			by("the storage's keys", "make new ones at the provider, and end the old ones there once the pods have rolled", "reggen credential set "+string(t)+" --dir DIR")
		}
	}
	if e.Spec.Registry != nil && (machine || known[secret.HTTPSecret]) {
		by("the http secret", "it signs the state of uploads; a new one has no overlap: the pods roll, and uploads under way start again", "reggen credential set machine --field httpSecret --generate --dir DIR")
	}
	if e.Spec.Registry != nil && e.Spec.Registry.Spec.Chart != nil {
		d.drawn(set, known, machine)
	} else if machine {
		by("the seed", "with it a guess at a secret can be tested against the digest that the pod template shows; a new one rolls the pods", newSeed)
	}
	return d, nil
}

// user says what is to be done about one user: rotated where reggen can do so
// without anything that logs in noticing, else told to a person.
func (l *leaving) user(d *departure, e repository.Environment, set credential.Set, u credential.Public, opened bool, known map[secret.Ref]bool) {
	pulls := pullSecretsOf(e.Spec, u.User)
	showed := slices.ContainsFunc(pulls, func(p string) bool { return known[secret.PullRef(p)] })
	name := problem.QuoteArg(u.Name)
	do := byHand{What: fmt.Sprintf("the password of user %q", u.User)}
	switch {
	case !opened && !showed && !known[secret.HTPasswd]:
		return
	case !opened && !showed || !u.Has(credential.Password):
		if u.Cost == credential.GeneratedCost && u.Has(credential.Password) {
			return // nobody guesses 190 bits from a hash
		}
		do.Why = "its hash could be read, against which a weak password is soon guessed"
		do.Command = "reggen credential set " + name + " --field password --dir DIR"
		if !u.Has(credential.Password) {
			do.Command = "reggen credential set " + name + " --field hash --stdin --dir DIR"
		}
	case len(successors(set, u)) > 0 && len(pulls) == 0:
		do.Why, do.Command = "it has a successor already", "reggen user retire "+problem.QuoteArg(u.User)+" --dir DIR"
	case len(successors(set, u)) > 0:
		do.Why, do.Command = "its rotation is half done, and the successor's could be read too: finish it, then rotate the successor", "reggen user rotate "+problem.QuoteArg(u.User)+" --dir DIR"
	case len(pulls) > 0 && l.rotatable(e, set, u):
		d.Rotate = append(d.Rotate, rotation{User: u.User, Pulls: pulls})
		return
	case len(pulls) == 0 && u.Cost == credential.GeneratedCost:
		do.Why, do.Command = "a program that reggen doesn't know logs in with it: give it the successor's, then retire the old one", "reggen user rotate "+problem.QuoteArg(u.User)+" --dir DIR"
	default:
		do.Why, do.Command = "whoever logs in with it has to know the new one", "reggen credential set "+name+" --field password --dir DIR"
	}
	d.ByHand = append(d.ByHand, do)
}

// rotatable says whether reggen user rotate would succeed.
func (l *leaving) rotatable(e repository.Environment, set credential.Set, u credential.Public) bool {
	if e.Spec.Registry == nil || e.Spec.Auth().Anonymous || e.Spec.Auth().ExistingSecret != nil || !u.Has(credential.Password) {
		return false
	}
	_, err := l.w.pointPulls(e, u.User, nextName(set, u))
	return err == nil
}

// longestFile is how much of a file is searched for a recipient: encrypted
// files are small.
const longestFile = 4 << 20

// others are files below the folder of .sops.yaml that name the recipient as
// SOPS does, and are none of the environments': rendered output, or what other
// tools encrypt.
func (l *leaving) others(mine map[string]bool) ([]string, error) {
	var out []string
	err := repository.Walk(l.top, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // what can't be read is nobody's to list
		case d.IsDir() && d.Name() == ".git":
			return filepath.SkipDir
		case !d.Type().IsRegular() || mine[path] || d.Name() == ".sops.yaml" || d.Name() == repository.JournalName:
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > longestFile {
			return nil
		}
		data, err := repository.Peek(path, longestFile)
		if err == nil && bytes.Contains(data, []byte("sops")) && slices.ContainsFunc(l.report.Names, func(n string) bool { return bytes.Contains(data, []byte(n)) }) &&
			(bytes.Contains(data, []byte("ENC[")) || bytes.Contains(data, []byte("lastmodified"))) {
			out = append(out, path)
		}
		return nil
	})
	return out, err
}

// under fills an environment's folder into a command, which ends with it: a field
// may be called DIRECTORY.
func under(command, dir string) string {
	rest, is := strings.CutSuffix(command, "DIR")
	if !is {
		return command
	}
	return rest + problem.QuoteArg(dir)
}
