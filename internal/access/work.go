// Package access says who can read what: the recipients of environments, the
// users of their registries, where pull secrets go, how long passwords and data
// keys have stood, and who came and went since a revision. All of it comes from
// the public side of the files: it opens nothing and needs no key.
package access

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/compare"
	"github.com/reggen/reggen/internal/inspect"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/revision"
	"github.com/reggen/reggen/internal/terminal"
)

// Work is what a report of who can read what works with.
type Work struct {
	Tell     *terminal.Terminal
	Repo     *repository.Repository
	Compares *compare.Work
	Checks   *inspect.Work
}

// Options say what a report holds and how it is written.
type Options struct {
	Output string
	From   string // a git revision: who came and went since
}

// Outputs are the forms of a report.
var Outputs = []string{"table", "json", "csv", "markdown", "html"}

// Report is who can read what. Its JSON form is part of the command's contract:
// fields are added, never renamed.
type Report struct {
	Made         time.Time     `json:"made"`
	Of           []string      `json:"of"`               // the folders that it looked at, as they were named
	Commit       string        `json:"commit,omitempty"` // git's HEAD then; the files are those of the working tree
	From         string        `json:"from,omitempty"`
	FromCommit   string        `json:"fromCommit,omitempty"`
	Readers      []Reader      `json:"readers"`
	Environments []Environment `json:"environments"`
	Changes      []Change      `json:"changes,omitempty"`
	Check        *Check        `json:"check,omitempty"`
	Unread       []string      `json:"unread,omitempty"` // what could not be read, so that something may be missing

	unread problem.List
	gone   map[string]string // the names of readers who went
}

// Check is what reggen check finds without a key.
type Check struct {
	Findings []inspect.Reported `json:"findings"`
	Error    int                `json:"error"`
	Warning  int                `json:"warning"`
	Info     int                `json:"info"`
	Silenced int                `json:"silenced"`
}

// Access looks at what dirs stand for. What can't be read is in the report and is
// the error of Missing; an error of Access is that there is nothing to report.
func (w *Work) Access(ctx context.Context, dirs []string, o Options) (r Report, err error) {
	if !slices.Contains(Outputs, o.Output) {
		return r, terminal.Misuse{Err: problem.Problem{Path: "--output", What: "is no form of a report", Want: "table, json, csv, markdown or html"}}
	}
	r = Report{Made: w.Tell.Now().UTC().Truncate(time.Second), Of: dirs, From: o.From, Readers: []Reader{}, Environments: []Environment{}}
	roots, err := w.Repo.Discover(dirs)
	if len(roots) == 0 {
		return r, err
	}
	r.missing(err)
	now := collection{repo: w.Repo, now: r.Made, names: map[string]map[string]string{}, replaced: w.Checks.Replaced}
	now.environments(roots)
	r.Commit = w.commit(ctx, "HEAD")
	if o.From != "" {
		if err := w.changes(ctx, dirs, roots, o.From, &now, &r); err != nil {
			return r, err
		}
		r.FromCommit = w.commit(ctx, o.From)
	}
	if err := terminal.Interrupted(ctx); err != nil {
		return r, err
	}
	if o.Output == "html" || o.Output == "json" {
		found, err := w.Checks.Check(ctx, dirs, inspect.Options{Output: "json", FailOn: "error", Public: true})
		if ctx.Err() != nil {
			return r, terminal.Interrupted(ctx)
		}
		r.missing(err)
		r.Check = &Check{Findings: found.Findings, Error: found.Count.Error, Warning: found.Count.Warning, Info: found.Count.Info, Silenced: found.Count.Silenced}
		if r.Check.Findings == nil {
			r.Check.Findings = []inspect.Reported{}
		}
	}
	r.missing(now.unread.Err())
	r.Environments = append(r.Environments, now.all...)
	r.Readers = append(r.Readers, now.readers()...)
	for i, p := range terminal.Unique(r.unread) {
		if filepath.IsAbs(p.File) {
			p.File = w.Repo.Show(p.File)
		}
		if i == 0 {
			r.Unread = nil
		}
		p.Next = "" // is for who runs it: Missing has it
		r.Unread = append(r.Unread, problem.Shown(p.Error()))
	}
	return r, terminal.Interrupted(ctx)
}

// commit is what git calls a revision; "" outside git, and before the first commit.
func (w *Work) commit(ctx context.Context, rev string) string {
	git, err := revision.Find(ctx, w.Repo.Dir, w.Repo.Allow.Network, w.Repo.Allow.Large)
	if err != nil {
		return ""
	}
	id, _ := git.Commit(ctx, rev)
	return id
}

func (r *Report) missing(err error) { r.unread.Join(err) }

// Missing is what could not be read.
func (r *Report) Missing() error { return terminal.Unique(r.unread).Err() }
