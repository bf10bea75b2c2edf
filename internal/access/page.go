package access

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator/problem"
)

var (
	//go:embed page/page.html
	pageHTML string
	//go:embed page/page.css
	pageCSS string
	//go:embed page/page.js
	pageJS string
)

var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{"parts": parts}).Parse(pageHTML))
})

// parts are a path in pieces after which a narrow screen may begin a line.
func parts(path string) []string { return strings.SplitAfter(path, "/") }

// policy lets the page use its own style and script, known by their hashes, and
// nothing else: it loads nothing, sends nothing, and what got into it as text by a
// mistake of ours would not run.
func policy() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(pageCSS) + "; script-src " + hash(pageJS) + "; img-src data:; base-uri 'none'; form-action 'none'"
}

// page is the report as one HTML page. Every text in it that comes from the
// repository went through problem.Shown; the template escapes it.
func (r *Report) page() ([]byte, error) {
	var b bytes.Buffer
	if err := pageTemplate().Execute(&b, r.view()); err != nil {
		return nil, problem.Problem{What: "the page can't be written"} // can't be: its data is ours
	}
	return b.Bytes(), nil
}

// The page's parts, as the template takes them.
type (
	view struct {
		Policy, Version, Title, Lead, Made, AgesMean, From, Found, Summary string
		CSS                                                                template.CSS
		JS                                                                 template.JS
		Unread                                                             []string
		Glance                                                             []viewNote
		Changes                                                            []viewChange
		People, Clusters                                                   []viewPerson // who opens more than the sealed files of one environment, and who doesn't
		OpenClusters, LongKeys, LongPeople                                 bool
		Columns                                                            []viewColumn
		Rows                                                               []viewRow
		Users                                                              []viewUser
		Others                                                             []viewOther
		Pulls                                                              []viewPull
		Keys                                                               []viewKeys
		Findings                                                           []viewFinding
	}
	viewNote   struct{ Class, Text, Link string } // what to look at first, and where
	viewChange struct {
		What, Who, Word, Class string
		Where                  places
	}
	viewPerson struct {
		Name, Key           string
		Credentials, Sealed places
	}
	viewColumn struct{ Label, Key string }
	viewRow    struct {
		Environment, Host, Others, More string
		Together                        []string
		Cells                           []viewCell
	}
	viewCell struct{ Mark, Class, Aside string }
	viewUser struct {
		Environment, Host, User, Note, Pulls string
		Age                                  viewAge
	}
	viewOther struct {
		Environment, Name, Type string
		Age                     viewAge
	}
	viewPull struct{ Namespace, Name, User, Server, Environment string }
	viewKeys struct { // of an environment
		Environment string
		Oldest      viewAge
		Count       string
		Files       []viewKey
		Many        bool
	}
	viewKey struct {
		File, Written string
		Age           viewAge
	}
	viewFinding struct {
		Rule, Severity, Link, Message, Next string
		Where                               places
	}
	viewAge struct {
		Words, Day, Verdict, Class string
	}
	// places are where something is: many are folded.
	places struct {
		All   []string
		Many  bool
		Count string
	}
)
