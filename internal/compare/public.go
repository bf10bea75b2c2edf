package compare

import (
	"maps"
	"path/filepath"

	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/repository"
)

// PublicChanges are what changed of an environment's public side: what is
// known of its secrets without a key.
type PublicChanges struct {
	Readers     []ReaderDiff `json:"readers,omitempty"` // the first thing to look at
	Older       []OlderFile  `json:"older,omitempty"`   // and this the second
	Users       *Names       `json:"users,omitempty"`
	PullSecrets *Names       `json:"pullSecrets,omitempty"` // the Secret and its user: regcred of puller
	Recipients  *Names       `json:"recipients,omitempty"`  // who can open the credentials
}

// Names are what one side has and the other has not.
type Names struct {
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
}

func (p PublicChanges) empty() bool {
	return len(p.Readers)+len(p.Older) == 0 && p.Users == nil && p.PullSecrets == nil && p.Recipients == nil
}

// lists are the changes as people read them: a label each.
func (p PublicChanges) lists() []labelled {
	var out []labelled
	for _, l := range []labelled{{"users", "user", p.Users}, {"pull secrets", "pull secret", p.PullSecrets}, {"who can open the credentials", "can open the credentials:", p.Recipients}} {
		if l.Names != nil {
			out = append(out, l)
		}
	}
	return out
}

type labelled struct {
	many, one string
	*Names
}

// changedPublic compares the public sides of an environment. There is nothing
// to compare where a side has no Registry, as in rendered output.
func (w *Work) changedPublic(old *Work, before, now []deliver.PublicSpec) PublicChanges {
	if len(before) == 0 || len(now) == 0 {
		return PublicChanges{}
	}
	p := PublicChanges{Readers: w.changedReaders(old, before, now)}
	p.PullSecrets = changedNames(pulls(before), pulls(now))
	x, y := old.credentialFiles(before), w.credentialFiles(now)
	if maps.Equal(x, y) {
		return p // as nearly always
	}
	p.Users = changedNames(old.users(before), w.users(now))
	p.Recipients = changedNames(recipients(x), recipients(y))
	return p
}

// Public compares the public sides of one environment's folder for a report on who
// can read what: where it is new, all of its readers come. base is the folder that
// corresponds to the other side's.
func (w *Work) Public(old *Work, base string, before, now []deliver.PublicSpec) PublicChanges {
	p := w.changedPublic(old, before, now)
	if len(before) == 0 {
		p.Readers = w.changedReaders(old, nil, now)
	}
	p.Older = w.OlderFiles(old, base, now)
	return p
}

// Between are the names that only one of two sides has; nil where there are none.
func Between(old, now map[string]bool) *Names { return changedNames(old, now) }

func pulls(specs []deliver.PublicSpec) map[string]bool {
	out := map[string]bool{}
	for _, s := range specs {
		for _, p := range s.Pulls {
			out[p] = true
		}
	}
	return out
}

// credentialFiles are the texts of credential files by folder and name.
func (w *Work) credentialFiles(specs []deliver.PublicSpec) map[string]string {
	out := map[string]string{}
	for _, s := range specs {
		for _, dir := range s.Credentials {
			_, files, _ := w.Repo.Folder(s.Root)(filepath.FromSlash(dir))
			for _, f := range files {
				out[dir+"/"+filepath.Base(f.Path)] = string(f.Data)
			}
		}
	}
	return out
}

// users are the users of an environment, as far as they can be read.
func (w *Work) users(specs []deliver.PublicSpec) map[string]bool {
	out := map[string]bool{}
	for _, s := range specs {
		e := repository.Environment{Root: s.Root}
		e.Spec.Secrets.Credentials = s.Credentials
		set, _ := w.Repo.Credentials(e)
		for _, u := range set.Users {
			out[u.User] = true
		}
	}
	return out
}

func recipients(files map[string]string) map[string]bool {
	out := map[string]bool{}
	for _, text := range files {
		m, _ := sops.Inspect([]byte(text)) // what can't be read, a build names
		for _, r := range m.Recipients {
			out[r] = true
		}
	}
	return out
}

func changedNames(old, now map[string]bool) *Names {
	var n Names
	for _, k := range repository.SortedKeys(now) {
		if !old[k] {
			n.Added = append(n.Added, k)
		}
	}
	for _, k := range repository.SortedKeys(old) {
		if !now[k] {
			n.Removed = append(n.Removed, k)
		}
	}
	if len(n.Added)+len(n.Removed) == 0 {
		return nil
	}
	return &n
}
