package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
)

// readerChange is who will be able to open some files of an environment, and
// who will not any more, once they are written as .sops.yaml says.
type readerChange struct {
	comes, goes []string
	files       []string // as shown
	rule        *sops.Rule
}

// readerChanges compares, for files that are about to be written, whom the
// rules name with whom the files at hand were encrypted for. A file that is not
// there yet, or can't be read, is held against those of its folder that can, and
// where there is none, against known.
func (w *World) readerChanges(e environment, paths []string, known []string) ([]readerChange, error) {
	have := map[string]sops.Metadata{}
	beside := map[string][]sops.Metadata{} // by folder
	for _, f := range w.secretFiles(e) {
		have[f.path] = f.meta
		beside[filepath.Dir(f.path)] = append(beside[filepath.Dir(f.path)], f.meta)
	}
	var l problem.List
	var out []readerChange
	at := map[string]int{}
	for _, path := range paths {
		rule, err := sops.FindRule(path)
		if err != nil {
			l.Join(err)
			continue
		}
		meta, there := have[path]
		before := beside[filepath.Dir(path)]
		switch {
		case there:
			before = []sops.Metadata{meta}
		case len(before) == 0:
			before = []sops.Metadata{{Recipients: known}}
		}
		c := readerChange{comes: rule.Comes(before...), rule: rule, files: []string{w.show(path)}}
		if there {
			c.goes = rule.Goes(meta)
		}
		if len(c.comes)+len(c.goes) == 0 {
			continue
		}
		key := fmt.Sprint(rule.Config, rule.Index, filepath.Dir(path), c.comes, c.goes)
		if i, is := at[key]; is {
			out[i].files = append(out[i].files, c.files...)
			continue
		}
		at[key] = len(out)
		out = append(out, c)
	}
	return out, l.Err()
}

// admit makes sure that nobody new gets to read what a command is about to
// write into an environment unless a person says so. known are the readers that
// count where a folder has no file yet. Who goes is named.
func (w *World) admit(e environment, paths []string, known ...string) error {
	changes, err := w.readerChanges(e, paths, known)
	if err != nil {
		return err
	}
	var new problem.List
	var keys []string
	for _, c := range changes {
		unknown := slices.DeleteFunc(slices.Clone(c.comes), func(id string) bool { return slices.Contains(w.Accept, id) })
		for _, id := range unknown {
			if !slices.Contains(keys, id) {
				keys = append(keys, id)
			}
		}
		if len(unknown) > 0 {
			new.Add(w.newcomer(c, unknown))
			continue
		}
		w.tellReaders(c)
	}
	if len(new) == 0 {
		return nil
	}
	// A hand can write anything in the place of a recipient; what is none, a
	// rule refuses before this.
	next := "git log -p -- " + quoteArg(w.show(changes[0].rule.Config)) + "   # who added it?\nif it is right: the same command with --accept-recipients " + quoteArg(strings.Join(keys, ","))
	if !w.StdinIsTerm {
		new[len(new)-1].Next = next
		return new
	}
	for _, p := range new {
		w.note("%s", p.Error())
	}
	answer, err := w.asker().ask("encrypt for "+map[bool]string{true: "this reader", false: "these readers"}[len(keys) == 1]+"? yes or no", "no")
	switch {
	case err != nil:
		return err
	case answer != "yes" && answer != "y":
		return problem.Problem{What: "nothing was written", Next: strings.SplitN(next, "\n", 2)[0]}
	}
	w.Accept = append(w.Accept, keys...)
	for _, c := range changes {
		w.tellReaders(c)
	}
	return nil
}

// newcomer words who would get to read what, and which rule says so.
func (w *World) newcomer(c readerChange, ids []string) problem.Problem {
	p := problem.Problem{File: w.show(c.rule.Config), Path: fmt.Sprintf("rule %d", c.rule.Index+1),
		What: fmt.Sprintf("names %s, who could not open %s so far", strings.Join(sops.ShownRecipients(ids), ", "), strings.Join(c.files, ", ")),
		Want: "a reader whom you know"}
	if other := sops.Shadows(c.rule.Config); other != "" {
		p.What += "; this file counts instead of " + w.show(other)
	}
	return p
}

// tellReaders says who comes and who goes.
func (w *World) tellReaders(c readerChange) {
	from := w.ruleName(c.rule)
	if len(c.comes) > 0 {
		w.note("%s: can open %s from now on (%s)", strings.Join(sops.ShownRecipients(c.comes), ", "), strings.Join(c.files, ", "), from)
	}
	if len(c.goes) > 0 {
		w.note("%s: can't open %s any more as it is written now (%s)", strings.Join(sops.ShownRecipients(c.goes), ", "), strings.Join(c.files, ", "), from)
	}
}

// tellFor says whom files are for that are new, or have new data keys: what the
// old ones named may have been written into them by anybody.
func (w *World) tellFor(paths []string) {
	files := map[string][]string{}
	var lines []string
	for _, path := range paths {
		rule, err := sops.FindRule(path)
		if err != nil {
			continue // without a rule nothing was written
		}
		who := strings.Join(sops.ShownRecipients(rule.Recipients()), ", ")
		if d := rule.Divided(); d != "" {
			who = d
		}
		line := fmt.Sprintf("%s (%s)", who, w.ruleName(rule))
		if files[line] == nil {
			lines = append(lines, line)
		}
		files[line] = append(files[line], w.show(path))
	}
	for _, line := range lines {
		w.note("%s: for %s", strings.Join(files[line], ", "), line)
	}
}

// ruleName says where a rule stands, and what it stands in front of.
func (w *World) ruleName(r *sops.Rule) string {
	from := fmt.Sprintf("%s, rule %d", w.show(r.Config), r.Index+1)
	if other := sops.Shadows(r.Config); other != "" {
		from += ", which counts instead of " + w.show(other) + ","
	}
	return from
}

// accepting gives a command the flag that says yes to new readers.
func (w *World) accepting(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&w.Accept, acceptFlag, w.Accept, "public keys of new readers to encrypt for without asking, as .sops.yaml names them (repeatable)")
}

const acceptFlag = "accept-recipients"
