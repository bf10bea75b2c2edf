package people

import (
	"fmt"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/terminal"
)

// kept is what no offboarding can change.
const kept = "What was read stays read, and git keeps the old files: everybody who had this key can open them forever. Only a new secret helps."

// departed is the report of an offboarding as people and programs read it. Its
// JSON form is part of the command's contract: fields are added, never renamed.
type departed struct {
	offboarding
	DryRun bool   `json:"dryRun"`
	Kept   string `json:"kept"`
}

// departed is the report with paths and commands as a person would write them.
func (l *leaving) departed() departed {
	r := l.report.paths(l.w.Repo.Show)
	for i, e := range r.Environments {
		for j := range e.ByHand {
			r.Environments[i].ByHand[j].Command = under(e.ByHand[j].Command, e.Dir)
		}
	}
	return departed{r, l.o.DryRun, kept}
}

// Written is the report in the form that was asked for: json, else text.
func (d departed) Written(form string) ([]byte, error) {
	if form == "json" {
		return terminal.JSONText(d)
	}
	return []byte(problem.Lines(d.text(d.DryRun))), nil
}

func (o offboarding) text(dryRun bool) string {
	var b strings.Builder
	put := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if dryRun {
		put("%s would be taken out; nothing was written.", o.Recipient)
	} else {
		put("%s is taken out, and every file has a new data key.", o.Recipient)
	}
	for _, r := range o.Rules {
		put("  %s: rule %d", r.File, r.Rule)
	}
	for _, f := range o.Left {
		put("  %s: still names it where no creation rule does; take it out by hand", f)
	}
	for _, e := range o.Environments {
		put("\n%s: could be read", e.Dir)
		for _, f := range e.Readable {
			put("  %s: %s %s: %s", f.File, f.Type, f.Name, strings.Join(f.Keys, ", "))
		}
		o.rotations(put, e, dryRun)
		if len(e.ByHand) > 0 {
			put("\n%s: by hand", e.Dir)
		}
		for _, h := range e.ByHand {
			put("  %s: %s\n    %s", h.What, h.Why, h.Command)
		}
	}
	if len(o.Others) > 0 {
		put("\nOther files encrypted for it; reggen render writes its own anew, the others take sops updatekeys and sops rotate:")
		for _, f := range o.Others {
			put("  %s", f)
		}
	}
	put("\n%s", kept)
	put("The person's own login to the registry, if there is one, is ended with reggen user remove.")
	return b.String()
}

func (o offboarding) rotations(put func(string, ...any), e departure, dryRun bool) {
	if len(e.Rotate) == 0 {
		return
	}
	switch {
	case dryRun:
		put("\n%s: would be rotated with --rotate", e.Dir)
	case o.Rotated:
		put("\n%s: rotated; commit and roll out, then retire the old ones", e.Dir)
	default:
		put("\n%s: to be rotated", e.Dir)
	}
	for _, r := range e.Rotate {
		pulls := fmt.Sprintf("user %q of pull secret%s %s", r.User, terminal.Plural(len(r.Pulls)), strings.Join(r.Pulls, ", "))
		if r.Successor != "" {
			put("  %s, now %q\n    reggen user retire %s --dir %s", pulls, r.Successor, problem.QuoteArg(r.User), problem.QuoteArg(e.Dir))
			continue
		}
		put("  %s\n    reggen user rotate %s --dir %s", pulls, problem.QuoteArg(r.User), problem.QuoteArg(e.Dir))
	}
}
