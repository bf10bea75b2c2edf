package people

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/seal"
	"github.com/reggen/reggen/internal/terminal"
)

// Editing is what goes with an edit.
type Editing struct {
	Seal   bool // seal afterwards
	OnDisk bool // the decrypted values may be written to a disk
}

// inEditor is a credential in an editor.
type inEditor struct {
	w      *Work
	t      target
	e      repository.Environment
	opened keyring.OpenedCredential
	shown  map[string]string // what the editor is given
	doc    credential.Document
}

// EditCredential shows the values of a credential in the user's editor and takes
// what comes out, once nothing is wrong with it.
func (w *Work) EditCredential(ctx context.Context, dir, name string, o Editing) error {
	e, err := w.Repo.Chosen(dir)
	if err != nil {
		return err
	}
	t, err := w.target(e, name)
	if err != nil {
		return err
	}
	if t.public == nil {
		return problem.Problem{File: w.Repo.Show(t.path), What: "is not there yet", Next: "reggen credential set " + problem.QuoteArg(name)}
	}
	if err := w.Seals.Admit(e, []string{t.path}); err != nil {
		return err
	}
	before, _ := w.Repo.Read(t.path)
	opened, err := w.Keys.ReadCredential(ctx, t.path)
	if err != nil {
		return err
	}
	d := &inEditor{w: w, t: t, e: e, opened: opened, shown: maps.Clone(opened.Doc.StringData)}
	if d.shown[credential.Password] != "" && t.kind == credential.User {
		delete(d.shown, credential.Hash) // made from the password
	}
	if t.kind == credential.User {
		delete(d.shown, credential.HashedFrom)
	}
	changed, err := d.ask(ctx, o.OnDisk)
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		w.Tell.Note("%s: nothing was changed", w.Repo.Show(t.path))
		return nil
	}
	if err := d.write(ctx, before); err != nil {
		return err
	}
	w.Tell.Note("%s: %s changed", w.Repo.Show(t.path), strings.Join(changed, " and "))
	if password := d.doc.StringData[credential.Password]; t.kind == credential.User && password != "" {
		w.warnWeak(e.Spec, t.public.User, password)
	}
	if !o.Seal {
		w.Tell.Note("next: reggen seal %s", problem.QuoteArg(w.Repo.Show(e.Root)))
		return nil
	}
	return w.Seals.Seal(ctx, []string{w.Repo.Rel(e.Root)}, seal.Options{Own: t.path})
}

// ask opens the editor until what it leaves can be taken, or nothing was changed.
func (d *inEditor) ask(ctx context.Context, onDisk bool) (changed []string, err error) {
	s, err := repository.NewScratch(d.w.Tell.Getenv, onDisk)
	if err != nil {
		return nil, err
	}
	defer s.Remove()
	text, err := editable(d.w.Repo.Show(d.t.path), d.shown)
	if err != nil {
		return nil, err
	}
	var wrong error
	var before []byte // what was wrong
	for {
		if err := s.Write(text); err != nil {
			return nil, err
		}
		if err := d.w.Tell.Edit(s.Path); err != nil {
			return nil, err
		}
		if err := terminal.Interrupted(ctx); err != nil {
			return nil, err
		}
		left, err := s.Read()
		if err != nil {
			return nil, err
		}
		switch bare := withoutReasons(left); {
		case wrong != nil && bytes.Equal(bare, before): // given up
			var l problem.List
			l.Join(wrong)
			l[len(l)-1].Next = "nothing was taken"
			return nil, l
		case bytes.Equal(left, text), len(bytes.TrimSpace(bare)) == 0, onlyComments(bare):
			return nil, nil
		default:
			if changed, wrong = d.take(bare); wrong == nil {
				return changed, nil
			}
			before, text = bare, withReasons(bare, wrong)
		}
	}
}

// take judges what the editor left, and makes the document of it.
func (d *inEditor) take(text []byte) (changed []string, err error) {
	values, err := edited(text)
	if err != nil {
		return nil, err
	}
	settable, required := credential.Settable(d.t.kind)
	var l problem.List
	for _, field := range slices.Sorted(maps.Keys(values)) {
		if _, was := d.shown[field]; !was && !takes(d.t, settable, field) {
			l.Add(problem.Problem{What: "there is a field that a " + string(d.t.kind) + " credential doesn't have", Want: fieldsOf(d.t.kind, settable, ", ")})
		}
		if value, was := d.shown[field]; !was || value != values[field] {
			changed = append(changed, field)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(d.shown)) {
		if _, is := values[field]; !is {
			changed = append(changed, field)
		}
	}
	if err := terminal.Unique(l).Err(); err != nil {
		return nil, err
	}
	if len(changed) == 0 {
		return nil, nil
	}
	d.doc = d.opened.Doc
	d.doc.StringData = map[string]string{}
	if len(values) == 0 {
		return nil, problem.Problem{What: "no field is left", Want: fieldsOf(d.t.kind, settable, ", ")}
	}
	if d.t.kind == credential.User {
		if pulls := pullSecretsOf(d.e.Spec, d.t.public.User); len(pulls) > 0 && values[credential.Password] == "" {
			return nil, problem.Problem{Path: "spec.pullSecrets." + pulls[0] + ".user", What: fmt.Sprintf("is %q: a pull secret needs the password, not only its hash", d.t.public.User)}
		}
	}
	if err := apply(&d.doc, d.t, values, required); err != nil {
		return changed, err
	}
	anew := map[string]string{}
	for _, field := range changed {
		anew[field] = values[field]
	}
	if whole(d.doc, anew) {
		d.doc.SetOn(d.w.Tell.Now())
	}
	return changed, nil
}

// write puts the document in the place of the one that was opened.
func (d *inEditor) write(ctx context.Context, before []byte) error {
	unlock, err := d.w.Repo.Lock(d.e)
	if err != nil {
		return err
	}
	defer unlock()
	if now, _ := d.w.Repo.Read(d.t.path); !bytes.Equal(before, now) {
		return problem.Problem{File: d.w.Repo.Show(d.t.path), What: "was changed meanwhile by somebody else; nothing was written", Next: "run the same command again"}
	}
	text, err := d.w.Keys.SealCredential(ctx, d.t.path, d.doc, d.opened.File, false)
	if err != nil {
		return err
	}
	return d.w.Repo.Write(d.t.path, text, 0o644)
}
