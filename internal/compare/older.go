package compare

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/repository"
)

// OlderFile is an encrypted file that is older than the one it stands in the
// place of: an old value put back, with the old sealed file perhaps, so that
// nothing else about it is wrong.
type OlderFile struct {
	File string    `json:"file"`
	Now  time.Time `json:"encrypted"`
	Then time.Time `json:"encryptedBefore"`
}

// Problem is the file for people.
func (o OlderFile) Problem() problem.Problem {
	return problem.Problem{File: o.File, What: fmt.Sprintf("is older than the one it takes the place of: encrypted %s, that one %s", o.Now.UTC().Format(time.RFC3339), o.Then.UTC().Format(time.RFC3339)),
		Want: "a new value, not one that was taken back", Next: "git log -p -- " + problem.QuoteArg(o.File)}
}

// OlderFiles compares the credentials and sealed files of an environment with
// those on the other side that are for the same user, purpose or Secret,
// whatever the files and folders are called there, by the time that SOPS wrote
// into them, to which their MAC is bound. base is the folder that corresponds to
// the other side's.
func (w *Work) OlderFiles(old *Work, base string, specs []deliver.PublicSpec) []OlderFile {
	var out []OlderFile
	for _, s := range specs {
		rel, err := filepath.Rel(base, s.Root)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		dirs := append(append([]string{}, s.Credentials...), s.Sealed)
		then := old.encryptedOn(filepath.Join(old.Repo.Dir, rel), dirs)
		for _, dir := range dirs {
			_, files, _ := w.Repo.Folder(s.Root)(filepath.FromSlash(dir)) // what can't be read, a build names
			for _, f := range files {
				now, err := sops.Inspect(f.Data)
				before, was := then[purpose(f)]
				if err == nil && was && now.LastModified.Before(before) {
					out = append(out, OlderFile{f.Path, now.LastModified, before})
				}
			}
		}
	}
	return out
}

// encryptedOn is when the credentials and sealed files of an environment were
// last encrypted, by purpose: those in its own folders, whatever their names,
// and in the folders that are named.
func (w *Work) encryptedOn(root string, dirs []string) map[string]time.Time {
	for _, e := range repository.Entries(root) {
		if e.IsDir() && !slices.Contains(dirs, e.Name()) {
			dirs = append(slices.Clone(dirs), e.Name())
		}
	}
	out := map[string]time.Time{}
	for _, dir := range dirs {
		_, files, _ := w.Repo.Folder(root)(filepath.FromSlash(dir))
		for _, f := range files {
			m, err := sops.Inspect(f.Data)
			if what := purpose(f); err == nil && m.LastModified.After(out[what]) {
				out[what] = m.LastModified
			}
		}
	}
	return out
}

// purpose is what an encrypted file is for: a user or another purpose, or a
// Secret of a Registry.
func purpose(f generator.File) string {
	if c, err := credential.Parse(f.Path, f.Data); err == nil {
		return string(c.Type) + " " + c.User
	}
	if s, _ := sealed.Parse(f.Path, f.Data); s.Name != "" {
		return "sealed " + s.Record.Owner + " " + s.Name
	}
	return "file " + filepath.Base(f.Path)
}

// olderLines are the files of a diff that are older than before.
func olderLines(all []Changes) (out []string) {
	for _, c := range all {
		for _, o := range c.Older {
			p := o.Problem()
			out = append(out, problem.Shown(p.File+": "+p.What))
		}
	}
	if n := len(out); n > mostReaders {
		out = append(out[:mostReaders:mostReaders], fmt.Sprintf("and %d more", n-mostReaders))
	}
	return out
}
