package generator

import (
	"fmt"
	"strings"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
)

// Foreign says which of the sealed Secrets that came as objects of a build are
// not those of the sealed folder: what is checked is that folder, and what would
// be deployed are they. The problems name files and no content.
func Foreign(items, folder []File) problem.List {
	known := map[string]string{}
	for _, f := range folder {
		known[sealedText(f)] = f.Path
	}
	var l problem.List
	for _, i := range items {
		if _, is := known[sealedText(i)]; !is {
			l.Add(problem.Problem{What: fmt.Sprintf("the sealed Secret %q among the objects of this build is not the one of the sealed folder", strings.TrimSuffix(i.Path, ".yaml")),
				Want: "the files of spec.secrets.sealed, as they are, or none: reggen reads that folder itself", Next: "take it out of resources"})
		}
	}
	return l
}

// sealedText is what of a sealed file counts: its name, its content and its
// record. Whatever is no object equals nothing.
func sealedText(f File) string {
	objects, err := object.Parse(f.Path, f.Data)
	if err != nil || len(objects) != 1 {
		return "\x00" + f.Path + string(f.Data)
	}
	o := objects[0]
	record, _ := o.Map("metadata")["annotations"].(map[string]any)[sealed.RecordKey].(string)
	return o.Name() + "\x00" + record + "\x00" + contentOf(o)
}
