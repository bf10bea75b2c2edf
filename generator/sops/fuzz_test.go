package sops

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/problem"
)

// FuzzOpen: whatever the file holds, Open ends with a File or with an error of
// its own that quotes nothing.
func FuzzOpen(f *testing.F) {
	// A key that stays the same from one fuzzing process to the next.
	key, err := os.ReadFile("../../testdata/keys/dev.agekey")
	if err != nil {
		f.Fatal(err)
	}
	hold(f, string(key))
	recipient, err := AgeRecipient(key)
	if err != nil {
		f.Fatal(err)
	}
	rule := ruleOf(f, "age: "+recipient)
	all, only := seal(f, secretDoc, rule, Options{}), seal(f, secretDoc, rule, Options{MACOnlyEncrypted: true})
	for _, s := range []string{all, only, strings.Replace(all, "data:", "data:\n  q: "+canary, 1), secretDoc, "", "sops: {}\n", "a: &a [*a]\nsops: *a\n", "sops:\n  age:\n  - x\n", "{" + canary, "---\n---\n", "<<<<<<< x\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// A fuzzed recipient must not run plugins or reach for a cloud.
		if m, err := Inspect(data); err == nil {
			for _, r := range m.Recipients {
				if r != recipient {
					return
				}
			}
		}
		file, err := Open(context.Background(), data, Keys{})
		if err != nil {
			var p problem.Problem
			if file != nil || !errors.As(err, &p) || !errors.Is(err, ErrFormat) && !errors.Is(err, ErrMAC) && !errors.Is(err, ErrNoKey) {
				t.Errorf("%T", err)
			}
			if strings.Contains(err.Error(), canary) {
				t.Error("the error quotes the file")
			}
			return
		}
		if _, err := parse(file.Plain()); err != nil {
			t.Error("what was decrypted can't be read")
		}
		_, _ = file.Strings("data")
	})
}
