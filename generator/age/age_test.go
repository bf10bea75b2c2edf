package age

import (
	"testing"
	"time"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/spec"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

var limited = spec.Of(&spec.Registry{Spec: spec.RegistrySpec{Auth: spec.Auth{MaxAge: "90d"}, Secrets: spec.Secrets{MaxAge: &spec.MaxAge{DataKeys: "30d"}}}})

func TestOverdue(t *testing.T) {
	now := at("2026-11-29T01:00:00Z")
	for name, c := range map[string]struct {
		kind            Kind
		on, made        string
		overdue, unsure string
	}{
		"young":            {Password, "2026-11-01T12:00:00Z", "2026-11-01", "", ""},
		"on the last day":  {Password, "2026-08-31T12:00:00Z", "2026-08-31", "", ""},
		"a day later":      {Password, "2026-11-01T12:00:00Z", "2026-08-30", "is 91 days old, and spec.auth.maxAge is 90d", ""},
		"encrypted anew":   {Password, "2026-11-28T12:00:00Z", "2025-11-29", "is 365 days old, and spec.auth.maxAge is 90d", ""},
		"nothing says":     {Password, "2026-11-01T12:00:00Z", "", "", "nothing says how old it is: at least 28 days, since its file was encrypted on 2026-11-01"},
		"old in any case":  {Password, "2026-01-01T12:00:00Z", "", "is at least 332 days old, and spec.auth.maxAge is 90d", ""},
		"a day by hand":    {Password, "2026-01-01T12:00:00Z", "2026-11-28", "is at least 332 days old, and spec.auth.maxAge is 90d", ""},
		"no day":           {Password, "2026-11-01T12:00:00Z", "yesterday", "", "nothing says how old it is: at least 28 days, since its file was encrypted on 2026-11-01"},
		"a day to come":    {Password, "2026-11-29T00:30:00Z", "2099-01-01", "", "nothing says how old it is: at least 0 days, since its file was encrypted on 2026-11-29"},
		"a data key":       {DataKey, "2026-11-01T12:00:00Z", "2026-10-01", "is 59 days old, and spec.secrets.maxAge.dataKeys is 30d", ""},
		"no limit for it":  {Certificate, "2000-11-01T12:00:00Z", "2000-10-01", "", ""},
		"the clock behind": {Password, "2026-11-30T12:00:00Z", "2026-11-30", "", ""},
	} {
		p := credential.Public{Name: "alice", User: "alice", Type: credential.User, On: at(c.on), Notes: map[string]string{spec.SetOn: c.made, spec.DataKeyMade: c.made}}
		for _, s := range Of([]credential.Public{p}, nil) {
			if c.kind == Certificate {
				s.Kind = c.kind
			}
			if s.Kind != c.kind {
				continue
			}
			if overdue, unsure := Overdue(limited, s, now); overdue != c.overdue || unsure != c.unsure {
				t.Errorf("%s: %q and %q, want %q and %q", name, overdue, unsure, c.overdue, c.unsure)
			}
		}
	}
}

func TestOf(t *testing.T) {
	on := at("2026-11-28T12:00:00Z")
	got := Of([]credential.Public{
		{File: "a", Name: "file-name", User: "al ice", Type: credential.User, On: on, Notes: map[string]string{spec.SetOn: "2026-11-01"}},
		{File: "b", Name: "s3", Type: credential.S3, On: on, Notes: map[string]string{spec.SetOn: "2026-11-02", spec.DataKeyMade: "2026-11-03"}},
		{File: "c", Name: "machine", Type: credential.Machine, On: on, Fields: map[string]string{"seed": "x", "draw/t.yaml/1 until 2027-01-01": "x", "draw/u.yaml/1": "x"},
			Notes: map[string]string{spec.KeptSince: "t.yaml/1=2026-11-04"}},
	}, []sealed.File{{Path: "d", Name: "regcred", SOPS: map[string]any{"lastmodified": "2026-11-28T12:00:00Z"}, Made: "2026-11-05"}})
	want := []string{
		"a password al ice 2026-11-01", "a data key file-name 0001-01-01", "b data key s3 2026-11-03", "b values s3 2026-11-02",
		"c data key machine 0001-01-01", "c certificate t.yaml/1 2026-11-04", "c certificate u.yaml/1 0001-01-01", "d data key regcred 2026-11-05",
	}
	var have []string
	for _, s := range got {
		have = append(have, s.File+" "+string(s.Kind)+" "+s.Name+" "+s.Made.Format(time.DateOnly))
		if !s.On.Equal(on) {
			t.Errorf("%s: encrypted on %s", s.File, s.On)
		}
	}
	if len(have) != len(want) {
		t.Fatalf("%q", have)
	}
	seen := map[string]bool{}
	for _, h := range have {
		seen[h] = true
	}
	for _, w := range want {
		if !seen[w] {
			t.Errorf("no %s in %q", w, have)
		}
	}
}
