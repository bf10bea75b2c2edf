package generator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
)

// Handed are the Secrets that generators handed over to a build, to be found
// again when it is finished: what stands between may give them other names,
// namespaces, labels and annotations, and nothing else.
type Handed struct {
	known   map[string]bool // of those taken: content and identity
	secrets []object.Object
	count   map[string]int        // how many there are of each content
	shared  map[[2]uintptr]string // the content of mappings that many Secrets have in common
	taken   [][]object.Object     // keeps those mappings where they are
}

// Take notes the Secrets with content among objects. The same one taken twice
// counts once: a build may ask a generator again.
func (h *Handed) Take(objects []object.Object) {
	if h.known == nil {
		h.known, h.count, h.shared = map[string]bool{}, map[string]int{}, map[[2]uintptr]string{}
	}
	h.taken = append(h.taken, objects)
	for _, o := range objects {
		if !o.IsSecret() || len(o.Map("data")) == 0 {
			continue
		}
		content := h.content(o)
		if id := content + " " + o.ID().String(); !h.known[id] {
			h.known[id] = true
			h.secrets = append(h.secrets, o)
			h.count[content]++
		}
	}
}

// content is contentOf for what generators made: a pull secret of a thousand
// namespaces is looked at once.
func (h *Handed) content(o object.Object) string {
	at := [2]uintptr{reflect.ValueOf(o.Map("data")).Pointer(), reflect.ValueOf(o.Map("sops")).Pointer()}
	if _, known := h.shared[at]; !known {
		h.shared[at] = contentOf(o)
	}
	return h.shared[at]
}

// contentOf is what of a Secret nothing may change.
func contentOf(o object.Object) string {
	text, err := json.Marshal([]any{o["type"], o["data"], o["stringData"], o["sops"], o["immutable"]})
	if err != nil {
		return "" // can't be: it came out of YAML
	}
	return secret.Fingerprint(string(text))
}

// Missing says which of the Secrets a finished build, a YAML stream, does not
// hold as they were handed over, and which objects carry a ciphertext of theirs
// away. The problems name objects and keys, never what is in them.
func (h *Handed) Missing(build []byte) problem.List {
	if len(h.secrets) == 0 {
		return nil
	}
	var l problem.List
	var found []object.Object
	have := map[string]int{}
	for doc := range bytes.SplitSeq(append([]byte("\n"), build...), []byte("\n---\n")) {
		isSecret := bytes.Contains(doc, []byte("\nkind: Secret\n"))
		if !isSecret && !bytes.Contains(doc, []byte("ENC[")) {
			continue
		}
		objects, err := object.Parse("the build", doc)
		if err != nil {
			l.Join(err)
			continue
		}
		for _, o := range objects {
			if o.IsSecret() {
				found = append(found, o)
				have[contentOf(o)]++
			}
			if !o.IsSecret() || h.count[contentOf(o)] == 0 {
				l = append(l, h.carried(o)...)
			}
		}
	}
	for _, s := range h.secrets {
		content := h.content(s)
		if have[content] > 0 {
			have[content]--
			continue
		}
		l.Add(changed(s, found))
	}
	return l
}

// whereChanged is what to do about a Secret that is not as it was made.
const whereChanged = "find the patch, transformer or replacement that does it; a secret is changed in its credential, and then: reggen seal"

// changed words how a Secret differs from what became of it.
func changed(s object.Object, found []object.Object) problem.Problem {
	p := problem.Problem{Next: whereChanged}
	i := slices.IndexFunc(found, func(o object.Object) bool { return o.ID() == s.ID() })
	if i < 0 {
		i = slices.IndexFunc(found, func(o object.Object) bool { return strings.Contains(o.Name(), s.Name()) })
	}
	if i < 0 {
		p.What = fmt.Sprintf("%s is not in the finished build: something of this kustomization takes it out", s.ID())
		return p
	}
	o := found[i]
	var what []string
	for _, key := range sortedKeys(s.Map("data")) {
		switch value, there := o.Map("data")[key]; {
		case !there:
			what = append(what, "data["+key+"] is gone")
		case value != s.Map("data")[key]:
			what = append(what, "data["+key+"] is another")
		}
	}
	for _, key := range sortedKeys(o.Map("data")) {
		if _, there := s.Map("data")[key]; !there {
			what = append(what, "data["+key+"] is added")
		}
	}
	for _, key := range sortedKeys(o.Map("stringData")) {
		what = append(what, "stringData["+key+"] is added, readable")
	}
	if !object.Equal(object.Object{"sops": s["sops"]}, object.Object{"sops": o["sops"]}) {
		what = append(what, "its sops block is another")
	}
	if secretType(o) != secretType(s) {
		what = append(what, "its type is another")
	}
	if len(what) == 0 {
		what = []string{"something of it is another, or a copy of it is gone"}
	}
	p.What = fmt.Sprintf("%s is not in the finished build as its sealed file says: %s", o.ID(), strings.Join(what, ", "))
	return p
}

// carried finds ciphertexts of the Secrets elsewhere: nothing decrypts them
// there, and with secrets in the clear they would be readable.
func (h *Handed) carried(o object.Object) (l problem.List) {
	at := map[string]bool{}
	o.Walk(func(path, text string) {
		if !strings.Contains(text, "ENC[") || at[path] {
			return
		}
		for _, s := range h.secrets {
			for _, key := range sortedKeys(s.Map("data")) {
				if value, _ := s.Map("data")[key].(string); strings.HasPrefix(value, "ENC[") && strings.Contains(text, value) {
					at[path] = true
					l.Add(problem.Problem{What: fmt.Sprintf("%s holds data[%s] of %s at %s: something of this kustomization carries it there", o.ID(), key, s.ID(), path),
						Want: "a reference to the Secret (secretKeyRef, or a volume)", Next: "take the replacement or variable out"})
					return
				}
			}
		}
	})
	return l
}
