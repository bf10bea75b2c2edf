package seal

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/age"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/repository"
)

// compose prepares and composes with the credentials of the store. What the
// chart's templates draw and no seed gives is made once and kept in the machine
// credential: then both are done again, with it.
func (s *sealing) compose(ctx context.Context, store *credentialStore, plan generator.Plan, in generator.Input) (generator.Plan, generator.Revealed, generator.Composition, error) {
	for again := false; ; again = true {
		revealed, err := plan.Reveal(store.opened())
		if err != nil {
			return plan, revealed, generator.Composition{}, err
		}
		if !again {
			if err := s.renew(plan, revealed.Kept); err != nil {
				return plan, revealed, generator.Composition{}, err
			}
		}
		made, err := plan.Compose(revealed)
		if err != nil || again {
			return plan, revealed, made, err
		}
		changed, err := s.keep(ctx, store, made)
		if err != nil || !changed {
			return plan, revealed, made, err
		}
		if s.Check {
			return plan, revealed, made, nil // told as a change
		}
		if plan, err = generator.Prepare(in); err != nil {
			return plan, revealed, made, err
		}
	}
}

// keep puts what was made once into the machine credential, and takes out what
// the chart draws no more.
func (s *sealing) keep(ctx context.Context, store *credentialStore, made generator.Composition) (changed bool, err error) {
	i := slices.IndexFunc(store.files, func(f *storedCredential) bool { return f.public.Type == credential.Machine })
	if i < 0 {
		return false, nil
	}
	f := store.files[i]
	data := maps.Clone(f.Doc.StringData)
	maps.DeleteFunc(data, func(field, _ string) bool { _, is := credential.IsKept(field); return is })
	for ref, v := range made.Kept {
		field, text, err := credential.KeptEntry(ref, v)
		if err != nil {
			return false, err
		}
		data[field] = text
	}
	if maps.Equal(data, f.Doc.StringData) {
		return false, nil
	}
	why := "keeps what the chart draws once: " + drawn(made)
	if len(made.New) == 0 {
		why = "keeps nothing any more that the chart doesn't draw"
	}
	s.changes = slices.DeleteFunc(s.changes, func(c repository.Change) bool {
		if c.Path == f.path {
			why = c.Why + "; " + why
		}
		return c.Path == f.path
	})
	if s.Check {
		s.changes = append(s.changes, repository.Change{Path: f.path, Why: why})
		return true, nil
	}
	rule, err := store.ruleFor(f.path, s)
	if err != nil {
		return false, err
	}
	f.Doc.StringData = data
	s.since(f, made)
	if f.new, err = s.w.Keys.SealCredentialFor(ctx, f.path, rule, f.Doc, f.File, false); err != nil {
		return false, err
	}
	if f.public, err = credential.Parse(s.w.Repo.Show(f.path), f.new); err != nil {
		return false, err
	}
	s.changes = append([]repository.Change{{Path: f.path, Data: f.new, Why: why}}, s.changes...)
	return true, nil
}

// since notes, readable, on which day each kept value was made.
func (s *sealing) since(f *storedCredential, made generator.Composition) {
	if f.Doc.Metadata.Annotations == nil {
		f.Doc.Metadata.Annotations = map[string]string{}
	}
	notes := f.Doc.Metadata.Annotations
	old := age.Since(notes[spec.KeptSince])
	var out []string
	for ref := range made.Kept {
		address := strings.TrimPrefix(string(ref), "draw/")
		day := old[address]
		if slices.Contains(made.New, ref) {
			day = s.w.Tell.Now().UTC().Format(time.DateOnly)
		}
		if day != "" {
			out = append(out, address+"="+day)
		}
	}
	slices.Sort(out)
	if delete(notes, spec.KeptSince); len(out) > 0 {
		notes[spec.KeptSince] = strings.Join(out, ",")
	}
}

func drawn(made generator.Composition) string {
	var out []string
	for _, ref := range made.New {
		text := strings.TrimPrefix(string(ref), "draw/")
		if until := made.Kept[ref].Until; !until.IsZero() {
			text += " until " + until.Format(time.DateOnly)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// renew forgets what is kept of the names that the caller gave: a Secret's, or
// the beginning of an address. It will be made anew.
func (s *sealing) renew(plan generator.Plan, kept map[secret.Ref]secret.Kept) error {
	var l problem.List
	for _, name := range s.Renew {
		found := 0
		for ref := range kept {
			inSecret := slices.ContainsFunc(plan.Slots, func(slot generator.Slot) bool {
				return slot.Expected.Name == name && slices.ContainsFunc(slot.Expected.Facts, func(f sealed.Fact) bool {
					return f.Ref == ref || strings.HasPrefix(string(f.Ref), string(ref)+".")
				})
			})
			if inSecret || strings.HasPrefix(string(ref), "draw/"+name) {
				delete(kept, ref)
				found++
			}
		}
		if found == 0 {
			var have []string
			for ref := range kept {
				have = append(have, strings.TrimPrefix(string(ref), "draw/"))
			}
			slices.Sort(have)
			p := problem.Problem{File: s.w.Repo.Show(s.env.Root), What: "keeps nothing of that name to renew: " + problem.Shown(name), Want: "the name of a Secret with a certificate, key or hash that the chart made, or where the template makes it"}
			if len(have) > 0 {
				p.Want += ": " + problem.OneOf(have)
			}
			l.Add(p)
		}
	}
	return l.Err()
}
