package rules

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/getsops/sops/v3/config"

	"github.com/reggen/reggen/generator/problem"
)

// Public keys of nobody, and other recipients.
const (
	age1  = "age1z0etexqpthsrlu94lqatc33u4ckj8yj0f0evccca7ax8glfl75csp7mwkr"
	age2  = "age1yzq2jqj0cd2rv3nx9t6h0z6v70e9v5vechyn5uw5sk002m2ajpwqpn0h3c"
	age3  = "age1j055rc6ds32yjd4a9gxdz74xc7lt5apgw9w0cmzu59zgegr4huqs7ndunv"
	ssh1  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJpW6ydBmCwfGFFZNbEBmtnTOXcm0mjBtjcW0hHN1cNo"
	pgp1  = "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4"
	kms1  = "arn:aws:kms:us-east-1:656532927350:key/920aff2e-c5f1-4040-943a-047fa387b27e"
	role1 = "arn:aws:iam::927034868273:role/sops-dev"
	gcp1  = "projects/my-project/locations/global/keyRings/sops/cryptoKeys/sops-key"
	vlt1  = "https://vault.example.com:8200/v1/sops/keys/firstkey"
	az1   = "https://sops.vault.azure.net/keys/sops-key/fec6f05e91f7f1a9"
	hc1   = "tr-west-1:12345678-1234-1234-1234-123456789abc"
)

// private looks like an age private key pasted where a recipient belongs.
const private = "AGE-SECRET-KEY-1QQPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQ0CANARY"

func TestRules(t *testing.T) {
	for name, c := range map[string]struct {
		file   string
		path   string
		index  int
		groups string // joined by commas, groups by |
		thresh int
	}{
		"one":                {file: "creation_rules: [{age: " + age1 + "}]", groups: age1},
		"commas":             {file: "creation_rules:\n- age: '" + age2 + " , " + age1 + ",'\n", groups: age2 + "," + age1},
		"a folded string":    {file: "creation_rules:\n- age: >-\n    " + age1 + ",\n    " + age2 + "\n", groups: age1 + "," + age2},
		"a list":             {file: "creation_rules:\n- age:\n  - " + age1 + "\n  - " + age2 + "\n", groups: age1 + "," + age2},
		"named twice":        {file: "creation_rules:\n- age: [" + age1 + ", " + age1 + "]\n", groups: age1},
		"an SSH key":         {file: "creation_rules:\n- age: " + ssh1 + "\n", groups: ssh1},
		"first match":        {file: "creation_rules:\n- path_regex: ^b/\n  age: " + age1 + "\n- path_regex: ^a/\n  age: " + age2 + "\n- age: " + age3 + "\n", path: "a/x.yaml", index: 1, groups: age2},
		"matches inside":     {file: "creation_rules:\n- path_regex: x\\.yaml\n  age: " + age1 + "\n", path: "a/b/x.yaml.bak", groups: age1},
		"the rest":           {file: "creation_rules:\n- path_regex: ^b/\n  age: " + age1 + "\n- age: " + age3 + "\n", path: "a/x.yaml", index: 1, groups: age3},
		"an empty regex":     {file: "creation_rules:\n- path_regex: ''\n  age: " + age1 + "\n- age: " + age3 + "\n", groups: age1},
		"a null regex":       {file: "creation_rules:\n- path_regex:\n  age: " + age1 + "\n", groups: age1},
		"anchors":            {file: "keys:\n  - &a " + age1 + "\n  - &b " + age2 + "\ncreation_rules:\n- age: [*a, *b]\n", groups: age1 + "," + age2},
		"an anchored list":   {file: "keys: &all [" + age1 + ", " + age2 + "]\ncreation_rules:\n- age: *all\n", groups: age1 + "," + age2},
		"an aliased rule":    {file: "x: &r {age: " + age1 + "}\ncreation_rules: [*r]\n", groups: age1},
		"a merge":            {file: "x: &r {age: " + age1 + ", path_regex: ^b}\ncreation_rules:\n- <<: *r\n  path_regex: ^a\n", path: "a", groups: age1},
		"a merge of several": {file: "x: &r {age: " + age1 + "}\ny: &s {age: " + age2 + "}\ncreation_rules:\n- <<: [*r, *s]\n", groups: age1},
		"a merge in a merge": {file: "x: &r {age: " + age1 + "}\ny: &s {<<: *r}\ncreation_rules:\n- <<: *s\n", groups: age1},
		"all types": {file: "creation_rules:\n- age: " + age1 + "\n  pgp: '" + pgp1 + "'\n  kms: " + kms1 + "+" + role1 + "\n  aws_profile: dev\n  gcp_kms: " + gcp1 + "\n  hckms: ['" + hc1 + "']\n  azure_keyvault: " + az1 + "\n  hc_vault_transit_uri: " + vlt1 + "\n",
			groups: strings.Join([]string{age1, pgp1, kms1 + "+" + role1 + "||dev", gcp1, hc1, az1, vlt1}, ",")},
		"groups": {file: "creation_rules:\n- key_groups:\n  - age: [" + age1 + "]\n    pgp: [" + pgp1 + "]\n  - age: [" + age2 + "]\n", groups: age1 + "," + pgp1 + "|" + age2, thresh: 2},
		"groups and a threshold": {file: "creation_rules:\n- shamir_threshold: 2\n  key_groups:\n  - age: [" + age1 + "]\n  - age: [" + age2 + "]\n  - age: [" + age3 + "]\n",
			groups: age1 + "|" + age2 + "|" + age3, thresh: 2},
		"one group and a threshold": {file: "creation_rules:\n- shamir_threshold: 1\n  key_groups:\n  - age: [" + age1 + "]\n", groups: age1},
		"groups of all types": {file: "creation_rules:\n- key_groups:\n  - kms: [{arn: '" + kms1 + "', role: '" + role1 + "', context: {App: sops, env: dev}, aws_profile: dev}]\n    gcp_kms: [{resource_id: " + gcp1 + "}]\n    hckms: [{key_id: '" + hc1 + "'}]\n    azure_keyvault: [{vaultUrl: 'https://sops.vault.azure.net', key: sops-key, version: fec6f05e91f7f1a9}]\n    hc_vault: ['" + vlt1 + "']\n",
			groups: strings.Join([]string{kms1 + "+" + role1 + "|App:sops,env:dev|dev", gcp1, hc1, az1, vlt1}, ",")},
		"merged groups": {file: "x: &m {age: [" + age1 + "]}\ncreation_rules:\n- key_groups:\n  - merge:\n    - *m\n    - merge: [{age: [" + age2 + "]}]\n    age: [" + age3 + "]\n", groups: age1 + "," + age2 + "," + age3},
		"what else SOPS knows": {file: "stores: {yaml: {indent: 2}}\ndestination_rules: [{s3_bucket: b}]\nunheard: of\ncreation_rules:\n- age: " + age1 + "\n  encrypted_regex: ^data$\n  mac_only_encrypted: true\n- pgpp: x\n",
			groups: age1},
		"a typo in another rule": {file: "creation_rules:\n- path_regex: ^zzz\n  agee: x\n- age: " + age1 + "\n", index: 1, groups: age1},
	} {
		path := c.path
		if path == "" {
			path = "a/b.yaml"
		}
		r, err := For(ConfigName, []byte(c.file), path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// A context and a profile stand behind bars in the name of a KMS key.
		got := joined(r.Groups())
		want := sortedGroups(strings.Split(strings.NewReplacer("|App:sops,env:dev|dev", "#1", "||dev", "#2").Replace(c.groups), "|"))
		want = strings.NewReplacer("#1", "|App:sops,env:dev|dev", "#2", "||dev").Replace(want)
		if got != want || r.Index != c.index || r.Threshold != c.thresh || r.Config != ConfigName {
			t.Errorf("%s: rule %d, threshold %d, groups\n%s, want\n%s", name, r.Index, r.Threshold, got, want)
		}
		sameAsSOPS(t, name, c.file, path, r)
	}
}

func joined(groups [][]string) string {
	var out []string
	for _, g := range groups {
		out = append(out, strings.Join(g, "\n"))
	}
	return strings.Join(out, "\n\n")
}

func sortedGroups(groups []string) string {
	var out [][]string
	for _, g := range groups {
		out = append(out, distinct(strings.Split(g, ",")))
	}
	return joined(out)
}

// sameAsSOPS compares a rule with what SOPS's own package config makes of it.
func sameAsSOPS(t *testing.T, name, file, path string, r *Rule) {
	t.Helper()
	dir := t.TempDir()
	conf := filepath.Join(dir, ConfigName)
	if err := os.WriteFile(conf, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, path)
	if runtime.GOOS == "windows" {
		at = path // there SOPS compares backslashes; our rules are the same everywhere
	}
	c, err := config.LoadCreationRuleForFile(conf, at, nil)
	if err != nil {
		t.Errorf("%s: SOPS refuses the rule", name)
		return
	}
	var groups [][]string
	for _, g := range c.KeyGroups {
		var ids []string
		for _, k := range g {
			ids = append(ids, k.ToString())
		}
		groups = append(groups, distinct(ids))
	}
	if joined(groups) != joined(r.Groups()) {
		t.Errorf("%s: groups\n%s\nSOPS has\n%s", name, joined(r.Groups()), joined(groups))
	}
	if len(groups) > 1 && c.ShamirThreshold != 0 && c.ShamirThreshold != r.Threshold {
		t.Errorf("%s: threshold %d, SOPS has %d", name, r.Threshold, c.ShamirThreshold)
	}
}

func TestBadRules(t *testing.T) {
	rule := func(body string) string { return "creation_rules:\n- path_regex: ^zzz\n  age: x\n- " + body + "\n" }
	for name, c := range map[string]struct {
		file string
		want problem.Problem // the fields that are set must be there
	}{
		"a typo":               {rule("age: " + age1 + "\n  encrypted-regex: ^data$"), problem.Problem{Line: 5, Path: "creation_rules[1]", What: `rule 2 has the unknown key "encrypted-regex"`, Near: "encrypted_regex"}},
		"another typo":         {rule("agee: " + age1), problem.Problem{Line: 4, What: `"agee"`, Near: "age"}},
		"a typo of groups":     {rule("key_group: []"), problem.Problem{Near: "key_groups"}},
		"an unknown key":       {rule("age: " + age1 + "\n  colour: red"), problem.Problem{What: "(not shown", Want: "path_regex"}},
		"a key as a key":       {rule("age: " + age1 + "\n  " + private + ": x"), problem.Problem{What: "not shown"}},
		"nobody":               {rule("encrypted_regex: ^data$"), problem.Problem{Line: 4, What: "names nobody"}},
		"an empty age":         {rule("age: ''"), problem.Problem{What: "names nobody"}},
		"no groups":            {rule("key_groups: []"), problem.Problem{What: "names nobody"}},
		"an empty group":       {rule("key_groups: [{age: []}, {age: [" + age1 + "]}]"), problem.Problem{Path: "creation_rules[1].key_groups[0]", What: "names nobody"}},
		"a bad recipient":      {rule("age: " + canary), problem.Problem{Line: 4, Path: "creation_rules[1].age", What: "not a valid recipient", Want: "age1"}},
		"a cut recipient":      {rule("age: " + age1[:50]), problem.Problem{What: "not a valid recipient"}},
		"a private key":        {rule("age: " + private), problem.Problem{What: "private key", Next: "age-keygen -y"}},
		"a private key, group": {rule("key_groups: [{age: [" + private + "]}]"), problem.Problem{Path: "creation_rules[1].key_groups[0].age", What: "private key"}},
		"a spliced list":       {"k: &k [" + age1 + "]\n" + rule("age: [*k, "+age2+"]"), problem.Problem{What: "not a string", Want: "flat list"}},
		"a bad ARN":            {rule("kms: " + canary), problem.Problem{Path: "creation_rules[1].kms", What: "not a valid recipient"}},
		"a bad fingerprint":    {rule("pgp: " + canary), problem.Problem{Path: "creation_rules[1].pgp"}},
		"a bad resource":       {rule("gcp_kms: " + canary), problem.Problem{Path: "creation_rules[1].gcp_kms"}},
		"a bad vault":          {rule("hc_vault_transit_uri: " + canary), problem.Problem{Path: "creation_rules[1].hc_vault_transit_uri"}},
		"a bad Azure key":      {rule("azure_keyvault: " + canary), problem.Problem{Path: "creation_rules[1].azure_keyvault"}},
		"a bad Huawei key":     {rule("hckms: [" + canary + "]"), problem.Problem{Path: "creation_rules[1].hckms"}},
		"Huawei as a string":   {rule("hckms: '" + hc1 + "'"), problem.Problem{Path: "creation_rules[1].hckms", What: "not a list"}},
		"a group of strings":   {rule("key_groups: [{kms: ['" + kms1 + "']}]"), problem.Problem{Path: "creation_rules[1].key_groups[0].kms[0]", What: "not a mapping"}},
		"a typo in a group":    {rule("key_groups: [{azure_keyvault: [{vaulturl: 'https://x', key: y, version: z}]}]"), problem.Problem{Near: "vaultUrl"}},
		"a mapping as age":     {rule("age: {a: b}"), problem.Problem{What: "not a list"}},
		"threshold too high":   {rule("shamir_threshold: 3\n  key_groups: [{age: [" + age1 + "]}, {age: [" + age2 + "]}]"), problem.Problem{Line: 4, Path: "creation_rules[1].shamir_threshold", What: "is 3, but the rule has 2 key groups"}},
		"threshold of one":     {rule("shamir_threshold: 1\n  key_groups: [{age: [" + age1 + "]}, {age: [" + age2 + "]}]"), problem.Problem{What: "is 1, which SOPS can't do"}},
		"negative threshold":   {rule("shamir_threshold: -1\n  age: " + age1), problem.Problem{What: "is -1, but the rule has 1 key group"}},
		"threshold in words":   {rule("shamir_threshold: two\n  age: " + age1), problem.Problem{What: "not a whole number"}},
		"both kinds":           {rule("age: " + age1 + "\n  key_groups: [{age: [" + age2 + "]}]"), problem.Problem{Path: "creation_rules[1].age", What: "SOPS ignores it beside key_groups"}},
		"two selections":       {rule("age: " + age1 + "\n  encrypted_regex: ^a\n  encrypted_suffix: b"), problem.Problem{What: "only one of encrypted_regex and encrypted_suffix"}},
		"a bad regex":          {rule("age: " + age1 + "\n  encrypted_regex: '('"), problem.Problem{Path: "creation_rules[1].encrypted_regex", What: "not a regular expression"}},
		"a bad path_regex":     {rule("age: " + age1 + "\n  path_regex: '(?<!x)'"), problem.Problem{Line: 5, Path: "creation_rules[1].path_regex", What: "not a regular expression"}},
		"before the match":     {"creation_rules:\n- path_regex: '('\n- age: " + age1 + "\n", problem.Problem{Line: 2, Path: "creation_rules[0].path_regex"}},
		"a key twice":          {rule("age: " + age1 + "\n  age: " + age2), problem.Problem{What: `"age" stands twice`}},
		"a rule that is none":  {rule(canary), problem.Problem{What: "the rule is not a mapping"}},
		"rules that are none":  {"creation_rules: " + canary, problem.Problem{Path: "creation_rules", What: "not a list"}},
		"misspelt rules":       {"# x\ncreation-rules: []", problem.Problem{Line: 2, What: `misspelt as "creation-rules"`, Near: "creation_rules"}},
		"no rules":             {"stores: {}\n", problem.Problem{What: "no creation_rules", Next: "- path_regex: ^a/[^/]+\\.yaml$"}},
		"an empty file":        {"", problem.Problem{What: "no creation_rules"}},
		"no match":             {"creation_rules: [{path_regex: ^zzz, age: " + age1 + "}]", problem.Problem{What: "no rule matches a/b.yaml", Next: "- path_regex: ^a/[^/]+\\.yaml$"}},
		"not YAML":             {"a: b\nc: {" + canary, problem.Problem{What: "not valid YAML"}},
		"not a mapping":        {"- " + canary, problem.Problem{What: "not a YAML mapping"}},
		"a conflict":           {"a: b\n<<<<<<< HEAD\n", problem.Problem{Line: 2, What: "merge conflict"}},
		"an endless alias":     {rule("key_groups: [&g {merge: [*g]}]"), problem.Problem{What: "alias that contains itself"}},
	} {
		r, err := For(ConfigName, []byte(c.file), "a/b.yaml")
		if err == nil || r != nil {
			t.Errorf("%s: no error", name)
			continue
		}
		var l problem.List
		l.Join(err)
		fits := func(p problem.Problem) bool {
			w := c.want
			return p.File == ConfigName && (w.Line == 0 || w.Line == p.Line) && (w.Path == "" || w.Path == p.Path) && strings.Contains(p.What, w.What) &&
				strings.Contains(p.Want, w.Want) && (w.Near == "" || w.Near == p.Near) && strings.Contains(p.Next, w.Next)
		}
		if !slices.ContainsFunc(l, fits) {
			t.Errorf("%s: %v\nwant %+v", name, err, c.want)
		}
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, canary) || strings.Contains(text, private[16:]) {
			t.Errorf("%s: the error quotes the file", name)
		}
	}
}

func TestEverythingWrongIsTold(t *testing.T) {
	_, err := For(ConfigName, []byte("creation_rules:\n- age: [x, y]\n  colour: red\n  encrypted_regex: '('\n  shamir_threshold: 4\n"), "a")
	var l problem.List
	if !errors.As(err, &l) || len(l) != 5 {
		t.Errorf("%v", err)
	}
}

func TestAnAzureKeyWithoutVersionTakesNoNetwork(t *testing.T) {
	r, err := For(ConfigName, []byte("creation_rules: [{azure_keyvault: 'https://sops.vault.azure.net/keys/sops-key'}]"), "a")
	if err != nil {
		t.Fatal(err)
	}
	open := "https://sops.vault.azure.net/keys/sops-key/"
	if got := r.Recipients(); !slices.Equal(got, []string{open}) {
		t.Errorf("%q", got)
	}
	if !r.Same(Readers{Groups: [][]string{{open + "abc"}}}) || r.Same(Readers{Groups: [][]string{{"https://other/keys/sops-key/abc"}}}) {
		t.Error("any version of that key is the same recipient, and no other key is")
	}
	if got := r.Named([]string{open + "abc", open + "def", "age1x"}); !slices.Equal(got, []string{"age1x", open}) {
		t.Errorf("a file's recipients, as the rule names them: %q", got)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	write := func(rel, text string) {
		path := filepath.Join(dir, rel)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Find(filepath.Join(dir, "a", "b.yaml"))
	var p problem.Problem
	if !errors.As(err, &p) || !strings.HasPrefix(p.Next, "reggen init DIR --print-rules") || !strings.Contains(p.What, ConfigName) {
		t.Errorf("%v", err)
	}
	write(".sops.yml", "")
	if _, err := Find(filepath.Join(dir, "a", "b.yaml")); !errors.As(err, &p) || !strings.Contains(p.What, "SOPS ignores") || !strings.HasPrefix(p.Next, "git mv ") {
		t.Errorf("%v", err)
	}
	write(ConfigName, "creation_rules:\n- path_regex: ^a/b\\.yaml$\n  age: "+age1+"\n")
	write("a/deep/"+ConfigName, "creation_rules:\n- path_regex: ^er/x\\.yaml$\n  age: "+age2+"\n")
	for path, want := range map[string]string{"a/b.yaml": age1, "a/deep/er/x.yaml": age2} {
		r, err := Find(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil || !slices.Equal(r.Recipients(), []string{want}) || !filepath.IsAbs(r.Config) {
			t.Errorf("%s: %v", path, err)
		}
	}
	// The nearest file counts even when it has no rule.
	if _, err := Find(filepath.Join(dir, "a", "deep", "b.yaml")); err == nil || !strings.Contains(err.Error(), "no rule matches b.yaml") {
		t.Errorf("%v", err)
	}
	t.Chdir(filepath.Join(dir, "a"))
	if r, err := Find("b.yaml"); err != nil || !slices.Equal(r.Recipients(), []string{age1}) {
		t.Errorf("a relative path: %v", err)
	}
	write("file", "")
	if r, err := Find(filepath.Join(dir, "file", "b.yaml")); r != nil || err == nil || !strings.Contains(err.Error(), "no rule matches file/b.yaml") {
		t.Errorf("below a file: %v", err)
	}
}
