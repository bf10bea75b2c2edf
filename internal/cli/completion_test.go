package cli

import (
	"strings"
	"testing"
)

// What a shell is offered for an argument, and that there is something to
// offer without a key.
func TestCompletion(t *testing.T) {
	e := newEnv(t, 2, 2)
	withoutKey(e)
	for args, want := range map[string]string{
		"build ":                                  "overlays/e0 overlays/e1 :4",
		"seal overlays/e0 ":                       "overlays/e1 :4",
		"build bas":                               ":16",
		"init ":                                   ":16",
		"offboard ":                               ":4",
		"offboard bob overlays/e1":                "overlays/e1 :4",
		"user verify --dir overlays/e0 ":          "puller u0 :4",
		"user remove --dir overlays/e0 u":         "u0 :4",
		"user remove --dir overlays/e0 u0 ":       ":4",
		"user rotate --dir overlays/e0 ":          "puller u0 :4",
		"user rotate --due overlays/e0 ":          "overlays/e1 :4",
		"user add ":                               ":4",
		"user list --dir ":                        "overlays/e0 overlays/e1 :4",
		"credential show --dir overlays/e1 ":      "puller s3 u0 :4",
		"credential show --dir overlays/nothing ": ":4",
		"user verify ":                            ":4", // two environments, and none was named
		"explain spec.pullSecrets.regcred.u":      "spec.pullSecrets.regcred.user :6",
		"edit ":                                   ":4", // two environments
		"edit s3 overlays/e1":                     "overlays/e1 :4",
		"explain chart.spec.se":                   "chart.spec.secretValues chart.spec.secrets :6",
		"explain spec.nothing.":                   ":6",
		"completion ":                             "bash fish powershell zsh :4",
	} {
		words := append([]string{"__completeNoDesc"}, strings.Split(args, " ")...)
		out, errs, code := run(t, e.dir, words...)
		if got := strings.Join(strings.Fields(out), " "); code != 0 || got != want {
			t.Errorf("%q completes to %q, want %q (%d %s)", args, got, want, code, errs)
		}
	}
}
