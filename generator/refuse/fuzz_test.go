package refuse

import (
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/spec"
)

// FuzzSecrets: no text under a name that says secret gets by, and none is
// quoted.
func FuzzSecrets(f *testing.F) {
	f.Add("password", "x")
	f.Add("secretkey", "0755")
	f.Add("A_TOKEN", "~")
	f.Add("seCret", "/0/0")
	f.Add("privatekey", "/etc/key.pem")
	f.Fuzz(func(t *testing.T, name, text string) {
		if text == "true" || text == "false" || takesFile().MatchString(name) && aFile().MatchString(text) {
			return // no secret
		}
		if text == "" || !secretKey().MatchString(name) || reference().MatchString(name) {
			return
		}
		l := Secrets(&spec.Registry{Spec: spec.RegistrySpec{Values: map[string]any{"proxy": map[string]any{name: text}}}}, nil)
		if len(l) == 0 {
			t.Fatalf("the key %q is taken", name)
		}
		if len(text) > 8 && !strings.Contains(name+wayOut, text) && strings.Contains(l.Error(), text) {
			t.Error("the message quotes the value")
		}
	})
}
