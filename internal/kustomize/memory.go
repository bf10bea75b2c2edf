package kustomize

import "sigs.k8s.io/kustomize/api/resmap"

// content is what kustomize makes of one entry alone.
type content struct {
	files  *reader // with what was noticed in what was read
	rm     resmap.ResMap
	nested bool  // a spec stands under generators in it, which was not run
	err    error // kustomize's

	specs []resolved
	wrong error // why there are none, for people
}

// memory keeps what entries were loaded to, by the kustomization file and the
// entry.
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
	if l := k.allow.memory[key]; l != nil {
		return l
	}
	l := k.loadIn(k.allow.reader(), entry)
	if k.allow.memory != nil {
		k.allow.memory[key] = l
	}
	return l
}
