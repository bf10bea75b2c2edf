package cli

import (
	"strings"
	"testing"
)

// Who has a weak password is named, by user add at once and by check with a key;
// the password is nowhere.
func TestWeakPasswords(t *testing.T) {
	const weak = "dragon1987"
	e := newEnv(t, 1, 1)
	out, errs, code := runWith(t, e.dir, weak+"\n", "user", "add", "weakling", "--password-stdin")
	said := `the password of user "weakling" is weak: among the first `
	if code != 0 || !strings.Contains(errs, "warning: "+said) || strings.Contains(out+errs, weak) {
		t.Errorf("user add: exit %d: %v", code, strings.Contains(errs, said))
	}
	if _, errs, _ := runWith(t, e.dir, "x7Kq2vLm9Tz4\n", "user", "add", "strong", "--password-stdin"); strings.Contains(errs, "weak") {
		t.Errorf("user add of a strong one: %s", errs)
	}
	if _, errs, _ := runWith(t, e.dir, "weakling\n", "credential", "set", "strong", "--field", "password", "--stdin"); !strings.Contains(errs, `user "strong" is weak`) {
		t.Errorf("credential set: %s", errs)
	}
	e.ok("seal", "overlays/e0")
	for _, form := range []string{"text", "json", "sarif"} {
		out, errs, code := run(t, e.dir, "check", "-o", form)
		if code != 0 || strings.Count(out+errs, "is weak: among the first ") != 2 || !strings.Contains(out+errs, "reggen credential set weakling --dir overlays/e0") && form != "sarif" || strings.Contains(out+errs, weak) {
			t.Errorf("check -o %s: exit %d\n%s%s", form, code, out, errs)
		}
	}
	// A password that is not what is sealed is judged too, once.
	if _, errs, _ := runWith(t, e.dir, "dragon1988\n", "credential", "set", "weakling", "--field", "password", "--stdin"); !strings.Contains(errs, "is weak") {
		t.Errorf("credential set: %s", errs)
	}
	if _, errs, code := run(t, e.dir, "check"); code != 1 || strings.Count(errs, `user "weakling" is weak`) != 1 {
		t.Errorf("check of what is not sealed: exit %d\n%s", code, errs)
	}
	withoutKey(e)
	if _, errs, _ := run(t, e.dir, "check"); strings.Contains(errs, "is weak") {
		t.Errorf("without a key: %s", errs)
	}
}
