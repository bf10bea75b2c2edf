package rules

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/problem"
)

// canary is the secret that tests look for where it must not be.
const canary = "canary-Pa55word"

// FuzzFor: an error is made of problems that name the file and quote no
// recipient, and a rule has somebody in each group.
func FuzzFor(f *testing.F) {
	for _, s := range []string{
		"", "creation_rules:\n", "creation_rules: [{age: " + age1 + "}]", "creation_rules: [{age: " + canary + "}]",
		"keys: &k [" + age1 + "]\ncreation_rules:\n- path_regex: ^a\n  age: *k\n- key_groups: [{merge: [{age: *k}], pgp: [" + pgp1 + "]}]\n  shamir_threshold: 1\n",
		"x: &x {<<: *x}\ncreation_rules: [*x]\n", "creation_rules:\n- <<: [{age: x}, {pgp: y}]\n  encrypted-regex: x\n",
		"creation_rules: [{key_groups: [&g {merge: [*g]}]}]", "creation_rules:\n- kms: " + kms1 + "\n  azure_keyvault: " + az1 + "\n  hc_vault_transit_uri: " + vlt1 + "\n",
	} {
		f.Add([]byte(s), "a/b.yaml")
	}
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		for _, name := range Names(data) {
			if problem.Steers(name) || len([]rune(name)) > 64*longestName {
				t.Errorf("a name that steers, or has no end: %q", name)
			}
		}
		r, err := For("FILE", data, path)
		if err == nil {
			for _, g := range r.Groups() {
				if len(g) == 0 {
					t.Error("an empty group")
				}
			}
			if len(r.Recipients()) == 0 || r.Threshold < 0 || r.Threshold > len(r.Groups()) {
				t.Errorf("%d recipients, threshold %d", len(r.Recipients()), r.Threshold)
			}
			return
		}
		var l problem.List
		l.Join(err)
		for _, p := range l {
			if p.File != "FILE" || p.What == "" {
				t.Errorf("%#v", p)
			}
		}
		if !strings.Contains(path, canary) && strings.Contains(err.Error(), canary) {
			t.Error("the error quotes the file")
		}
	})
}

// FuzzAdd: what comes out holds all lines that went in, in their order,
// and adding once more changes nothing.
func FuzzAdd(f *testing.F) {
	for _, s := range []string{
		"", "# x\n", "---\n", "creation_rules:\n", "creation_rules:\n  - age: " + age3 + "\n", "creation_rules:\r\n- path_regex: ^a\r\n  age: " + age3 + "\r\n",
		"keys: &k [" + age1 + "]\ncreation_rules:\n  # dev\n  - path_regex: |-\n      ^a\n      # b\n    age: *k\n\n  # rest\n  -\n    age: *k\nstores: {}\n", "{creation_rules: []}", "null", "creation_rules:\n  - - a\n...\n", "0:\r",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := Add(data, pair())
		if err != nil {
			var l problem.List
			if l.Join(err); len(l) == 0 || out != nil {
				t.Errorf("%v", err)
			}
			return
		}
		if len(bytes.TrimSpace(data)) > 0 {
			rest := strings.Split(string(out), "\n")
			for _, line := range strings.Split(string(data), "\n") {
				i := 0
				for i < len(rest) && strings.TrimSuffix(rest[i], "\r") != strings.TrimSuffix(line, "\r") {
					i++
				}
				if i == len(rest) {
					t.Fatalf("the line %q is gone", line)
				}
				rest = rest[i+1:]
			}
		}
		again, err := Add(out, pair())
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("a second time: %v\n%s", err, again)
		}
	})
}

// FuzzRemoveRecipient: what comes out is a .sops.yaml that names the recipient
// in no rule and everybody else as before; or an error of problems.
func FuzzRemoveRecipient(f *testing.F) {
	const bob = "age1z0etexqpthsrlu94lqatc33u4ckj8yj0f0evccca7ax8glfl75csp7mwkr"
	const boss = "age1yzq2jqj0cd2rv3nx9t6h0z6v70e9v5vechyn5uw5sk002m2ajpwqpn0h3c"
	for _, text := range []string{
		"creation_rules:\n  - age: BOB,BOSS # both\n", "creation_rules:\n  - age: >-\n      BOSS,\n      BOB\n    path_regex: a\n", "creation_rules:\n  - age: [BOSS, BOB]\n",
		"keys:\n  - &bob BOB\ncreation_rules:\n  - key_groups:\n    - age:\n      - *bob\n      - BOSS\n  - age: [*bob, BOSS]\n", "x: &p {age: \"BOSS,BOB\"}\ncreation_rules:\n- <<: *p\n- {<<: *p, path_regex: a}\n",
		"creation_rules:\n- age: BOB\n  pgp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n", "creation_rules: [{age: 'BOB,BOSS'}]\r\n",
	} {
		f.Add(strings.NewReplacer("BOB", bob, "BOSS", boss).Replace(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := RemoveRecipient(ConfigName, []byte(text), bob, nil)
		if err != nil {
			var l problem.List
			var p problem.Problem
			if !errors.As(err, &l) && !errors.As(err, &p) {
				t.Errorf("%T", err)
			}
			return
		}
		before, after := AllRecipients([]byte(text)), AllRecipients(r.Text)
		for _, name := range before {
			if name != bob && !strings.Contains(strings.Join(after, " "), name) {
				t.Errorf("%s is gone too", name)
			}
		}
		if strings.Contains(strings.Join(after, " "), bob) {
			t.Error("it is still there")
		}
		if len(r.Rules) == 0 && string(r.Text) != text {
			t.Error("changed for nothing")
		}
	})
}
