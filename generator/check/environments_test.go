package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

// environmentProbes are the rules on environments that check_test.go doesn't
// have, and what they leave alone.
var environmentProbes = map[string][]struct {
	name   string
	change func(*Subject)
	want   string
}{
	"bcrypt-cost": {
		{"a person's", func(s *Subject) { s.People = append(s.People, Person{User: "bob", Cost: 12, File: "bob.yaml"}) }, `bob.yaml: cost: is 12: every request of "bob"`},
		{"the puller's", func(s *Subject) { s.People[0].Cost = 10 }, "cost: is 10, and every node pulls with regcred"},
		{"as reggen makes them", func(*Subject) {}, ""},
	},
	"nested-rules": {
		{"nested", func(s *Subject) {
			s.Sealed = append(s.Sealed, Encrypted{File: "f", Nested: "a/.sops.yaml counts instead of .sops.yaml"}, Encrypted{File: "g", Nested: "a/.sops.yaml counts instead of .sops.yaml"})
		}, "a/.sops.yaml counts instead of .sops.yaml"},
		{"not nested", func(*Subject) {}, ""},
	},
	"puller-pushes": {
		{"the only user", func(s *Subject) { s.People = s.People[:1] }, `spec.pullSecrets.regcred.user: "puller" is the only user`},
		{"one of several", func(*Subject) {}, ""},
	},
	"open-registry": {
		{"no auth", func(s *Subject) { s.Objects = served("docker-registry", "") }, "env: data[config.yml] auth: ConfigMap registry/docker-registry-config has none: everybody may push and pull"},
		{"auth", func(s *Subject) {
			s.Objects = served("docker-registry", "auth: {htpasswd: {realm: r, path: /auth/htpasswd}}")
		}, ""},
		{"said aloud", func(s *Subject) { s.Objects, s.Registry.Spec.Auth.Anonymous = served("docker-registry", ""), true }, ""},
		{"another registry", func(s *Subject) { s.Objects = served("mirror", "") }, ""},
	},
	"function-annotation": {
		{"annotated", func(s *Subject) { s.Annotated = true }, "config.kubernetes.io/function makes kustomize leave the registry out"},
		{"somebody else's", func(s *Subject) { s.Functions = []string{"ksops secrets"} }, "the ksops secrets is a function that a program answers: kustomize leaves it out, without an error"},
		{"not annotated", func(*Subject) {}, ""},
	},
	ruleSilence: {
		{"a typo", silenced("image-tga", "x"), `spec.check.silence.image-tga: no rule has this id; did you mean "image-tag"?`},
		{"one that always counts", silenced("build", "x"), "spec.check.silence.build: can't be silenced"},
		{"nothing to silence", silenced("spaces-encrypt", "x"), "spec.check.silence.spaces-encrypt: silences nothing"},
		{"something to silence", func(s *Subject) { silenced("puller-pushes", "x")(s); s.People = s.People[:1] }, ""},
	},
	"recipients":            {{"all of them", func(*Subject) {}, ""}},
	"cluster-key":           {{"one of its own", func(*Subject) {}, ""}},
	"host":                  {{"the same everywhere", func(*Subject) {}, ""}},
	"pull-secret-namespace": {{"where it was meant", func(*Subject) {}, ""}},
	"cluster-keys-disjoint": {{"alone", func(*Subject) {}, ""}},
}

// served is a registry of that release, with more in its configuration.
func served(release, more string) []object.Object {
	objects, err := Parse("x", []byte(`apiVersion: v1
kind: ConfigMap
metadata: {name: docker-registry-config, namespace: registry}
data:
  config.yml: |
    version: 0.1
    storage: {filesystem: {}}
    `+more+`
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: docker-registry, namespace: registry, labels: {release: `+release+`}}
spec:
  template:
    spec:
      containers: [{name: r, image: 'registry:3.1.1', volumeMounts: [{name: config, mountPath: /etc/distribution}]}]
      volumes: [{name: config, configMap: {name: docker-registry-config}}]
`))
	if err != nil {
		panic(err)
	}
	return objects
}

func silenced(id, reason string) func(*Subject) {
	return func(s *Subject) { s.Check = &spec.Check{Silence: map[string]string{id: reason}} }
}

func TestRulesOnEnvironments(t *testing.T) {
	for id, probes := range environmentProbes {
		for _, p := range probes {
			t.Run(id+"/"+p.name, func(t *testing.T) {
				s := subject(t, sound)
				s.People = []Person{{User: "puller", Cost: 5, File: "puller.yaml"}, {User: "alice", Cost: 10, File: "alice.yaml"}}
				p.change(&s)
				var found []string
				for _, f := range Silence(whole(s), []Subject{s}) {
					if f.Rule == id && f.Silenced == "" {
						found = append(found, f.Error())
					}
				}
				switch all := strings.Join(found, "\n"); {
				case p.want == "" && all != "":
					t.Errorf("found %s", all)
				case !strings.Contains(all, p.want):
					t.Errorf("found %q, want %q", all, p.want)
				}
			})
		}
	}
}

// byCaller are the rules that the caller applies.
var byCaller = []string{RuleBuild, RulePassword, RuleOutside, RuleOlder, RuleExpiry, RuleWeak, RulePasswordAge, RuleDataKeyAge, RuleCertificateAge}

// Every rule has a case that triggers it and one that doesn't, here or (for
// those that the caller applies) in the command's tests.
func TestEveryRuleHasCases(t *testing.T) {
	inCheckTest := map[string]bool{"recipients": true, "cluster-key": true, "host": true, "pull-secret-namespace": true, "cluster-keys-disjoint": true}
	for _, r := range Rules() {
		fires, quiet := inCheckTest[r.ID], false
		for _, p := range objectProbes[r.ID] {
			fires, quiet = fires || p.want != "", quiet || p.want == ""
		}
		for _, p := range environmentProbes[r.ID] {
			fires, quiet = fires || p.want != "", quiet || p.want == ""
		}
		if slices.Contains(byCaller, r.ID) {
			continue // internal/cli: bad inputs, TestCheckFindsAForgedHash, TestCheckTellsAges, TestWeakPasswords
		}
		if !fires || !quiet {
			t.Errorf("%s: a case that triggers it %v, one that doesn't %v", r.ID, fires, quiet)
		}
	}
	for id := range objectProbes {
		if _, ok := Lookup(id); !ok {
			t.Errorf("cases for %s, which is no rule", id)
		}
	}
}

// No rule fires on the examples but the two that their base answers.
func TestTheExamplesAreQuiet(t *testing.T) {
	answered := map[string]bool{"image-tag": true, "ingress-nginx": true}
	for _, name := range []string{"dev", "staging", "prod", "hello-kubernetes"} {
		objects, err := Parse(name, []byte(golden(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		fired := map[string]bool{}
		for _, f := range (Rendered{From: name, Objects: objects}).Run() {
			fired[f.Rule] = true
			if !answered[f.Rule] {
				t.Errorf("%s: %s", name, f.Error())
			}
		}
		for id := range answered {
			if name != "hello-kubernetes" && !fired[id] {
				t.Errorf("%s: %s is answered in the spec and doesn't fire", name, id)
			}
		}
	}
}

// A silenced finding says why, and others of the same rule elsewhere count.
func TestSilence(t *testing.T) {
	a, b := subject(t, sound), subject(t, sound)
	b.Root = "other"
	silenced("puller-pushes", "a demo")(&a)
	a.People, b.People = []Person{{User: "puller"}}, []Person{{User: "puller"}}
	n := 0
	for _, f := range Silence(Run([]Subject{a, b}), []Subject{a, b}) {
		if f.Rule != "puller-pushes" {
			continue
		}
		n++
		if want := map[string]string{"env": "a demo", "other": ""}[f.Root]; f.Silenced != want {
			t.Errorf("%s: silenced %q", f.Root, f.Silenced)
		}
	}
	if n != 2 {
		t.Errorf("%d findings", n)
	}
	// Objects belong to the build that they came from.
	a.Build = "whole"
	found := []Finding{{Rule: "image-tag", Root: "whole", Problem: problem.Problem{What: "x"}}}
	silenced("image-tag", "a demo")(&a)
	if f := Silence(found, []Subject{a}); f[0].Silenced != "a demo" {
		t.Errorf("%+v", f)
	}
}
