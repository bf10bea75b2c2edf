package rules

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/problem"
)

const fingerprintOfBob = "85D77543B3D624B63CEA9E6DBC17301B491B3F21"

// people are three keys of nobody; their names stand in the tables.
var people = map[string]string{"ALICE": age1, "BOB": age2, "CAROL": age3}

func named(text string) string {
	for name, key := range people {
		text = strings.ReplaceAll(text, name, key)
	}
	return strings.ReplaceAll(text, "FINGERPRINT", fingerprintOfBob)
}

const arn = "arn:aws:kms:eu-central-1:111122223333:key/0b1c"

func TestRemoveRecipient(t *testing.T) {
	for name, c := range map[string]struct{ text, want, who string }{
		"first of a string":  {"creation_rules:\n  - age: BOB,ALICE # both\n", "creation_rules:\n  - age: ALICE # both\n", ""},
		"last of a string":   {"creation_rules:\n  - age: ALICE, BOB # both\n", "creation_rules:\n  - age: ALICE # both\n", ""},
		"middle of a string": {"creation_rules:\n  - age: \"ALICE,BOB,CAROL\"\n", "creation_rules:\n  - age: \"ALICE,CAROL\"\n", ""},
		"folded, middle": {"creation_rules:\n  - path_regex: a\n    age: >-\n      ALICE,\n      BOB,\n      CAROL\n    encrypted_regex: x\n",
			"creation_rules:\n  - path_regex: a\n    age: >-\n      ALICE,\n      CAROL\n    encrypted_regex: x\n", ""},
		"folded, last": {"creation_rules:\n  - age: >-\n      ALICE,\n      BOB\n    path_regex: a\n  - age: CAROL\n",
			"creation_rules:\n  - age: >-\n      ALICE\n    path_regex: a\n  - age: CAROL\n", ""},
		"list in lines": {"creation_rules:\n  - path_regex: a\n    age:\n      # the boss\n      - ALICE\n      - BOB # left in May\n      - CAROL\n  # a comment that stays\n  - age: CAROL\n",
			"creation_rules:\n  - path_regex: a\n    age:\n      # the boss\n      - ALICE\n      - CAROL\n  # a comment that stays\n  - age: CAROL\n", ""},
		"list in lines, as far left as its key": {"creation_rules:\n- path_regex: a\n  age:\n  - ALICE\n  - BOB\n- age: CAROL\n", "creation_rules:\n- path_regex: a\n  age:\n  - ALICE\n- age: CAROL\n", ""},
		"list in brackets":                      {"creation_rules:\n  - age: [ALICE, BOB, CAROL]\n", "creation_rules:\n  - age: [ALICE, CAROL]\n", ""},
		"last in brackets":                      {"creation_rules:\n  - age: [ALICE, BOB]\n", "creation_rules:\n  - age: [ALICE]\n", ""},
		"brackets over lines":                   {"creation_rules:\n  - age: [\n      ALICE,\n      BOB\n    ]\n", "creation_rules:\n  - age: [\n      ALICE\n    ]\n", ""},
		"anchors": {"# who is who\nkeys:\n  - &alice ALICE\n  - &bob BOB # gone soon\n  - &carol CAROL\ncreation_rules:\n  - path_regex: a\n    key_groups:\n      - age:\n          - *alice\n          - *bob\n  - path_regex: b\n    age: [*bob, *carol]\n",
			"# who is who\nkeys:\n  - &alice ALICE\n  - &carol CAROL\ncreation_rules:\n  - path_regex: a\n    key_groups:\n      - age:\n          - *alice\n  - path_regex: b\n    age: [*carol]\n", ""},
		"by the anchor's name":         {"keys:\n  bob: &bob BOB\n  carol: &carol CAROL\ncreation_rules:\n  - age: [*bob, *carol]\n", "keys:\n  carol: &carol CAROL\ncreation_rules:\n  - age: [*carol]\n", "bob"},
		"an anchor that only explains": {"keys:\n  - &bob BOB\ncreation_rules:\n  - age: BOB,CAROL\n", "keys:\ncreation_rules:\n  - age: CAROL\n", "bob"},
		"an aliased list":              {"x-people: &people\n  - ALICE\n  - BOB\ncreation_rules:\n  - {path_regex: a, age: *people}\n  - age: *people\n", "x-people: &people\n  - ALICE\ncreation_rules:\n  - {path_regex: a, age: *people}\n  - age: *people\n", ""},
		"merged":                       {"x: &d\n  age: ALICE,BOB\ncreation_rules:\n  - <<: *d\n    path_regex: a\n  - <<: *d\n", "x: &d\n  age: ALICE\ncreation_rules:\n  - <<: *d\n    path_regex: a\n  - <<: *d\n", ""},
		"the only age key":             {"creation_rules:\n  - path_regex: a\n    age: BOB\n    pgp: FINGERPRINT\n", "creation_rules:\n  - path_regex: a\n    pgp: FINGERPRINT\n", ""},
		"behind the dash":              {"creation_rules:\n  - age: BOB\n    pgp: FINGERPRINT\n", "creation_rules:\n  - pgp: FINGERPRINT\n", ""},
		"all of a list":                {"creation_rules:\n  - path_regex: a\n    age:\n      - BOB\n    pgp: FINGERPRINT\n", "creation_rules:\n  - path_regex: a\n    pgp: FINGERPRINT\n", ""},
		"PGP":                          {"creation_rules:\n  - age: ALICE\n    pgp: FINGERPRINT\n", "creation_rules:\n  - age: ALICE\n", "85d7 7543 B3D6 24B6 3CEA 9E6D BC17 301B 491B 3F21"},
		"KMS":                          {"creation_rules:\n  - key_groups:\n      - kms:\n          - arn: " + arn + "\n            aws_profile: x\n          - arn: " + arn + "9\n", "creation_rules:\n  - key_groups:\n      - kms:\n          - arn: " + arn + "9\n", arn},
		"two groups":                   {"creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age: [ALICE, BOB]\n      - age: [CAROL, BOB]\n", "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age: [ALICE]\n      - age: [CAROL]\n", ""},
		"windows":                      {"creation_rules:\r\n  - age:\r\n      - ALICE\r\n      - BOB\r\n", "creation_rules:\r\n  - age:\r\n      - ALICE\r\n", ""},
		"no line end":                  {"creation_rules:\n  - age:\n      - ALICE\n      - BOB", "creation_rules:\n  - age:\n      - ALICE\n", ""},
		"nowhere":                      {"creation_rules:\n  - age: ALICE\n", "creation_rules:\n  - age: ALICE\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			who := c.who
			if who == "" {
				who = people["BOB"]
			}
			r, err := RemoveRecipient(ConfigName, []byte(named(c.text)), who, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := string(r.Text), named(c.want); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if name != "nowhere" && (len(r.Rules) == 0 || len(r.IDs) != 1) {
				t.Errorf("rules %v, ids %v", r.Rules, r.IDs)
			}
			if r.Left {
				t.Error("it says that the recipient is still there")
			}
		})
	}
}

func TestRemoveRecipientRefusals(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"the last one":          {"creation_rules:\n  - age: BOB\n  - age: ALICE\n", "creation_rules[0]: would be left with nobody"},
		"the last of a group":   {"creation_rules:\n  - key_groups:\n      - age: [ALICE]\n      - age: [BOB]\n", "creation_rules[0].key_groups[1]: would be left with nobody"},
		"a rule that is broken": {"creation_rules:\n  - aeg: x\n    age: BOB,ALICE\n", "unknown key"},
		"no YAML":               {"creation_rules: [\n", "not valid YAML"},
		"a comment in the way":  {"creation_rules:\n  - age: [ALICE, BOB # ]\n    ]\n", "not safe to edit"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := RemoveRecipient(ConfigName, []byte(named(c.text)), people["BOB"], nil)
			var l problem.List
			l.Join(err)
			if err == nil || !strings.Contains(l.Error(), c.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

// With a choice of rules only those are touched, and a list that others share
// is not.
func TestRemoveRecipientFromSomeRules(t *testing.T) {
	first := func(i int) bool { return i == 0 }
	r, err := RemoveRecipient(ConfigName, []byte(named("keys: [&bob BOB]\ncreation_rules:\n  - {path_regex: a, age: [*bob, ALICE]}\n  - age: [*bob, CAROL]\n")), people["BOB"], first)
	if want := named("keys: [&bob BOB]\ncreation_rules:\n  - {path_regex: a, age: [ALICE]}\n  - age: [*bob, CAROL]\n"); err != nil || string(r.Text) != want || !slices.Equal(r.Rules, []int{0}) {
		t.Errorf("%v\n%s", err, r.Text)
	}
	_, err = RemoveRecipient(ConfigName, []byte(named("x: &p [BOB, ALICE]\ncreation_rules:\n  - {path_regex: a, age: *p}\n  - age: *p\n")), people["BOB"], first)
	var p problem.Problem
	if !errors.As(err, &p) || !strings.Contains(p.What, "share") {
		t.Errorf("%v", err)
	}
}

func TestAllRecipients(t *testing.T) {
	got := AllRecipients([]byte(named("creation_rules:\n  - {path_regex: a, age: \"BOB,ALICE\"}\n  - pgp: FINGERPRINT\n  - age: AGE-SECRET-KEY-1NOTHING\n")))
	want := []string{people["ALICE"], people["BOB"], fingerprintOfBob}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
