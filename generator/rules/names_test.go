package rules

import (
	"maps"
	"strings"
	"testing"
)

const (
	ageA = "age1z0etexqpthsrlu94lqatc33u4ckj8yj0f0evccca7ax8glfl75csp7mwkr"
	ageB = "age1yzq2jqj0cd2rv3nx9t6h0z6v70e9v5vechyn5uw5sk002m2ajpwqpn0h3c"
	ageC = "age1j055rc6ds32yjd4a9gxdz74xc7lt5apgw9w0cmzu59zgegr4huqs7ndunv"
	pgpD = "85D77543B3D624B63CEA9E6DBC17301B491B3F21"
)

func TestNames(t *testing.T) {
	for name, c := range map[string]struct {
		config string
		want   map[string]string
	}{
		"anchors": {"keys:\n  - &alice " + ageA + " # somebody\n  - &bob " + ageB + "\n  - &gone " + ageC + "\ncreation_rules:\n  - key_groups: [{age: [*alice, *bob]}]\n",
			map[string]string{ageA: "alice", ageB: "bob", ageC: "gone"}},
		"comments behind": {"creation_rules:\n  - key_groups:\n      - age:\n          - " + ageA + "  # Alice of the platform\n          - " + ageB + "\n        pgp:\n          - " + pgpD + " # Dora\n",
			map[string]string{ageA: "Alice of the platform", pgpD: "Dora"}},
		"a comment behind a rule's one key":  {"creation_rules:\n  - age: " + ageA + " # alice\n", map[string]string{ageA: "alice"}},
		"a comment behind several":           {"creation_rules:\n  - age: " + ageA + "," + ageB + " # the people\n", map[string]string{}},
		"comments above":                     {"creation_rules:\n  - age:\n      # Alice\n      - " + ageA + "\n      # Bob\n      - " + ageB + "\n", map[string]string{ageA: "Alice", ageB: "Bob"}},
		"a comment above several":            {"creation_rules:\n  - age:\n      # The people\n      - " + ageA + "\n      - " + ageB + "\n", map[string]string{}},
		"another name in another rule":       {"creation_rules:\n  - age: " + ageA + " # b\n  - age: " + ageA + " # a\n", map[string]string{ageA: "a, b"}},
		"a private key":                      {"creation_rules:\n  - age: " + ageA + " # AGE-SECRET-KEY-1QQ\n", map[string]string{ageA: "(not shown)"}},
		"a long comment":                     {"creation_rules:\n  - age: " + ageA + " # " + strings.Repeat("x", 90) + "\n", map[string]string{ageA: strings.Repeat("x", 80) + "..."}},
		"a mapping":                          {"creation_rules:\n  - key_groups:\n      - kms:\n          - arn: arn:aws:kms:eu-west-1:111122223333:key/x # backup\n", map[string]string{"arn:aws:kms:eu-west-1:111122223333:key/x": "backup"}},
		"what can't be read":                 {"creation_rules: {", map[string]string{}},
		"nothing":                            {"", map[string]string{}},
		"a comment of the list's key counts": {"creation_rules:\n  - age: # all\n      - " + ageA + "\n", map[string]string{}},
	} {
		if got := Names([]byte(c.config)); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
