package people

import (
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/problem"
)

// FuzzEdited reads whatever an editor left: what is wrong with it quotes nothing
// of it, and what is shown again is read as the same values.
func FuzzEdited(f *testing.F) {
	for _, seed := range []string{"password: xyzzyxyzzy\n", "a: 1\na: 2\n", "a: [xyzzyxyzzy]\n", "xyzzyxyzzy", "a: &x |\n  1\nb: *x\n", "#! told\npassword: 'x'\n", "? [a]\n: b\n", "a: !!binary xyzzyxyzzy\n", "---\na: b\n---\nc: d\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := edited(withoutReasons([]byte(text)))
		if err != nil {
			if strings.Contains(text, "xyzzyxyzzy") && strings.Contains(err.Error(), "xyzzyxyzzy") {
				t.Errorf("quotes it: %v", err)
			}
			return
		}
		again, err := editable("x.yaml", values)
		if err != nil {
			return // no text that YAML can hold
		}
		back, err := edited(withoutReasons(withReasons(again, problem.Problem{What: "told\nin two lines"})))
		if err != nil || len(back) != len(values) {
			t.Fatalf("%q is read as %q: %v", values, back, err)
		}
		for k, v := range values {
			if back[k] != v {
				t.Errorf("%q was %q and is %q", k, v, back[k])
			}
		}
	})
}
