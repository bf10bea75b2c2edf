package cli

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
)

// olderFile is an encrypted file that is older than the one it stands in the
// place of: an old value put back, with the old sealed file perhaps, so that
// nothing else about it is wrong.
type olderFile struct {
	File string    `json:"file"`
	Now  time.Time `json:"encrypted"`
	Then time.Time `json:"encryptedBefore"`
}

// problem is the file for people.
func (o olderFile) problem() problem.Problem {
	return problem.Problem{File: o.File, What: fmt.Sprintf("is older than the one it takes the place of: encrypted %s, that one %s", o.Now.UTC().Format(time.RFC3339), o.Then.UTC().Format(time.RFC3339)),
		Want: "a new value, not one that was taken back", Next: "git log -p -- " + quoteArg(o.File)}
}

// olderFiles compares the credentials and sealed files of an environment with
// those at the same paths on the other side, by the time that SOPS wrote into
// them, to which their MAC is bound. base is the folder that corresponds to the
// other side's.
func (w *World) olderFiles(old *World, base string, specs []publicSpec) []olderFile {
	var out []olderFile
	for _, s := range specs {
		for _, dir := range append(append([]string{}, s.Credentials...), s.Sealed) {
			_, files, _ := w.folder(s.Root)(filepath.FromSlash(dir)) // what can't be read, a build names
			for _, f := range files {
				rel, err := filepath.Rel(base, w.abs(f.Path))
				if err != nil || !filepath.IsLocal(rel) {
					continue
				}
				text, err := old.read(filepath.Join(old.Dir, rel))
				if err != nil {
					continue // it was not there
				}
				now, err := sops.Inspect(f.Data)
				if err != nil {
					continue // told by a build
				}
				if then, err := sops.Inspect(text); err == nil && now.LastModified.Before(then.LastModified) {
					out = append(out, olderFile{f.Path, now.LastModified, then.LastModified})
				}
			}
		}
	}
	return out
}

// olderLines are the files of a diff that are older than before.
func olderLines(all []changes) (out []string) {
	for _, c := range all {
		for _, o := range c.Older {
			p := o.problem()
			out = append(out, problem.Shown(p.File+": "+p.What))
		}
	}
	if n := len(out); n > mostReaders {
		out = append(out[:mostReaders:mostReaders], fmt.Sprintf("and %d more", n-mostReaders))
	}
	return out
}
