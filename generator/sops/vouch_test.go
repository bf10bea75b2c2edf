package sops

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Whoever made a file knows its data key, though the file names him no more: a
// value that is new to it is encrypted with a new one, unless a key at hand
// vouches for the old one and its readers.
func TestADataKeyOfAStrangerIsNotKept(t *testing.T) {
	people, p := newKey(t)
	evil, e := newKey(t)
	newer := strings.Replace(secretDoc, canary+"-A", canary+"-B", 1)
	rule := ruleOf(t, "age: "+p)
	key := func(text string) []byte { return open(t, text).key }

	// The stranger encrypts for both, vouches, and takes himself out.
	hold(t, evil)
	both := ruleOf(t, "age: "+p+","+e)
	foreign, theirs, err := SealProven(context.Background(), []byte(secretDoc), both, Options{})
	if err != nil || theirs == "" {
		t.Fatalf("%v %q", err, theirs)
	}
	alone := string(struckOut(t, foreign, e))
	stranger := Vouch(dataKeyParts(key(string(foreign)), open(t, string(foreign)).meta)...)
	if stranger != theirs {
		t.Error("the proof is not what Vouch says")
	}
	hold(t, people)
	mine, proof, err := SealProven(context.Background(), []byte(secretDoc), rule, Options{})
	if err != nil {
		t.Fatal(err)
	}
	wide, wideProof, err := SealProven(context.Background(), []byte(secretDoc), both, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		old, proof string
		kept       bool
	}{
		"mine":                                 {string(mine), proof, true},
		"without a proof":                      {string(mine), "", false},
		"a stranger's":                         {alone, theirs, false},
		"a stranger's, with a proof of mine":   {alone, proof, false},
		"mine, with somebody struck out":       {string(struckOut(t, wide, e)), wideProof, false},
		"a stranger's, for the stranger's eye": {string(foreign), theirs, false},
	} {
		file := open(t, c.old)
		got := seal(t, newer, rule, Options{Reuse: file, Proof: c.proof})
		if kept := bytes.Equal(key(got), file.key); kept != c.kept {
			t.Errorf("%s: the data key was kept: %t", name, kept)
		}
		// What is in the file already tells its maker nothing.
		if same := seal(t, secretDoc, rule, Options{Reuse: file}); !bytes.Equal(key(same), file.key) {
			t.Errorf("%s: a new data key for the same values", name)
		}
	}
	for name, doc := range map[string]string{
		"a new key":   strings.Replace(secretDoc, "\ndata:\n", "\ndata:\n  zzz: more\n", 1),
		"a new field": secretDoc + "stringData:\n  x: y\n",
	} {
		if got := seal(t, doc, rule, Options{Reuse: open(t, alone)}); bytes.Equal(key(got), key(alone)) {
			t.Errorf("%s: the stranger's data key was kept", name)
		}
	}
}

// struckOut takes a recipient out of a file's block, which no MAC covers.
func struckOut(t *testing.T, text []byte, recipient string) []byte {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	field := func(n *yaml.Node, name string) *yaml.Node {
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				return n.Content[i+1]
			}
		}
		t.Fatal("no " + name)
		return nil
	}
	list := field(field(doc.Content[0], "sops"), "age")
	list.Content = slices.DeleteFunc(list.Content, func(n *yaml.Node) bool { return field(n, "recipient").Value == recipient })
	out, err := yaml.Marshal(&doc)
	if err != nil || bytes.Contains(out, []byte(recipient)) {
		t.Fatalf("%v, or still there", err)
	}
	return out
}

func TestNobodyElseVouches(t *testing.T) {
	people, _ := newKey(t)
	evil, _ := newKey(t)
	hold(t, people)
	said := Vouch("a", "b")
	switch {
	case !Vouched(said, "a", "b"):
		t.Error("not known again")
	case Vouched(said, "ab"), Vouched(said, "a", "b", ""), Vouched("", "a", "b"), Vouched(said[1:], "a", "b"):
		t.Error("another text passes")
	}
	hold(t, evil, people)
	if !Vouched(said, "a", "b") {
		t.Error("a second key at hand does not count")
	}
	hold(t, evil)
	if Vouched(said, "a", "b") {
		t.Error("another key passes")
	}
	alone(t)
	if got := Vouch("a", "b"); got != "" {
		t.Errorf("without a key: %q", got)
	}
}
