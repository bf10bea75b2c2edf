package deliver

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/spec"
)

// sealedItems makes sure that sealed Secrets which came as items say what the
// files of the sealed folder say: those are what seal --check proves and what a
// review reads, so nothing else may be deployed. Where must is not set, as in a
// function that gets no files, items may stand for a folder that isn't there.
func (w *Work) sealedItems(root string, config []byte, items map[string][]byte, must bool) error {
	if len(items) == 0 {
		return nil
	}
	d, err := spec.DecodeAny(config, "")
	if err != nil {
		return nil // what is wrong with the spec, Prepare says
	}
	dir, have, err := w.Repo.Folder(root)(d.Secrets.Sealed)
	var told problem.Problem
	switch {
	case errors.As(err, &told):
		return told
	case err != nil && !must:
		return nil
	}
	proven := map[string][]sealed.File{}
	for _, f := range have {
		if s, err := sealed.Parse(f.Path, f.Data); err == nil {
			proven[s.Name] = append(proven[s.Name], s)
		}
	}
	var l problem.List
	for _, name := range slices.Sorted(maps.Keys(items)) {
		item, err := sealed.Parse("the item "+name, items[name])
		if err != nil {
			l.Join(err)
			continue
		}
		other := func(s sealed.File) bool { s.Path, s.Made = item.Path, item.Made; return !reflect.DeepEqual(s, item) }
		if len(proven[name]) == 0 || slices.ContainsFunc(proven[name], other) {
			l.Add(problem.Problem{What: "the sealed Secret " + name + " among the resources is not the one in " + dir,
				Want: "the files of spec.secrets.sealed, or none of them: reggen reads that folder by itself", Next: "take it out of the resources, and see who put it there"})
		}
	}
	return l.Err()
}
