package rules

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// ConfigName is the only name under which SOPS looks for its rules.
const ConfigName = ".sops.yaml"

// Rule is the creation rule that .sops.yaml has for a file.
type Rule struct {
	Config    string        // the file that holds the rule
	Index     int           // its place among the rules there, from 0
	Threshold int           // how many groups open a file; 0 with one group
	Members   [][]Recipient // of each key group
}

// Recipients are the names of all who may read, sorted, each once.
func (r *Rule) Recipients() []string { return flatten(r.Groups()) }

// Groups are the recipients of each key group, sorted, each once.
func (r *Rule) Groups() [][]string {
	out := make([][]string, len(r.Members))
	for i, g := range r.Members {
		ids := make([]string, len(g))
		for j, rec := range g {
			ids[j] = rec.ID
		}
		out[i] = distinct(ids)
	}
	return out
}

// For picks from the text of a .sops.yaml the rule for a file: path is
// relative to the folder of the config, with slashes. The first rule counts
// whose path_regex matches anywhere in path, or that has none.
//
// Nobody changes data afterwards. For is strict with that rule, where SOPS
// ignores what it does not know, and lets everything else in the file be. Errors hold problems and never quote a
// recipient.
func For(config string, data []byte, path string) (rule *Rule, err error) {
	defer func() {
		if recover() != nil {
			rule, err = nil, problem.Problem{File: config, What: "can't be read as the rules of SOPS"}
		}
	}()
	Quiet()
	c, err := rulesetOf(config, data)
	if err != nil {
		return nil, err
	}
	if rule, err = c.find(path); rule != nil || err != nil {
		return rule, err
	}
	what := fmt.Sprintf("no rule matches %s", path)
	if len(c.rules) == 0 {
		what = fmt.Sprintf("has no creation_rules, so none matches %s", path)
	}
	return nil, problem.Problem{File: config, What: what,
		Next: "add a rule above the first one without path_regex:\n" + Snippet([]Addition{example(path)})}
}

// example is a rule for the other files of a file's folder.
func example(path string) Addition {
	dir, ext := "", filepath.Ext(path)
	if i := strings.LastIndex(path, "/"); i >= 0 {
		dir = path[:i+1]
	}
	return Addition{PathRegex: "^" + regexp.QuoteMeta(dir) + "[^/]+" + regexp.QuoteMeta(ext) + "$", Age: []string{"RECIPIENT"}}
}

// rulesOf returns the nodes under creation_rules.
func rulesOf(config string, data []byte) ([]*yaml.Node, error) {
	root, err := bounded.Document(data)
	if err != nil {
		var p problem.Problem
		errors.As(err, &p)
		p.File = config
		return nil, p
	}
	return rulesIn(config, root)
}

// rulesIn are the nodes under creation_rules of a parsed .sops.yaml.
func rulesIn(config string, root *yaml.Node) ([]*yaml.Node, error) {
	if root == nil || len(root.Content) == 0 || root.Content[0].ShortTag() == "!!null" {
		return nil, nil
	}
	top := resolve(root.Content[0])
	if top.Kind != yaml.MappingNode {
		return nil, problem.Problem{File: config, Line: top.Line, What: "not a YAML mapping", Want: "a mapping with creation_rules"}
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value != "creation_rules" {
			continue
		}
		list := resolve(top.Content[i+1])
		if list.ShortTag() == "!!null" {
			return nil, nil
		}
		if list.Kind != yaml.SequenceNode {
			return nil, problem.Problem{File: config, Line: list.Line, Path: "creation_rules", What: "not a list", Want: "a list of rules"}
		}
		return list.Content, nil
	}
	p := problem.Problem{File: config, Path: "creation_rules", What: "missing", Want: "a list of rules"}
	for i := 0; i < len(top.Content); i += 2 {
		if p.Near == "" {
			p.Near = nearest(top.Content[i].Value, []string{"creation_rules"})
		}
		if p.Near != "" {
			p.Line, p.What, p.Near = top.Content[i].Line, "misspelt as "+name(top.Content[i].Value), "creation_rules"
			return nil, p
		}
	}
	return nil, nil
}

// near misses of keys that matter, when a rule is read.
var ruleKeys = []string{
	"path_regex", "kms", "aws_profile", "age", "pgp", "gcp_kms", "hckms", "azure_keyvault", "hc_vault_transit_uri",
	"key_groups", "shamir_threshold", "unencrypted_suffix", "encrypted_suffix", "unencrypted_regex", "encrypted_regex",
	"unencrypted_comment_regex", "encrypted_comment_regex", "mac_only_encrypted",
}

// rule reads the rule that matches.
func (r *reader) rule(n *yaml.Node) (*Rule, error) {
	n = resolve(n)
	var plain, groups []field
	var profile string
	out := &Rule{Config: r.config, Index: r.index}
	said := 0
	var saidAt *yaml.Node
	var choice []string
	for _, f := range r.fields(n, "") {
		null := f.value.ShortTag() == "!!null"
		switch f.name {
		case "path_regex":
		case "kms", "age", "pgp", "gcp_kms", "hckms", "azure_keyvault", "hc_vault_transit_uri":
			plain = append(plain, f)
		case "key_groups":
			groups = append(groups, f)
		case "aws_profile":
			profile, _ = r.text(f.value, f.name)
		case "shamir_threshold":
			saidAt = f.value
			if err := f.value.Decode(&said); err != nil || null {
				r.add(f.value, f.name, "not a whole number", "the number of groups that open a file")
			}
		case "encrypted_suffix", "unencrypted_suffix", "encrypted_regex", "unencrypted_regex", "encrypted_comment_regex", "unencrypted_comment_regex":
			text, _ := r.text(f.value, f.name)
			if text != "" {
				choice = append(choice, f.name)
			}
			if strings.HasSuffix(f.name, "_regex") {
				if _, err := compile(text); err != nil {
					r.refuse(f.value, f.name, err)
				}
			}
		case "mac_only_encrypted":
			var b bool
			if err := f.value.Decode(&b); err != nil {
				r.add(f.value, f.name, "not a truth value", "true or false")
			}
		default:
			r.unknown(f, "", ruleKeys)
		}
	}
	if len(choice) > 1 {
		r.add(n, "", "SOPS takes only one of "+strings.Join(choice, " and ")+" in a rule", "")
	}
	out.Members = r.groups(n, plain, groups, profile)
	if saidAt != nil {
		r.checkThreshold(saidAt, said, len(out.Members))
	}
	out.Threshold = threshold(said, len(out.Members))
	if len(r.problems) > 0 {
		r.problems.Sort()
		return nil, r.problems
	}
	return out, nil
}

// checkThreshold holds what SOPS's Shamir code takes: 2 or more groups of
// those there are, and 0 for all of them.
func (r *reader) checkThreshold(n *yaml.Node, said, groups int) {
	switch {
	case said < 0 || said > groups && said > 1:
		r.add(n, "shamir_threshold", fmt.Sprintf("is %d, but the rule has %s", said, count(groups, "key group")), "a number of groups that there are")
	case said == 1 && groups > 1:
		r.add(n, "shamir_threshold", "is 1, which SOPS can't do", fmt.Sprintf("2 to %d, or one group that holds every key", groups))
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// groups builds the recipients of a rule: of its key groups, else of the keys
// that stand in it directly.
func (r *reader) groups(n *yaml.Node, plain, listed []field, profile string) [][]Recipient {
	var out [][]Recipient
	before := len(r.problems)
	for _, f := range listed {
		for i, g := range r.list(f.value, f.name) {
			path := fmt.Sprintf("key_groups[%d]", i)
			group := unique(r.group(g, path, 0))
			if len(group) == 0 && len(r.problems) == before {
				r.add(g, path, "the group names nobody", "at least one recipient in each group")
			}
			out = append(out, group)
		}
	}
	if len(out) > 0 {
		for _, f := range plain {
			if f.value.ShortTag() != "!!null" {
				r.add(f.key, f.name, "SOPS ignores it beside key_groups", "recipients either in key_groups or in the rule itself")
			}
		}
		return out
	}
	var group []Recipient
	for _, f := range plain {
		group = append(group, r.plain(f, profile)...)
	}
	if len(group) == 0 && len(r.problems) == before {
		r.add(n, "", "the rule names nobody who may read", "at least one recipient, for instance age: age1...")
	}
	return [][]Recipient{unique(group)}
}
