package check

import (
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/spec"
)

const sound = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: docker-registry, namespace: registry}
spec:
  rules: [{host: r.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: docker-registry, port: {name: http}}}}]}}]
  tls: [{hosts: [r.example.com], secretName: tls}]
---
apiVersion: v1
kind: Secret
type: kubernetes.io/dockerconfigjson
metadata: {name: regcred, namespace: default}
data: {.dockerconfigjson: "ENC[x]"}
sops: {mac: x}
`

// route is an HTTPRoute for a host.
func route(host string) string {
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: docker-registry, namespace: registry}\nspec: {hostnames: [" + host + "], rules: [{backendRefs: [{name: docker-registry, port: 5000}]}]}\n"
}

func subject(t *testing.T, text string) Subject {
	t.Helper()
	r, err := spec.Decode([]byte(`apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: docker-registry, namespace: registry}
spec:
  host: r.example.com
  storage: {filesystem: {}}
  ingress: {className: nginx}
  pullSecrets: {regcred: {user: puller, namespaces: [default]}}
`), "")
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Parse("the build", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Subject{
		Root: "env", Registry: r, Check: r.Spec.Check, Objects: objects,
		Credentials: []Encrypted{{File: "c", Recipients: []string{"p"}, Rule: []string{"p"}}},
		Sealed:      []Encrypted{{File: "s", Recipients: []string{"c1", "p"}, Rule: []string{"c1", "p"}}},
	}
}

// whole runs every rule on one environment and its objects.
func whole(s Subject) []Finding {
	return append(Run([]Subject{s}), Rendered{From: s.Root, Objects: s.Objects}.Run()...)
}

func TestASoundEnvironment(t *testing.T) {
	if found := whole(subject(t, sound)); len(found) > 0 {
		t.Errorf("%v", found)
	}
}

// Each row breaks one thing and one rule finds it, alone.
func TestRules(t *testing.T) {
	for name, c := range map[string]struct {
		build  string
		change func(*Subject)
		want   string
	}{
		"a recipient too many": {sound, func(s *Subject) { s.Sealed[0].Recipients = []string{"c1", "p", "x"} }, "s: can be opened by recipients that .sops.yaml does not name: x [recipients]"},
		"a recipient too few":  {sound, func(s *Subject) { s.Credentials[0].Recipients, s.Credentials[0].From = nil, "r" }, "c: can't be opened so far by recipients that r names: p; expected readers whom you know [recipients]"},
		"other groups":         {sound, func(s *Subject) { s.Sealed[0].Regrouped = true }, "s: has other key groups or another threshold than .sops.yaml says [recipients]"},
		"no cluster key":       {sound, func(s *Subject) { s.Sealed[0].Rule = []string{"p"}; s.Sealed[0].Recipients = []string{"p"} }, "env: no cluster key"},
		"the cluster reads credentials": {sound, func(s *Subject) {
			s.Credentials[0] = Encrypted{File: "c", Recipients: []string{"c1", "p"}, Rule: []string{"c1", "p"}}
		}, "env: no cluster key: everyone who can open sealed files can open the credentials too"},
		"Ingress host": {strings.ReplaceAll(sound, "r.example.com", "x.example.com"), nil, "[host]"},
		"TLS host":     {strings.Replace(sound, "hosts: [r.example.com]", "hosts: [x.example.com]", 1), nil, "[host]"},
		"pull secret server": {sound, func(s *Subject) {
			p := s.Registry.Spec.PullSecrets["regcred"]
			p.Server = "other.example.com"
			s.Registry.Spec.PullSecrets["regcred"] = p
		}, `spec.pullSecrets.regcred.server: is "other.example.com"; the registry's host is "r.example.com"`},
		"HTTPRoute host": {sound + "---\n" + route("x.example.com"), func(s *Subject) { s.Registry.Spec.Gateway = &spec.Gateway{} }, `no HTTPRoute of the build serves "r.example.com"`},
		"pull host": {sound + "---\n" + route("r.example.com"), func(s *Subject) {
			s.Registry.Spec.Gateway = &spec.Gateway{PullHost: "pull.example.com"}
			p := s.Registry.Spec.PullSecrets["regcred"]
			p.Server = "pull.example.com"
			s.Registry.Spec.PullSecrets["regcred"] = p
		}, ""},
		"neither host": {sound + "---\n" + route("r.example.com"), func(s *Subject) {
			s.Registry.Spec.Gateway = &spec.Gateway{PullHost: "pull.example.com"}
			p := s.Registry.Spec.PullSecrets["regcred"]
			p.Server = "x.example.com"
			s.Registry.Spec.PullSecrets["regcred"] = p
		}, "expected one of the two that serve it: the host, or spec.gateway.pullHost"},
		"pull secret moved":   {strings.Replace(sound, "name: regcred, namespace: default", "name: regcred, namespace: elsewhere", 1), nil, "spec.pullSecrets.regcred: was meant for namespace default and ended in elsewhere"},
		"a typo in an object": {strings.Replace(sound, "pathType", "pathTyp", 1), nil, "[schema]"},
		"a wrong type":        {sound + "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: registry}\nspec: {replicas: two}\n", nil, "[schema]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := subject(t, c.build)
			if c.change != nil {
				c.change(&s)
			}
			found := whole(s)
			if c.want == "" {
				if len(found) > 0 {
					t.Errorf("%v", found)
				}
				return
			}
			if len(found) == 0 {
				t.Errorf("found nothing, want %s", c.want)
			}
			for _, f := range found {
				if !strings.Contains(f.Error(), c.want) {
					t.Errorf("found %s, want %s", f.Error(), c.want)
				}
			}
		})
	}
}

func TestClusterKeysAreTheirOwn(t *testing.T) {
	a, b := subject(t, sound), subject(t, sound)
	b.Root = "other"
	found := Run([]Subject{a, b})
	if len(found) != 1 || !strings.Contains(found[0].Error(), "other: shares the cluster key c1 with env") {
		t.Errorf("%v", found)
	}
	// A cluster's key that opens another environment's credentials is nobody's
	// cluster key there.
	both := []string{"c1", "c2", "p"}
	b.Credentials, b.Sealed = []Encrypted{{File: "c", Recipients: []string{"c1", "p"}, Rule: []string{"c1", "p"}}}, []Encrypted{{File: "s", Recipients: both, Rule: both}}
	found = Run([]Subject{a, b})
	if len(found) != 1 || !strings.Contains(found[0].Error(), "other: the cluster key c1 of env opens its credentials") {
		t.Errorf("%v", found)
	}
	b.Credentials, b.Sealed = a.Credentials, []Encrypted{{File: "s", Recipients: []string{"c2", "p"}, Rule: []string{"c2", "p"}}}
	if found := Run([]Subject{a, b}); len(found) > 0 {
		t.Errorf("%v", found)
	}
}

// A kind that Kubernetes does not know itself is nobody's mistake here.
func TestForeignKindsPass(t *testing.T) {
	s := subject(t, sound+"---\napiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: x}\nspec: {anything: 1}\n")
	if found := whole(s); len(found) > 0 {
		t.Errorf("%v", found)
	}
}

// The collector reads the registry's configuration too: what is wrong with it
// is told once.
func TestOneFindingForTwoReaders(t *testing.T) {
	objects, err := Parse("x", []byte(strings.Replace(golden(t, "prod"), "      addr: :5000\n", "      addr: :5000\n      secret: xyzzy\n", 1)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range (Rendered{From: "x", Objects: objects}).Run() {
		if f.Rule == "readable-secret" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("told %d times", n)
	}
}
