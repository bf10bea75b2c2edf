package kustomize

import (
	"maps"

	"sigs.k8s.io/kustomize/api/resmap"
)

// content is what kustomize makes of one entry alone.
type content struct {
	files  *reader // with what was noticed in what was read
	rm     resmap.ResMap
	nested bool  // a spec stands under generators in it, which was not run
	err    error // kustomize's

	asked bool // for the specs
	specs []resolved
	wrong error // why there are none, for people
}

// memory keeps the contents of entries, by the kustomization file and the entry.
type memory map[[2]string]*content

// Remembering is the same for work that reads an environment several times and
// takes its files to stay as they are meanwhile: kustomize makes an entry of
// it once.
func (a Allow) Remembering() Allow {
	a.memory = memory{}
	return a
}

// content is what kustomize makes of an entry, or made of it before.
func (k *kustomization) content(entry string) *content {
	key := [2]string{k.file, entry}
	if c := k.allow.memory[key]; c != nil {
		return c
	}
	c := k.loadIn(k.allow.reader(), entry)
	if k.allow.memory != nil {
		k.allow.memory[key] = c
	}
	return c
}

func (k *kustomization) loadIn(alone *reader, entry string) *content {
	alone.dir = k.dir
	c := &content{files: alone}
	quick := k.allow.reader()
	quick.dir, quick.replace = k.dir, maps.Clone(alone.replace)
	if rm, ok := k.merged(quick, entry); ok {
		*alone, c.rm = *quick, rm
		return c
	}
	c.rm, c.nested, c.err = k.load(alone, entry)
	return c
}

// found are the specs in it. They are made when they are first asked for: to
// word why there are none, entries are looked at again.
func (c *content) found(k *kustomization) ([]resolved, error) {
	if c.asked {
		return c.specs, c.wrong
	}
	c.asked = true
	switch alone := c.files; {
	case len(alone.refused) > 0:
		c.wrong = alone.refused
	case len(alone.repeated) > 0:
		c.wrong = alone.repeated
	case alone.failed != nil:
		c.wrong = alone.failed
	case c.err != nil:
		c.wrong = k.allow.failure(k.dir, c.err)
	default:
		c.specs, c.wrong = registries(c.rm)
	}
	return c.specs, c.wrong
}
