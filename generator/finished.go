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
	secrets []object.Object
	count   map[string]int        // how many there are of each content
	shared  map[[2]uintptr]string // the content of mappings that many Secrets have in common
	taken   [][]object.Object     // keeps those mappings where they are
}

// Take notes the Secrets with content among objects: what generators handed
// over, each as often as one was asked.
func (h *Handed) Take(objects []object.Object) {
	if h.count == nil {
		h.count, h.shared = map[string]int{}, map[[2]uintptr]string{}
	}
	h.taken = append(h.taken, objects)
	for _, o := range objects {
		if o.IsSecret() && len(o.Map("data")) > 0 {
			h.secrets = append(h.secrets, o)
			h.count[h.content(o)]++
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
// hold as they were handed over and as often, what stands in the place of one,
// and which objects carry a ciphertext of theirs away. The problems name objects
// and keys, never what is in them.
func (h *Handed) Missing(build []byte) problem.List {
	if len(h.secrets) == 0 {
		return nil
	}
	pieces := h.pieces()
	var l problem.List
	f := finished{same: map[string][]object.Object{}}
	for doc := range bytes.SplitSeq(append([]byte("\n"), build...), []byte("\n---\n")) {
		l = append(l, inList(doc)...)
		if secretDocument(doc) == nil && !slices.ContainsFunc(pieces, func(p piece) bool { return bytes.Contains(doc, []byte(p.text)) }) {
			continue
		}
		objects, err := object.Parse("the build", doc)
		if err != nil {
			l.Join(err)
			continue
		}
		for _, o := range objects {
			content := ""
			if o.IsSecret() {
				content = contentOf(o)
			}
			if h.count[content] > 0 {
				f.same[content] = append(f.same[content], o)
			} else {
				f.others = append(f.others, o)
			}
		}
	}
	l = append(l, h.copies(f)...)
	became := map[object.ID]object.Object{} // of a Secret that is not as it was
	left := map[string]int{}
	for content, objects := range f.same {
		left[content] = len(objects)
	}
	for _, s := range h.secrets {
		if content := h.content(s); left[content] > 0 {
			left[content]--
			continue
		}
		o := f.nearest(s)
		became[s.ID()] = o
		l.Add(changed(s, o))
	}
	for _, o := range f.others {
		l = append(l, carried(o, pieces, became)...)
		l = append(l, h.displaced(o, f, became)...)
	}
	return l
}

// finished are the objects of a finished build that matter here.
type finished struct {
	same   map[string][]object.Object // Secrets that are as they were handed over, by content
	others []object.Object            // other Secrets, and what carries a ciphertext
}

// nearest is what became of a Secret that is not as it was; nil when nothing
// looks like it.
func (f finished) nearest(s object.Object) object.Object {
	i := slices.IndexFunc(f.others, func(o object.Object) bool { return o.ID() == s.ID() })
	if i < 0 {
		i = slices.IndexFunc(f.others, func(o object.Object) bool { return o.IsSecret() && strings.Contains(o.Name(), s.Name()) })
	}
	if i < 0 {
		return nil
	}
	return f.others[i]
}

// copies are Secrets beside the one that they are a copy of: whatever decrypts
// the build decrypts them too, where somebody else may read them.
func (h *Handed) copies(f finished) (l problem.List) {
	mine := map[object.ID]bool{}
	origin := map[string]object.Object{}
	for _, s := range h.secrets {
		mine[s.ID()], origin[h.content(s)] = true, s
	}
	for _, content := range sortedKeys(f.same) {
		if len(f.same[content]) <= h.count[content] {
			continue
		}
		var names []string
		for _, o := range f.same[content] {
			if !mine[o.ID()] {
				names = append(names, o.ID().String())
			}
		}
		l.Add(problem.Problem{What: fmt.Sprintf("%s is in the finished build %d times and was made %d: also as %s", origin[content].ID(), len(f.same[content]), h.count[content], strings.Join(names, ", ")),
			Want: "each Secret once; pull secrets for more namespaces stand in spec.pullSecrets", Next: "take the resource, component or transformer that copies it out"})
	}
	return l
}

// displaced says that a Secret which reggen did not make stands where one that
// it made belongs: who names that one gets the other. A Secret that only changed
// is told as that.
func (h *Handed) displaced(o object.Object, f finished, became map[object.ID]object.Object) problem.List {
	for _, s := range h.secrets {
		if _, told := became[s.ID()]; told || !o.IsSecret() || o.Name() != s.Name() {
			continue
		}
		// Without a namespace it goes where whoever applies it happens to be.
		anywhere := o.Namespace() == ""
		moved := slices.ContainsFunc(f.same[h.content(s)], func(m object.Object) bool { return anywhere || m.Namespace() == o.Namespace() })
		if moved || anywhere || o.ID() == s.ID() {
			return problem.List{{What: fmt.Sprintf("%s is not the one that was made: another stands in its place", o.ID()), Next: whereChanged}}
		}
	}
	return nil
}

// whereChanged is what to do about a Secret that is not as it was made.
const whereChanged = "find the patch, transformer or replacement that does it; a secret is changed in its credential, and then: reggen seal"

// changed words how a Secret differs from what became of it, if anything did.
func changed(s, o object.Object) problem.Problem {
	p := problem.Problem{Next: whereChanged}
	if o == nil {
		p.What = fmt.Sprintf("%s is not in the finished build: something of this kustomization takes it out", s.ID())
		return p
	}
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

// piece is a part of a ciphertext by which it is known: a replacement can take
// a part of a value.
type piece struct {
	text string
	of   object.Object
	key  string
}

// shortest is the length from which on a piece is no accident.
const shortest = 16

// pieces are those of every ciphertext that was handed over.
func (h *Handed) pieces() (out []piece) {
	known := map[string]bool{}
	for _, s := range h.secrets {
		if content := h.content(s); known[content] {
			continue
		} else {
			known[content] = true
		}
		for _, key := range sortedKeys(s.Map("data")) {
			value, _ := s.Map("data")[key].(string)
			if !secret.IsCiphertext(value) {
				continue
			}
			for part := range strings.SplitSeq(value, ",") {
				if _, text, _ := strings.Cut(part, ":"); len(text) >= shortest {
					out = append(out, piece{text, s, key})
				}
			}
		}
	}
	return out
}

// carried finds ciphertexts of the Secrets, or pieces of them, in an object that
// is none of them: nothing decrypts them there, or somebody else's key does.
// became has what an altered Secret has become, which may keep its own.
func carried(o object.Object, pieces []piece, became map[object.ID]object.Object) (l problem.List) {
	at := map[string]bool{}
	o.Walk(func(path, text string) {
		for _, p := range pieces {
			if at[path] || !strings.Contains(text, p.text) {
				continue
			}
			if b, is := became[p.of.ID()]; is && b != nil && b.ID() == o.ID() && path == "data."+p.key {
				continue
			}
			at[path] = true
			l.Add(problem.Problem{What: fmt.Sprintf("%s holds data[%s] of %s at %s: something of this kustomization carries it there", o.ID(), p.key, p.of.ID(), path),
				Want: "a reference to the Secret (secretKeyRef, or a volume)", Next: "take the replacement or variable out"})
		}
	})
	return l
}
