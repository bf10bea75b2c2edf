package inspect

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/release"
	"github.com/reggen/reggen/internal/sarif"
	"github.com/reggen/reggen/internal/terminal"
)

// Report is what a check found and what it looked at. Its JSON form is
// part of the command's contract: fields are added, never renamed.
type Report struct {
	Findings     []Reported `json:"findings"`
	Environments int        `json:"environments"`
	Files        int        `json:"files"`
	Passwords    struct {
		Verified int `json:"verified"`
		Locked   int `json:"locked"`
	} `json:"passwords"`
	Sealed struct {
		Compared int `json:"compared"` // whole, with what the credentials say
		Files    int `json:"files"`
	} `json:"sealed"`
	Count struct {
		Error    int `json:"error"`
		Warning  int `json:"warning"`
		Info     int `json:"info"`
		Silenced int `json:"silenced"`
	} `json:"count"`

	findings []check.Finding
	older    *olderSide // nil without a revision to compare with
	borrows  bool       // a kustomization only takes what others sealed
	public   bool       // no key is looked for
}

// Reported is a finding in JSON.
type Reported struct {
	Rule        string `json:"rule"`
	Severity    string `json:"severity"`
	Environment string `json:"environment,omitempty"`
	File        string `json:"file,omitempty"`
	Line        int    `json:"line,omitempty"`
	Column      int    `json:"column,omitempty"`
	Object      string `json:"object,omitempty"`
	Path        string `json:"path,omitempty"`
	Message     string `json:"message"`
	Expected    string `json:"expected,omitempty"`
	Near        string `json:"near,omitempty"`
	Next        string `json:"next,omitempty"`
	Silenced    string `json:"silenced,omitempty"`
}

// told adds what the caller of a rule found.
func (r *Report) told(rule, root string, err error) {
	var l problem.List
	var failure kustomize.Failure
	if errors.As(err, &failure) {
		err = failure.Problem()
	}
	l.Join(err)
	r.findings = append(r.findings, check.Told(rule, root, l)...)
}

// count makes the public form of what was found.
func (r *Report) count() {
	r.Findings = []Reported{}
	for _, f := range r.findings {
		switch {
		case f.Silenced != "":
			r.Count.Silenced++
		case f.Severity == check.Error:
			r.Count.Error++
		case f.Severity == check.Warning:
			r.Count.Warning++
		default:
			r.Count.Info++
		}
		r.Findings = append(r.Findings, Reported{f.Rule, string(f.Severity), f.Root, f.File, f.Line, f.Column, f.Object, f.Path, f.What, f.Want, f.Near, f.Next, f.Silenced})
	}
}

// Failing counts the findings that are as bad as a severity and not silenced.
func (r *Report) Failing(least check.Severity) int {
	n := 0
	for _, f := range r.findings {
		if f.Silenced == "" && f.Severity.AtLeast(least) {
			n++
		}
	}
	return n
}

// Written is the report for programs, JSON or SARIF; text for people is told, and
// nothing is left to be printed.
func (w *Work) Written(r Report, form string) ([]byte, error) {
	var out any
	switch form {
	case "json":
		out = r
	case "sarif":
		out = sarif.Of(check.Rules(), "reference/rules.md", r.findings, release.Version())
	default:
		w.tellFindings(r)
		return nil, nil
	}
	return terminal.JSONText(out)
}

var looks = map[check.Severity]terminal.Attribute{check.Error: terminal.Red, check.Warning: terminal.Yellow, check.Info: terminal.Bold}

func (w *Work) tellFindings(r Report) {
	for _, f := range folded(r.findings) {
		text := f.Error()
		if w.Tell.StderrIsTerm {
			text = f.Excerpted()
		}
		w.Tell.Marked(string(f.Severity)+":", looks[f.Severity], " %s", text)
	}
	if n := r.Passwords.Locked; n > 0 {
		w.Tell.Note("note: %d password%s not verified: no key here opens the credentials or the sealed files", n, map[bool]string{true: " was", false: "s were"}[n == 1])
	}
	looked := ""
	if r.Environments > 0 || r.Files == 0 {
		looked = fmt.Sprintf("%d environment%s checked, %d password%s verified", r.Environments, terminal.Plural(r.Environments), r.Passwords.Verified, terminal.Plural(r.Passwords.Verified))
		if s := r.Sealed; s.Files > 0 {
			looked += fmt.Sprintf(", %d of %d sealed file%s compared with the credentials", s.Compared, s.Files, terminal.Plural(s.Files))
		}
	} else {
		looked = fmt.Sprintf("%d file%s checked", r.Files, terminal.Plural(r.Files))
	}
	found := "nothing found"
	if c := r.Count; c.Error+c.Warning+c.Info > 0 {
		found = fmt.Sprintf("%d error%s, %d warning%s, %d info%s", c.Error, terminal.Plural(c.Error), c.Warning, terminal.Plural(c.Warning), c.Info, terminal.Plural(c.Info))
	}
	if n := r.Count.Silenced; n > 0 {
		found += fmt.Sprintf(" (%d silenced in the spec)", n)
	}
	w.Tell.Note("%s: %s", looked, found)
}

// folded tells what was found in several environments alike once.
func folded(findings []check.Finding) []check.Finding {
	var out []check.Finding
	at := map[check.Finding]int{}
	roots := map[int][]string{}
	for _, f := range findings {
		if f.Silenced != "" {
			continue
		}
		if f.File == "" || f.File != f.Root {
			same := f
			same.Root = "" // a layer of several environments
			if _, known := at[same]; !known || f.Line == 0 {
				at[same] = len(out)
				out = append(out, f)
			}
			continue
		}
		same := f
		same.File, same.Root = "", ""
		i, known := at[same]
		if !known {
			i = len(out)
			at[same] = i
			out = append(out, f)
		}
		roots[i] = append(roots[i], f.Root)
	}
	for i, names := range roots {
		const most = 4
		if n := len(names); n > most {
			names = append(names[:most:most], fmt.Sprintf("%d more", n-most))
		}
		out[i].File = strings.Join(names, ", ")
	}
	return out
}

// relative names files as a person would, from the working directory.
func (w *Work) relative(findings []check.Finding) {
	for i, f := range findings {
		if filepath.IsAbs(f.File) {
			findings[i].File = w.Repo.Show(f.File)
		}
		findings[i].Next = strings.ReplaceAll(f.Next, w.Repo.Dir+string(filepath.Separator), "")
	}
}
