package seal

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// readerChange is who will be able to open some files of an environment, and
// who will not any more, once they are written as .sops.yaml says.
type readerChange struct {
	comes, goes []string
	files       []string // as shown
	rule        *rules.Rule
}

// readerChanges compares, for files that are about to be written, whom the
// rules name with whom the files at hand were encrypted for. A file that is not
// there yet, or can't be read, is held against those of its folder that can, and
// where there is none, against known.
func (w *Work) readerChanges(e repository.Environment, paths []string, known []string) ([]readerChange, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	have := map[string]rules.Readers{}
	beside := map[string][]rules.Readers{} // by folder
	for _, f := range w.Repo.SecretFiles(e) {
		have[f.Path] = f.Meta.Readers
		beside[filepath.Dir(f.Path)] = append(beside[filepath.Dir(f.Path)], f.Meta.Readers)
	}
	var l problem.List
	var out []readerChange
	at := map[string]int{}
	for _, path := range paths {
		rule, err := rules.Find(path)
		if err != nil {
			l.Join(err)
			continue
		}
		if nested := w.Keys.Nested(rule.Config); nested != "" && !slices.Contains(w.named, nested) {
			w.named = append(w.named, nested)
			w.Tell.Note("note: %s", nested)
		}
		was, there := have[path]
		before := beside[filepath.Dir(path)]
		switch {
		case there:
			before = []rules.Readers{was}
		case len(before) == 0:
			before = []rules.Readers{{Recipients: known}}
		}
		c := readerChange{comes: rule.Comes(before...), rule: rule, files: []string{w.Repo.Show(path)}}
		if there {
			c.goes = rule.Goes(was)
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

// Admit makes sure that nobody new gets to read what a command is about to
// write into an environment unless a person says so. known are the readers that
// count where a folder has no file yet. Who goes is named.
func (w *Work) Admit(e repository.Environment, paths []string, known ...string) error {
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
	if w.later {
		return errLater
	}
	// A hand can write anything in the place of a recipient; what is none, a
	// rule refuses before this.
	next := "git log -p -- " + problem.QuoteArg(w.Repo.Show(changes[0].rule.Config)) + "   # who added it?\nif it is right: the same command with --accept-recipients " + problem.QuoteArg(strings.Join(keys, ","))
	if !w.Tell.StdinIsTerm {
		new[len(new)-1].Next = next
		return new
	}
	for _, p := range new {
		w.Tell.Note("%s", p.Error())
	}
	answer, err := w.Tell.Ask(terminal.Question{Text: "encrypt for " + map[bool]string{true: "this reader", false: "these readers"}[len(keys) == 1] + "? yes or no", Default: "no", Check: yesOrNo})
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

func yesOrNo(answer string) error {
	if !slices.Contains([]string{"yes", "y", "no", "n"}, answer) {
		return problem.Problem{What: problem.Quoted(answer) + " is neither yes nor no"}
	}
	return nil
}

// newcomer words who would get to read what, and which rule says so.
func (w *Work) newcomer(c readerChange, ids []string) problem.Problem {
	p := problem.Problem{File: w.Repo.Show(c.rule.Config), Path: fmt.Sprintf("rule %d", c.rule.Index+1),
		What: fmt.Sprintf("names %s, who could not open %s so far", strings.Join(rules.Shown(ids), ", "), strings.Join(c.files, ", ")),
		Want: "a reader whom you know"}
	if other := rules.Shadows(c.rule.Config); other != "" {
		p.What += "; this file counts instead of " + w.Repo.Show(other)
	}
	return p
}

// tellReaders says who comes and who goes.
func (w *Work) tellReaders(c readerChange) {
	from := w.Keys.RuleName(c.rule)
	if len(c.comes) > 0 {
		w.Tell.Note("%s: can open %s from now on (%s)", strings.Join(rules.Shown(c.comes), ", "), strings.Join(c.files, ", "), from)
	}
	if len(c.goes) > 0 {
		w.Tell.Note("%s: can't open %s any more as it is written now (%s)", strings.Join(rules.Shown(c.goes), ", "), strings.Join(c.files, ", "), from)
	}
}

// TellFor says whom files are for that are new, or have new data keys: what the
// old ones named may have been written into them by anybody.
func (w *Work) TellFor(paths []string) {
	files := map[string][]string{}
	var lines []string
	for _, path := range paths {
		rule, err := rules.Find(path)
		if err != nil {
			continue // without a rule nothing was written
		}
		who := strings.Join(rules.Shown(rule.Recipients()), ", ")
		if d := rule.Divided(); d != "" {
			who = d
		}
		line := fmt.Sprintf("%s (%s)", who, w.Keys.RuleName(rule))
		if files[line] == nil {
			lines = append(lines, line)
		}
		files[line] = append(files[line], w.Repo.Show(path))
	}
	for _, line := range lines {
		w.Tell.Note("%s: for %s", strings.Join(files[line], ", "), line)
	}
}
