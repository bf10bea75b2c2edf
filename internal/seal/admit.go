package seal

import (
	"path/filepath"
	"slices"

	"github.com/reggen/reggen/generator"
)

// unsealed are the sealed files of a plan that are not there yet, or are no
// encrypted files.
func (s *sealing) unsealed(plan generator.Plan) (out []string) {
	there := s.existing()
	for _, slot := range plan.Slots {
		if path := filepath.Join(s.env.SealedDir(), slot.Expected.Name+".yaml"); !slices.Contains(there, path) {
			out = append(out, path)
		}
	}
	return out
}

// existing are the files that a seal may write again.
func (s *sealing) existing() (out []string) {
	for _, f := range s.w.Repo.SecretFiles(s.env) {
		out = append(out, f.Path)
	}
	return out
}

// admitRest admits what is about to be written and was not admitted before: the
// list of changes decides, not what the folders looked like.
func (s *sealing) admitRest() error {
	var rest []string
	for _, c := range s.changes {
		if c.Data != nil && !s.admitted[c.Path] {
			rest = append(rest, c.Path)
		}
	}
	return s.admit(rest)
}

// admit lets nobody read what is written who could not before, unless a person
// says so; a check names them.
func (s *sealing) admit(paths []string, known ...string) error {
	if s.admitted == nil {
		s.admitted = map[string]bool{}
	}
	for _, path := range paths {
		s.admitted[path] = true
	}
	if !s.Check {
		return s.w.Admit(s.env, paths, known...)
	}
	changes, err := s.w.readerChanges(s.env, paths, known)
	for _, c := range changes {
		if len(c.comes) > 0 {
			s.found.Add(s.w.newcomer(c, c.comes))
		}
	}
	return err
}
