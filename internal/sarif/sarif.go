// Package sarif writes findings for code scanners: SARIF 2.1.0.
package sarif

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/check"
)

// Docs is where the documents of this version are.
const Docs = "https://github.com/reggen/reggen/blob/main/docs/"

// The few parts of SARIF 2.1.0 (OASIS, https://docs.oasis-open.org/sarif/sarif/v2.1.0/)
// that code scanners read. e2e validates them against the schema.
type (
	Log struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []run  `json:"runs"`
	}
	run struct {
		Tool       tool     `json:"tool"`
		ColumnKind string   `json:"columnKind"`
		Results    []result `json:"results"`
	}
	tool struct {
		Driver driver `json:"driver"`
	}
	driver struct {
		Name           string `json:"name"`
		Version        string `json:"version"`
		InformationURI string `json:"informationUri"`
		Rules          []rule `json:"rules"`
	}
	rule struct {
		ID                   string   `json:"id"`
		ShortDescription     text     `json:"shortDescription"`
		FullDescription      text     `json:"fullDescription"`
		Help                 text     `json:"help"`
		HelpURI              string   `json:"helpUri"`
		DefaultConfiguration severity `json:"defaultConfiguration"`
	}
	severity struct {
		Level string `json:"level"`
	}
	text struct {
		Text string `json:"text"`
	}
	result struct {
		RuleID       string        `json:"ruleId"`
		RuleIndex    int           `json:"ruleIndex"`
		Level        string        `json:"level"`
		Message      text          `json:"message"`
		Locations    []location    `json:"locations"`
		Suppressions []suppression `json:"suppressions,omitempty"`
	}
	location struct {
		PhysicalLocation physical  `json:"physicalLocation"`
		LogicalLocations []logical `json:"logicalLocations,omitempty"`
	}
	physical struct {
		ArtifactLocation artifact `json:"artifactLocation"`
		Region           *region  `json:"region,omitempty"`
	}
	artifact struct {
		URI string `json:"uri"`
	}
	region struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
	logical struct {
		FullyQualifiedName string `json:"fullyQualifiedName"`
		Kind               string `json:"kind"`
	}
	suppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
)

// levels are SARIF's words for the severities.
var levels = map[check.Severity]string{check.Error: "error", check.Warning: "warning", check.Info: "note"}

// Of is a report of findings by rules that a page below docs/ explains. A
// location is the file where there is one, else the environment's
// kustomization.yaml, since scanners want a file.
func Of(rules []check.Rule, page string, findings []check.Finding, version string) Log {
	out := run{Results: []result{}, ColumnKind: "unicodeCodePoints"}
	out.Tool.Driver = driver{Name: "reggen", Version: version, InformationURI: "https://github.com/reggen/reggen"}
	var ids []string
	for _, r := range rules {
		ids = append(ids, r.ID)
		out.Tool.Driver.Rules = append(out.Tool.Driver.Rules, rule{
			ID: r.ID, ShortDescription: text{r.Title}, FullDescription: text{r.Reason}, Help: text{r.Fix},
			HelpURI: Docs + page + "#" + r.ID, DefaultConfiguration: severity{levels[r.Severity]},
		})
	}
	for _, f := range findings {
		found := result{RuleID: f.Rule, RuleIndex: slices.Index(ids, f.Rule), Level: levels[f.Severity], Message: text{strings.ReplaceAll(f.Error(), "](", "] (")}}
		at := location{PhysicalLocation: physical{ArtifactLocation: artifact{fileOf(f)}}}
		if f.Line > 0 {
			at.PhysicalLocation.Region = &region{f.Line, f.Column}
		}
		if f.Object != "" {
			at.LogicalLocations = []logical{{f.Object, "object"}}
		}
		found.Locations = []location{at}
		if f.Silenced != "" {
			found.Suppressions = []suppression{{"external", f.Silenced}}
		}
		out.Results = append(out.Results, found)
	}
	return Log{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []run{out}}
}

func fileOf(f check.Finding) string {
	file := f.File
	if file == "" {
		file = f.Root
	}
	if ext := filepath.Ext(file); file != "stdin" && ext != ".yaml" && ext != ".yml" && ext != ".json" {
		file = filepath.Join(file, "kustomization.yaml")
	}
	return (&url.URL{Path: filepath.ToSlash(file)}).EscapedPath()
}
