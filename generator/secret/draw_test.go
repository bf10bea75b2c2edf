package secret

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Every seedable function gives its own kind of text, the same at each draw at
// one address, another at another address, with another seed, and in a build.
func TestDrawsHaveTheirShape(t *testing.T) {
	for function, c := range map[string]struct {
		args []any
		want string
	}{
		"randAlphaNum": {[]any{32}, `^[A-Za-z0-9]{32}$`},
		"randAlpha":    {[]any{32}, `^[A-Za-z]{32}$`},
		"randNumeric":  {[]any{32}, `^[0-9]{32}$`},
		"randAscii":    {[]any{32}, `^[ -~]{32}$`},
		"uuidv4":       {nil, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`},
		"randBytes":    {[]any{33}, `^[A-Za-z0-9+/]{44}$`},
	} {
		seen := map[any]string{}
		for name, d := range map[string]*Draws{
			"a build": {}, "a build with other placeholders": {Salt: "2"},
			"a seal": {Real: true, Seed: []byte("s")}, "another seed": {Real: true, Seed: []byte("t")},
		} {
			one, err := d.Draw("a", function, "c", "", c.args)
			if err != nil || !regexp.MustCompile(c.want).MatchString(one.(string)) {
				t.Fatalf("%s in %s: %v %v", function, name, one, err)
			}
			again, _ := d.Draw("a", function, "c", "", c.args)
			if other, _ := d.Draw("b", function, "c", "", c.args); other == one || again != one {
				t.Errorf("%s in %s: two addresses share a value, or one has two", function, name)
			}
			if seen[one] != "" {
				t.Errorf("%s: %s draws what %s draws", function, name, seen[one])
			}
			seen[one] = name
		}
	}
	d := Draws{Real: true, Seed: []byte("s")}
	for range 100 {
		n, err := d.Draw("n", "randInt", "c", "", []any{3, 7})
		if err != nil || n.(int) < 3 || n.(int) > 6 {
			t.Fatalf("randInt: %v %v", n, err)
		}
	}
	for _, bad := range [][]any{{}, {"x"}, {-1}, {1 << 20}, {1, 2}} {
		if _, err := d.Draw("bad", "randAlphaNum", "c", "", bad); err == nil {
			t.Errorf("%v accepted", bad)
		}
	}
	if _, err := (&Draws{Real: true}).Draw("a", "randAlpha", "c", "", []any{20}); err == nil {
		t.Error("drawn without a seed")
	}
	if v, err := d.Draw("s", "shuffle", "c", "", []any{"abcdef"}); err != nil || len(v.(string)) != 6 {
		t.Errorf("shuffle: %v %v", v, err)
	}
}

// What no seed gives is made once, and made again when its arguments are other
// ones.
func TestKeptIsMadeOnce(t *testing.T) {
	made := 0
	mint := func(string, []any) (map[string]string, time.Time, error) {
		made++
		return map[string]string{PartCert: strings.Repeat("c", made), PartKey: "k"}, time.Unix(100, 0), nil
	}
	d := Draws{Real: true, Mint: mint}
	v, err := d.Draw("a", "genCA", "c", "", []any{"ca", 1})
	if err != nil || v.(Certificate).Cert != "c" || made != 1 {
		t.Fatal(v, err)
	}
	ref := DrawRef("a")
	kept := map[Ref]Kept{ref: *d.Made[ref].Kept}
	if !d.Made[ref].New || d.Made[ref].Kept.Until != time.Unix(100, 0) {
		t.Error("not said to be new, or until when")
	}
	d = Draws{Real: true, Kept: kept, Mint: mint}
	if v, err = d.Draw("a", "genCA", "c", "", []any{"ca", 1}); err != nil || v.(Certificate).Cert != "c" || made != 1 || d.Made[ref].New {
		t.Error("what is kept was made again", v, err)
	}
	d = Draws{Real: true, Kept: kept, Mint: mint}
	if v, err = d.Draw("a", "genCA", "c", "", []any{"ca", 2}); err != nil || v.(Certificate).Cert != "cc" || made != 2 {
		t.Error("other arguments, and not made again", v, err)
	}
	if _, err := (&Draws{Real: true}).Draw("a", "genCA", "c", "", nil); err == nil {
		t.Error("made by nobody")
	}
}

func TestPlaceholdersOfWhatIsKept(t *testing.T) {
	d := Draws{}
	c, err := d.Draw("a", "genCA", "c", "", []any{"ca", 1})
	if err != nil || !strings.HasPrefix(c.(Certificate).Cert, "-----BEGIN CERTIFICATE-----\n") || !strings.Contains(c.(Certificate).Key, "PRIVATE KEY") {
		t.Fatal(c, err)
	}
	h, err := d.Draw("h", "htpasswd", "c", "", []any{"alice", "x"})
	if err != nil || !strings.HasPrefix(h.(string), "alice:$2a$10$") || len(h.(string)) != len("alice:")+60 {
		t.Error(h, err)
	}
	if n, err := d.Draw("n", "now", "c", "", nil); err != nil || n.(time.Time).IsZero() || !d.Made[DrawRef("n")].Loose {
		t.Error(n, err)
	}
	if e, err := d.Draw("e", "encryptAES", "c", "", []any{"k", "v"}); err != nil {
		t.Error(err)
	} else if _, err := base64.StdEncoding.DecodeString(e.(string)); err != nil {
		t.Error(err)
	}
}
