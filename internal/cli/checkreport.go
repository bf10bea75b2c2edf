package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/kustomize"
)

// checkReport is what a check found and what it looked at. Its JSON form is
// part of the command's contract: fields are added, never renamed.
type checkReport struct {
	Findings     []reported `json:"findings"`
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
	older    func(environment) []olderFile // nil without a revision to compare with
}

// reported is a finding in JSON.
type reported struct {
	Rule        string `json:"rule"`
	Severity    string `json:"severity"`
	Environment string `json:"environment,omitempty"`
	File        string `json:"file,omitempty"`
	Line        int    `json:"line,omitempty"`
	Object      string `json:"object,omitempty"`
	Path        string `json:"path,omitempty"`
	Message     string `json:"message"`
	Expected    string `json:"expected,omitempty"`
	Near        string `json:"near,omitempty"`
	Next        string `json:"next,omitempty"`
	Silenced    string `json:"silenced,omitempty"`
}

// told adds what the caller of a rule found.
func (r *checkReport) told(rule, root string, err error) {
	var l problem.List
	var failure kustomize.Failure
	if errors.As(err, &failure) {
		err = failure.Problem()
	}
	l.Join(err)
	r.findings = append(r.findings, check.Told(rule, root, l)...)
}

// count makes the public form of what was found.
func (r *checkReport) count() {
	r.Findings = []reported{}
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
		r.Findings = append(r.Findings, reported{f.Rule, string(f.Severity), f.Root, f.File, f.Line, f.Object, f.Path, f.What, f.Want, f.Near, f.Next, f.Silenced})
	}
}

// failing counts the findings that are as bad as a severity and not silenced.
func (r *checkReport) failing(least check.Severity) int {
	n := 0
	for _, f := range r.findings {
		if f.Silenced == "" && f.Severity.AtLeast(least) {
			n++
		}
	}
	return n
}

// tellReport prints the report: text for people to stderr, JSON and SARIF for
// programs to stdout.
func (w *World) tellReport(r checkReport, form string) error {
	var out any
	switch form {
	case "json":
		out = r
	case "sarif":
		out = sarif(r.findings, Version())
	default:
		w.tellFindings(r)
		return nil
	}
	text, err := jsonText(out)
	if err != nil {
		return err
	}
	_, err = w.Stdout.Write(text)
	return err
}

func (w *World) tellFindings(r checkReport) {
	for _, f := range folded(r.findings) {
		w.note("%s: %s", f.Severity, f.Error())
	}
	if n := r.Passwords.Locked; n > 0 {
		w.note("note: %d password%s not verified: no key here opens the credentials or the sealed files", n, map[bool]string{true: " was", false: "s were"}[n == 1])
	}
	looked := ""
	if r.Environments > 0 || r.Files == 0 {
		looked = fmt.Sprintf("%d environment%s checked, %d password%s verified", r.Environments, plural(r.Environments), r.Passwords.Verified, plural(r.Passwords.Verified))
		if s := r.Sealed; s.Files > 0 {
			looked += fmt.Sprintf(", %d of %d sealed file%s compared with the credentials", s.Compared, s.Files, plural(s.Files))
		}
	} else {
		looked = fmt.Sprintf("%d file%s checked", r.Files, plural(r.Files))
	}
	found := "nothing found"
	if c := r.Count; c.Error+c.Warning+c.Info > 0 {
		found = fmt.Sprintf("%d error%s, %d warning%s, %d info%s", c.Error, plural(c.Error), c.Warning, plural(c.Warning), c.Info, plural(c.Info))
	}
	if n := r.Count.Silenced; n > 0 {
		found += fmt.Sprintf(" (%d silenced in the spec)", n)
	}
	w.note("%s: %s", looked, found)
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
			out = append(out, f)
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
func (w *World) relative(findings []check.Finding) {
	for i, f := range findings {
		if filepath.IsAbs(f.File) {
			findings[i].File = w.show(f.File)
		}
		findings[i].Next = strings.ReplaceAll(f.Next, w.Dir+string(filepath.Separator), "")
	}
}
