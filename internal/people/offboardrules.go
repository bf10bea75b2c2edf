package people

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/internal/repository"
)

// rules finds the .sops.yaml files that govern the environments, takes the
// recipient out of their texts, and reads the journal.
func (l *leaving) rules() error {
	used := map[string]map[int]bool{}
	var bad problem.List
	for _, e := range l.envs {
		bad.Join(l.w.Repo.Unlisted(e))
		for _, f := range l.w.Repo.SecretFiles(e) {
			rule, err := rules.Find(f.Path)
			if err != nil {
				bad.Join(err)
				continue
			}
			if used[rule.Config] == nil {
				used[rule.Config] = map[int]bool{}
			}
			used[rule.Config][rule.Index] = true
		}
	}
	if err := bad.Err(); err != nil {
		return err
	}
	if len(used) == 0 {
		return problem.Problem{What: "the environments have no encrypted file", Next: "reggen seal"}
	}
	var known []string
	for _, config := range slices.Sorted(maps.Keys(used)) {
		text, err := l.w.Repo.Read(config)
		if err != nil {
			return l.w.Repo.FileProblem("can't read", config, err)
		}
		known = append(known, rules.AllRecipients(text)...)
		var only func(int) bool
		if len(l.report.Folders) > 0 {
			only = func(i int) bool { return used[config][i] }
		}
		r, err := rules.RemoveRecipient(config, text, l.name, only)
		if err != nil {
			return err
		}
		l.configs[config] = r.Text
		if len(r.Rules) > 0 {
			l.changed = append(l.changed, config)
		}
		if dir := filepath.Dir(config); l.top == "" || len(dir) < len(l.top) {
			l.top = dir
		}
		l.report.Names = append(l.report.Names, r.IDs...)
		for _, i := range r.Rules {
			l.report.Rules = append(l.report.Rules, touchedRule{File: config, Rule: i + 1})
		}
		if r.Left {
			l.report.Left = append(l.report.Left, config)
		}
	}
	slices.Sort(l.report.Names)
	l.report.Names = slices.Compact(l.report.Names)
	return l.resume(known)
}

func (l *leaving) journal() string { return filepath.Join(l.top, repository.JournalName) }

// resume takes up what a run that was cut off had begun. The journal decides
// what is reported: files that were encrypted anew don't say any more who
// could read them.
func (l *leaving) resume(known []string) error {
	l.report.Recipient = l.name
	text, err := l.w.Repo.Read(l.journal())
	if errors.Is(err, os.ErrNotExist) {
		l.report.Recipient = append(l.report.Names, l.name)[0]
		if len(l.report.Names) == 0 {
			l.report.Names = []string{l.name} // files may still name what no rule does
		}
		slices.Sort(known)
		return l.unknown(slices.Compact(known))
	}
	if err != nil {
		return l.w.Repo.FileProblem("can't read", l.journal(), err)
	}
	var old offboarding
	if err := json.Unmarshal(text, &old); err != nil {
		return problem.Problem{File: l.journal(), What: "is not what an offboarding writes", Next: "restore or delete that file"}
	}
	old = old.in(l.top)
	p := problem.Problem{File: l.journal(), Next: l.w.again(old.Recipient, old)}
	switch {
	case l.name != old.As && l.name != old.Recipient && !slices.Contains(old.Names, l.name):
		p.What = "says that the offboarding of another recipient is not finished"
		return p
	case !slices.Equal(l.report.Folders, old.Folders):
		p.What = "says that the offboarding began with other folders"
		return p
	}
	l.report, l.resumed = old, true
	return nil
}

// unknown refuses a recipient whom no rule and no file names.
func (l *leaving) unknown(known []string) error {
	if len(l.report.Rules) > 0 {
		return nil
	}
	for _, e := range l.envs {
		for _, f := range l.w.Repo.SecretFiles(e) {
			if f.ReadableBy(l.report.Names) {
				return nil
			}
		}
	}
	return problem.Problem{What: "no rule and no file names this recipient", Want: "one of " + strings.Join(known, ", "), Near: problem.Nearest(l.name, known),
		Next: "if that key was taken out before, there is nothing left to do; unless that was with sops updatekeys, which keeps data keys: reggen seal --rotate-keys"}
}

// Unfinished says that an offboarding was begun here and not finished.
func (w *Work) Unfinished() error {
	path := filepath.Join(w.Repo.Ruled(), repository.JournalName)
	text, err := w.Repo.Read(path)
	if err != nil {
		return nil
	}
	p := problem.Problem{File: path, What: "an offboarding was begun and is not finished"}
	var old offboarding
	if json.Unmarshal(text, &old) == nil {
		p.Next = w.again(old.Recipient, old.in(w.Repo.Ruled()))
	}
	return p
}
