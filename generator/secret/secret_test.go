package secret

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestPlaceholdersAreFixedAndValid(t *testing.T) {
	refs := []Ref{HTPasswd, S3AccessKey, S3SecretKey, HTTPSecret, PullRef("regcred"), PullRef("other")}
	seen := map[string]bool{}
	for _, r := range refs {
		p := Placeholder(r)
		if p != Placeholder(r) || seen[p] {
			t.Errorf("%s: not fixed, or not its own", r)
		}
		seen[p] = true
		want := regexp.MustCompile(`^rgph[a-z2-7]{36}$`)
		if r == HTPasswd {
			want = regexp.MustCompile(`^rgph[a-z2-7]{36}:\$2y\$05\$[a-z2-7]{53}\n$`)
		}
		if !want.MatchString(p) {
			t.Errorf("%s: %q", r, p)
		}
	}
}

// A changed placeholder changes record digests: every user would have to seal.
func TestPlaceholderIsFrozen(t *testing.T) {
	if got := Placeholder(HTTPSecret); got != "rgphvazk3xqjekxn7o2k6dyocrikmh22xhlflev4" {
		t.Errorf("got %s", got)
	}
}

func TestPlainPrintsRedacted(t *testing.T) {
	p := Plain{Name: "n", Type: "Opaque", Data: map[string][]byte{"k": []byte("canary")}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{p, &p, []Plain{p}, map[string]Plain{"a": p}, struct{ P Plain }{p}} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, "canary") || strings.Contains(out, "63616e617279") || strings.Contains(out, "99 97 110") {
				t.Errorf("%s of %T shows the value", verb, v)
			}
		}
	}
}

func TestRolloutDependsOnSeedNameKeyAndContent(t *testing.T) {
	base, _ := Rollout([]byte("seed"), "n", "k", []byte("v"))
	for i, c := range [][4]string{{"other", "n", "k", "v"}, {"seed", "m", "k", "v"}, {"seed", "n", "l", "v"}, {"seed", "n", "k", "w"}, {"seed", "nk", "", "v"}} {
		got, err := Rollout([]byte(c[0]), c[1], c[2], []byte(c[3]))
		if err != nil || got == base {
			t.Errorf("case %d gives the same digest (%v)", i, err)
		}
	}
	if again, _ := Rollout([]byte("seed"), "n", "k", []byte("v")); again != base {
		t.Error("not stable")
	}
}

func TestFingerprintKeepsParts(t *testing.T) {
	if Fingerprint("ab", "c") == Fingerprint("a", "bc") || Fingerprint("a") == Fingerprint("a", "") {
		t.Error("parts run into each other")
	}
}

func TestIsCiphertext(t *testing.T) {
	const good = "ENC[AES256_GCM,data:AAAA,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]"
	if !IsCiphertext(good) {
		t.Error("what SOPS writes is none")
	}
	for _, bad := range []string{
		"", "hunter2", "ENC[AES256_GCM,data:hunter2,type:str]",
		strings.Replace(good, "data:AAAA", "data:hunter2!", 1), strings.Replace(good, "data:AAAA", "data:AAA", 1), strings.Replace(good, "data:AAAA", "data:", 1),
		strings.Replace(good, "AES256_GCM", "ROT13", 1), strings.Replace(good, "type:str", "type:secret", 1), good + "x", "x" + good, good + "\n",
		strings.Replace(good, ",tag:AAAAAAAAAAAAAAAAAAAAAA==", "", 1),
	} {
		if IsCiphertext(bad) {
			t.Errorf("%q counts as encrypted", bad)
		}
	}
}
