package inspect

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/check"
)

// RulesPage is where a rule is explained.
const RulesPage = "https://github.com/reggen/reggen/blob/main/docs/reference/rules.md"

// The few parts of SARIF 2.1.0 (OASIS, https://docs.oasis-open.org/sarif/sarif/v2.1.0/)
// that code scanners read. e2e validates them against the schema.
type (
	SarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string        `json:"id"`
		ShortDescription     sarifText     `json:"shortDescription"`
		FullDescription      sarifText     `json:"fullDescription"`
		Help                 sarifText     `json:"help"`
		HelpURI              string        `json:"helpUri"`
		DefaultConfiguration sarifSeverity `json:"defaultConfiguration"`
	}
	sarifSeverity struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysical  `json:"physicalLocation"`
		LogicalLocations []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		FullyQualifiedName string `json:"fullyQualifiedName"`
		Kind               string `json:"kind"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
)

// sarifLevels are SARIF's words for the severities.
var sarifLevels = map[check.Severity]string{check.Error: "error", check.Warning: "warning", check.Info: "note"}

// sarif is a report for code scanners. A location is the file where there is
// one, else the environment's kustomization.yaml, since they want a file.
func sarif(findings []check.Finding, version string) SarifLog {
	run := sarifRun{Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "reggen", Version: version, InformationURI: "https://github.com/reggen/reggen"}
	var ids []string
	for _, r := range check.Rules() {
		ids = append(ids, r.ID)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID: r.ID, ShortDescription: sarifText{r.Title}, FullDescription: sarifText{r.Reason}, Help: sarifText{r.Fix},
			HelpURI: RulesPage + "#" + r.ID, DefaultConfiguration: sarifSeverity{sarifLevels[r.Severity]},
		})
	}
	for _, f := range findings {
		result := sarifResult{RuleID: f.Rule, RuleIndex: slices.Index(ids, f.Rule), Level: sarifLevels[f.Severity], Message: sarifText{strings.ReplaceAll(f.Error(), "](", "] (")}}
		at := sarifLocation{PhysicalLocation: sarifPhysical{ArtifactLocation: sarifArtifact{sarifFile(f)}}}
		if f.Line > 0 {
			at.PhysicalLocation.Region = &sarifRegion{f.Line}
		}
		if f.Object != "" {
			at.LogicalLocations = []sarifLogical{{f.Object, "object"}}
		}
		result.Locations = []sarifLocation{at}
		if f.Silenced != "" {
			result.Suppressions = []sarifSuppression{{"external", f.Silenced}}
		}
		run.Results = append(run.Results, result)
	}
	return SarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}
}

func sarifFile(f check.Finding) string {
	file := f.File
	if file == "" {
		file = f.Root
	}
	if ext := filepath.Ext(file); file != "stdin" && ext != ".yaml" && ext != ".yml" && ext != ".json" {
		file = filepath.Join(file, "kustomization.yaml")
	}
	return (&url.URL{Path: filepath.ToSlash(file)}).EscapedPath()
}
