package problem

import (
	"errors"
	"fmt"
	"testing"
)

func TestOneForm(t *testing.T) {
	for want, p := range map[string]Problem{
		"w":                                      {What: "w"},
		"f: w":                                   {File: "f", What: "w"},
		"f:3: p: w; expected x":                  {File: "f", Line: 3, Path: "p", What: "w", Want: "x"},
		`p: w; did you mean "n"?`:                {Path: "p", What: "w", Near: "n"},
		"w\n  next: a\n        b":                {What: "w", Next: "a\nb"},
		`f: p: w; expected x; did you mean "n"?`: {File: "f", Path: "p", What: "w", Want: "x", Near: "n"},
	} {
		if got := p.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAListSaysEachThingOnce(t *testing.T) {
	l := List{{What: "a", Next: "n"}, {What: "b", Next: "n"}, {What: "a", Next: "n"}, {What: "c", Next: "m"}, {What: "d"}}
	if got, want := l.Error(), "a\nb\n  next: n\nc\n  next: m\nd"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if l[0].Next != "n" {
		t.Error("wording changed the list")
	}
}

func TestJoinTakesEveryKindOfError(t *testing.T) {
	var l List
	l.Join(nil)
	l.Join(Problem{What: "one"})
	l.Join(fmt.Errorf("wrapped: %w", List{{What: "two"}, {What: "three"}}))
	l.Join(errors.New("four"))
	if got := l.Error(); got != "one\ntwo\nthree\nfour" || len(l) != 4 {
		t.Errorf("%q", got)
	}
	if (List{}).Err() != nil || l.Err() == nil {
		t.Error("Err is wrong")
	}
}

func TestSort(t *testing.T) {
	l := List{{File: "b"}, {File: "a", Line: 2}, {File: "a", Line: 1, Path: "y"}, {File: "a", Line: 1, Path: "x", What: "2"}, {File: "a", Line: 1, Path: "x", What: "1"}}
	l.Sort()
	if got := fmt.Sprintf("%s%s%s%d%s", l[0].What, l[1].What, l[2].Path, l[3].Line, l[4].File); got != "12y2b" {
		t.Errorf("order: %s", got)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"bucket", "host", "cpu", "pullSecrets", "encrypted_regex"}
	for name, want := range map[string]string{
		"buckett": "bucket", "bukcet": "bucket", "HOST": "host", "encrypted-regex": "encrypted_regex", "pullsecret": "pullSecrets",
		"gpu": "", "xyz": "", "": "",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
