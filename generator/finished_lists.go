package generator

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
)

// listLine is by which a document of a finished build is known as a list.
var listLine = regexp.MustCompile(`(?m)^kind: \S*List\s*$`)

// inList refuses a Secret in a list of a finished build. kustomize takes lists
// apart when it reads them, so one that is still there was made later, by a
// patch or a transformer. kubectl takes it apart again when it applies it, and
// what decrypts Secrets does not: a sealed one that was moved into it is deployed
// as it is, encrypted.
func inList(doc []byte) (l problem.List) {
	if !listLine.Match(doc) || !bytes.Contains(doc, []byte("Secret")) {
		return nil
	}
	var list object.Object
	if yaml.Unmarshal(doc, (*map[string]any)(&list)) != nil {
		return problem.List{{What: "a list of the finished build can't be read"}}
	}
	for _, name := range listed(list, "") {
		l.Add(problem.Problem{What: fmt.Sprintf("%s of the finished build holds Secret %s", list.ID(), name), Want: "each Secret as an object of its own",
			Next: "find the patch or transformer that makes the list"})
	}
	return l
}

// listed are the names of the Secrets in a list and in lists within it. An item
// that says no kind is of the kind that the list's name says, as for kubectl.
func listed(list object.Object, kind string) (names []string) {
	if k := list.Kind(); k != "" {
		kind = k
	}
	items, _ := list["items"].([]any)
	for _, i := range items {
		item, _ := i.(map[string]any)
		o := object.Object(item)
		itemKind := o.Kind()
		if itemKind == "" {
			itemKind = strings.TrimSuffix(kind, "List")
		}
		switch {
		case itemKind == "Secret":
			names = append(names, strings.TrimPrefix(o.Namespace()+"/"+o.Name(), "/"))
		case strings.HasSuffix(itemKind, "List"):
			names = append(names, listed(o, itemKind)...)
		}
	}
	return names
}
