package sealed

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/codec"
	"github.com/reggen/reggen/generator/secret"
)

const enc = "ENC[AES256_GCM,data:AAAA,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]"

func expected() Expected {
	return Expected{
		Owner: "registry/docker-registry", Name: "docker-registry-htpasswd", Type: "Opaque",
		Data:  map[string]string{"htpasswd": "{{htpasswd}}"},
		Facts: Facts(map[secret.Ref]secret.Facets{secret.HTPasswd: {"user/alice": "cost=10 from=aa"}}),
	}
}

// encryptedManifest looks like what SOPS makes of a Manifest.
func encryptedManifest(t *testing.T, e Expected) []byte {
	t.Helper()
	p := secret.Plain{Name: e.Name, Type: e.Type, Data: map[string][]byte{}}
	for k := range e.Data {
		p.Data[k] = []byte("x")
	}
	plain, err := Manifest(p)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := yaml.Unmarshal(plain, &doc); err != nil {
		t.Fatal(err)
	}
	for k := range e.Data {
		doc["data"].(map[string]any)[k] = enc
	}
	doc["sops"] = map[string]any{"mac": enc, "encrypted_regex": EncryptedRegex, "mac_only_encrypted": true}
	out, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	out, err = WithRecord(out, Record{Owner: e.Owner, Digest: e.Digest(), Facts: e.Facts, Rollout: map[string]string{"htpasswd": "dd"}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAFreshFilePasses(t *testing.T) {
	e := expected()
	f, err := Parse("s.yaml", encryptedManifest(t, e))
	if err != nil {
		t.Fatal(err)
	}
	if broken, stale := f.Check(e); len(broken)+len(stale) > 0 {
		t.Errorf("broken %v stale %v", broken, stale)
	}
}

// The same bytes in two places are two files.
func TestParseNamesEachFile(t *testing.T) {
	data := encryptedManifest(t, expected())
	for _, path := range []string{"a.yaml", "b.yaml", "a.yaml"} {
		if f, err := Parse(path, data); err != nil || f.Path != path {
			t.Errorf("%s is %s, %v", path, f.Path, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := string(encryptedManifest(t, expected()))
	const next = "\n  next: reggen seal"
	for name, c := range map[string]struct{ in, want string }{
		"hand edit":    {strings.Replace(good, "data:AAAA", "data:AAAB", 1), "s.yaml: was changed after reggen sealed it (by hand, by sops or by a merge)"},
		"readable":     {strings.Replace(good, "htpasswd: "+enc, "htpasswd: canary", 1), "s.yaml: data.htpasswd is readable: not encrypted"},
		"no record":    {strings.Replace(good, RecordKey, "other", 1), "s.yaml: has no readable reggen.dev/record annotation"},
		"newer record": {strings.Replace(good, header, "reggen record 2", 1), "s.yaml: has no readable reggen.dev/record annotation"},
		"settings":     {strings.Replace(good, "mac_only_encrypted: true", "mac_only_encrypted: false", 1), "s.yaml: was encrypted with other settings than encrypted_regex: ^(data|stringData)$ and mac_only_encrypted: true, so its MAC breaks once kustomize has touched it"},
		"no mac":       {strings.Replace(good, "mac: ENC", "macx: ENC", 1), "s.yaml: has no MAC in its sops block"},
		"not a secret": {strings.Replace(good, "kind: Secret", "kind: ConfigMap", 1), "s.yaml: is not a Secret of v1"},
		"not yaml":     {"canary: [", "s.yaml: is not a sealed Secret: not the YAML that reggen seal writes"},
		"conflict":     {"<<<<<<< a\n" + good, "s.yaml: holds the markers of an unfinished git merge; sealed files are derived, so there is nothing to merge by hand"},
		"plain":        {"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {}\n", "s.yaml: has no sops block: it is not encrypted"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("s.yaml", []byte(c.in))
			if err == nil || err.Error() != c.want+next {
				t.Errorf("got  %v\nwant %s", err, c.want+next)
			}
		})
	}
}

func TestCheckTellsWhatChanged(t *testing.T) {
	f, err := Parse("s.yaml", encryptedManifest(t, expected()))
	if err != nil {
		t.Fatal(err)
	}
	facts := func(m secret.Facets) []Fact { return Facts(map[secret.Ref]secret.Facets{secret.HTPasswd: m}) }
	for name, c := range map[string]struct {
		change        func(*Expected)
		broken, stale string
	}{
		"new user":    {func(e *Expected) { e.Facts = facts(secret.Facets{"user/alice": "cost=10 from=aa", "user/bob": "x"}) }, "", `s.yaml: is stale: user "bob" is new`},
		"no user":     {func(e *Expected) { e.Facts = nil }, "", `s.yaml: is stale: user "alice" is gone`},
		"password":    {func(e *Expected) { e.Facts = facts(secret.Facets{"user/alice": "cost=10 from=ab"}) }, "", `s.yaml: is stale: the credential of user "alice" changed since`},
		"shape":       {func(e *Expected) { e.Data["htpasswd"] = "x{{htpasswd}}" }, "", "s.yaml: is stale: the shape of the Secret changed"},
		"name":        {func(e *Expected) { e.Name = "other" }, `s.yaml: is the Secret "docker-registry-htpasswd"; expected "other"`, ""},
		"type":        {func(e *Expected) { e.Type = "x" }, `s.yaml: has type "Opaque"; expected "x"`, ""},
		"owner":       {func(e *Expected) { e.Owner = "a/b" }, `s.yaml: belongs to "registry/docker-registry"; expected "a/b"`, ""},
		"missing key": {func(e *Expected) { e.Data["more"] = "x" }, `s.yaml: lacks the key "more", which the chart now renders`, ""},
		"extra key":   {func(e *Expected) { delete(e.Data, "htpasswd") }, `s.yaml: has the key "htpasswd", which the chart does not render`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := expected()
			c.change(&e)
			broken, stale := f.Check(e)
			got := func(l error) string {
				if l == nil {
					return ""
				}
				return strings.TrimSuffix(l.Error(), "\n  next: reggen seal")
			}
			if got(broken.Err()) != c.broken || got(stale.Err()) != c.stale {
				t.Errorf("broken %v\nstale %v", broken, stale)
			}
		})
	}
}

// The digest is frozen: another value asks every user for a new seal.
func TestDigestIsFrozen(t *testing.T) {
	const want = "d746770f8d39b1cc4a965a32c7cc422de533a60e2f8ac90ac8151f784eaf16fb"
	if got := expected().Digest(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add(Record{Owner: "a/b", Facts: []Fact{{"htpasswd", "user/ü \"x", "v\n"}}, Rollout: map[string]string{"k y": "d"}}.String())
	f.Add(header + "\nfact \"a\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := ParseRecord(text)
		if ok && r.String() != text {
			t.Errorf("accepted a text that it would not write:\n%q\n%q", text, r.String())
		}
	})
}

func FuzzRecordRoundTrip(f *testing.F) {
	f.Add("a/b", "user/x", "v", "key")
	f.Add("\n", "\"", "\x00", "k\u2028")
	f.Fuzz(func(t *testing.T, owner, name, value, key string) {
		r := Record{Owner: owner, Digest: "d", Cipher: "c", Facts: []Fact{{secret.HTPasswd, name, value}}, Rollout: map[string]string{key: "abc"}}
		back, ok := ParseRecord(r.String())
		if !ok || back.String() != r.String() {
			t.Errorf("does not read back: %q", r.String())
		}
	})
}

// FuzzParse: no file that parses has a readable value, a missing MAC or a name
// that is none.
func FuzzParse(f *testing.F) {
	f.Add([]byte("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {k: \"" + enc + "\"}\nsops: {mac: \"" + enc + "\", encrypted_regex: ^(data|stringData)$, mac_only_encrypted: true}\n"))
	f.Add([]byte("<<<<<<< ours\n"))
	f.Add([]byte("apiVersion: v1\nkind: Secret\ndata: {k: plain}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("f", data)
		if err != nil {
			return
		}
		for k, v := range p.Data {
			if v != "" && !strings.HasPrefix(v, "ENC[AES256_GCM,") {
				t.Errorf("%q is readable", k)
			}
		}
		if len(p.SOPS) == 0 || p.SOPS["mac"] == nil {
			t.Error("no MAC")
		}
	})
}

// Of keys that become the same text the library takes one by chance.
func TestReadRefusesKeysThatBecomeOne(t *testing.T) {
	for range 20 {
		if doc, err := read([]byte("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {1: a, \"1\": b}\n")); !errors.Is(err, codec.ErrSameKey) {
			t.Fatalf("%v, %v", doc.Data, err)
		}
	}
}

// What is read in the form in which it is written is what the library reads.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"apiVersion: v1\nkind: Secret\nmetadata: {name: a, annotations: {a: b}}\ntype: Opaque\ndata: {a: b}\nsops: {mac: x, version: 1, age: [{enc: y}]}\n",
		"type: 1", "Kind: Secret", "data: null", "data: {a: null}", "sops: []", "metadata: {labels: {}}", "a: b", "[]", "", "kind: a\nkind: b", "data: {1: 2}", "data: {1: a, \"1\": b}", "type: .inf", "metadata: {name: true}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			return
		}
		got, gerr := read([]byte(text))
		if errors.Is(gerr, codec.ErrSameKey) {
			return // the library takes one of them by chance
		}
		var want document
		werr := yaml.UnmarshalStrict([]byte(text), &want)
		if (gerr == nil) != (werr == nil) || gerr == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v; expected %+v, %v", got, gerr, want, werr)
		}
	})
}
