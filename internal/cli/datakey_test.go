package cli

import (
	"context"
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sops"
)

// stranger is a key of somebody who may only propose files.
func (e *testEnv) stranger() (recipient, keyFile string) {
	e.t.Helper()
	people := os.Getenv("SOPS_AGE_KEY_FILE")
	other := newEnv(e.t, 0, 0)
	file := other.key("evil")
	e.t.Setenv("SOPS_AGE_KEY_FILE", people)
	return other.keys["evil"], file
}

// inBlock changes the list of age recipients of an encrypted file, which no MAC
// covers.
func inBlock(t *testing.T, text string, change func(ages []any) []any) string {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	block := doc["sops"].(map[string]any)
	ages, _ := block["age"].([]any)
	block["age"] = change(ages)
	out, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// entryOf is a recipient's entry in a file's block.
func entryOf(t *testing.T, text, recipient string) (entry any) {
	t.Helper()
	inBlock(t, text, func(ages []any) []any {
		for _, a := range ages {
			if a.(map[string]any)["recipient"] == recipient {
				entry = a
			}
		}
		return ages
	})
	if entry == nil {
		t.Fatal("no entry of " + recipient)
	}
	return entry
}

// trapped encrypts a file for the stranger too, and strikes the stranger out:
// what the victim sees names nobody new. entry opens whatever is encrypted with
// the same data key.
func trapped(t *testing.T, plain []byte, recipients []string, evil string, only bool) (trap string, entry any) {
	t.Helper()
	rule, err := rules.For(rules.ConfigName, []byte("creation_rules: [{age: '"+strings.Join(append(recipients, evil), ",")+"'}]\n"), "x.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out, err := sops.Seal(context.Background(), plain, rule, sops.Options{MACOnlyEncrypted: only})
	if err != nil {
		t.Fatal(err)
	}
	entry = entryOf(t, string(out), evil)
	return inBlock(t, string(out), func(ages []any) []any {
		var left []any
		for _, a := range ages {
			if a.(map[string]any)["recipient"] != evil {
				left = append(left, a)
			}
		}
		return left
	}), entry
}

// opens says whether the stranger, with the entry that was kept, opens a file.
func opens(t *testing.T, keyFile, text string, entry any) bool {
	t.Helper()
	mine := os.Getenv("SOPS_AGE_KEY_FILE")
	t.Setenv("SOPS_AGE_KEY_FILE", keyFile)
	defer t.Setenv("SOPS_AGE_KEY_FILE", mine)
	_, err := sops.Open(context.Background(), []byte(inBlock(t, text, func(ages []any) []any { return append(ages, entry) })), sops.Keys{})
	return err == nil
}

// A stranger knows the data key of what a stranger encrypted, whomever the file
// names: nothing new is written with it.
func TestNoStrangersDataKey(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	evil, evilKey := e.stranger()
	people := []string{e.keys["people"]}
	good := e.files()

	credentials := "overlays/e0/credentials/"
	for _, c := range []struct{ name, plain, args string }{
		{"s3", "apiVersion: reggen.dev/v1alpha1\nkind: RegistryCredential\nmetadata: {name: s3, annotations: {config.kubernetes.io/local-config: \"true\"}}\ntype: s3\nstringData: {accessKey: dummy, secretKey: dummy}\n", "credential set s3 --field secretKey --generate"},
		{"u0", "apiVersion: reggen.dev/v1alpha1\nkind: RegistryCredential\nmetadata: {name: u0, annotations: {config.kubernetes.io/local-config: \"true\"}}\ntype: user\ncost: 5\nstringData: {password: dummy-dummy}\n", "credential set u0 --field password --generate"},
		{"u0", "apiVersion: reggen.dev/v1alpha1\nkind: RegistryCredential\nmetadata: {name: u0, annotations: {config.kubernetes.io/local-config: \"true\"}}\ntype: user\ncost: 5\nstringData: {password: dummy-dummy}\n", "seal overlays/e0"},
	} {
		path := credentials + c.name + ".enc.yaml"
		trap, entry := trapped(t, []byte(c.plain), people, evil, false)
		if !opens(t, evilKey, trap, entry) {
			t.Fatal("the trap does not work")
		}
		e.write(path, trap)
		e.ok(strings.Fields(c.args)...)
		if opens(t, evilKey, e.read(path), entry) {
			t.Errorf("%s wrote %s with a data key that the stranger knows", c.args, c.name)
		}
		restore(t, e, good)
	}

	both := append(people, e.keys["e0"])
	for _, name := range []string{"docker-registry-s3", "docker-registry-htpasswd", "regcred"} {
		path := "overlays/e0/sealed/" + name + ".yaml"
		file, err := sops.Open(t.Context(), []byte(good[path]), sops.Keys{})
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := yaml.Unmarshal(file.Plain(), &doc); err != nil {
			t.Fatal(err)
		}
		for k := range doc["data"].(map[string]any) {
			doc["data"].(map[string]any)[k] = "ZHVtbXk="
		}
		plain, err := yaml.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		trap, entry := trapped(t, plain, both, evil, true)
		e.write(path, trap)
		e.ok("seal", "overlays/e0")
		if opens(t, evilKey, e.read(path), entry) {
			t.Errorf("seal wrote %s with a data key that the stranger knows", name)
		}
		restore(t, e, good)
	}
}

// Somebody who has left knows the old data keys. An old file that is put back,
// the leaver struck out of its block, gets a new one.
func TestAnOldDataKeyIsNotTakenUpAgain(t *testing.T) {
	e := newEnv(t, 1, 2)
	evil, evilKey := e.stranger()
	trusted[e.dir] = append(trusted[e.dir], evil)
	rules := e.read(".sops.yaml")
	e.write(".sops.yaml", strings.ReplaceAll(rules, "age: ", "age: "+evil+","))
	e.ok("seal", "overlays/e0")
	path := "overlays/e0/sealed/docker-registry-htpasswd.yaml"
	old := e.read(path)
	e.write(".sops.yaml", rules)
	e.ok("seal", "overlays/e0")
	e.write(path, inBlock(t, old, func(ages []any) (left []any) {
		for _, a := range ages {
			if a.(map[string]any)["recipient"] != evil {
				left = append(left, a)
			}
		}
		return left
	}))
	e.user(0, "u0", "another-"+canary)
	e.ok("seal", "overlays/e0")
	if opens(t, evilKey, e.read(path), entryOf(t, old, evil)) {
		t.Error("who left reads what was sealed since")
	}
}

// The data key stays where a key at hand made it, so that one changed value is
// one changed line; a colleague's is replaced.
func TestWhoseDataKeyIsKept(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.key("colleague")
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), e.keys["people"], e.keys["people"]+","+e.keys["colleague"]))
	e.ok("seal", "overlays/e0")
	s3 := func(secret string) (changed int) {
		path := "overlays/e0/sealed/docker-registry-s3.yaml"
		before := e.read(path)
		e.credential(0, "s3", credential.Document{Type: credential.S3, StringData: map[string]string{"accessKey": "0012345", "secretKey": secret}})
		e.ok("seal", "overlays/e0")
		e.ok("build", "overlays/e0")
		for _, l := range strings.Split(e.read(path), "\n") {
			if strings.Contains(l, "Key: ENC[") && !strings.Contains(before, l) {
				changed++
			}
		}
		return changed
	}
	if n := s3("one"); n != 1 {
		t.Errorf("of the same person's file %d lines changed", n)
	}
	t.Setenv("SOPS_AGE_KEY_FILE", e.dir+"-colleague.agekey")
	if n := s3("two"); n != 2 {
		t.Errorf("of a colleague's file %d lines changed", n)
	}
	if n := s3("three"); n != 1 {
		t.Errorf("of the colleague's own file %d lines changed", n)
	}
}
