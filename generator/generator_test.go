package generator

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
)

const specText = `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: docker-registry, namespace: registry}
spec:
  host: registry.example.com
  storage:
    s3: {provider: digitalocean, region: nyc3, bucket: my-space}
  pullSecrets:
    regcred: {user: puller, namespaces: [default, apps]}
`

func enc(tag string) string {
	return "ENC[AES256_GCM,data:" + base64.StdEncoding.EncodeToString([]byte(tag)) + ",iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]"
}

// credentialFile looks like a credential that SOPS encrypted; nobody opens it
// here.
func credentialFile(name, kind string, fields ...string) File {
	var b strings.Builder
	b.WriteString("apiVersion: reggen.dev/v1alpha1\nkind: RegistryCredential\nmetadata: {name: " + name + "}\ntype: " + kind + "\nstringData:\n")
	for _, f := range fields {
		b.WriteString("  " + f + ": " + enc(name+f) + "\n")
	}
	b.WriteString("sops:\n  mac: " + enc("mac") + "\n  lastmodified: \"2026-01-01T00:00:00Z\"\n  version: 3.13.3\n")
	return File{"credentials/" + name + ".enc.yaml", []byte(b.String())}
}

func credentials() []File {
	return []File{
		credentialFile("alice", "user", "hash"),
		credentialFile("machine", "machine", "httpSecret", "seed"),
		credentialFile("puller", "user", "hash", "hashOf", "password"),
		credentialFile("s3", "s3", "accessKey", "secretKey"),
	}
}

func folder(dirs map[string][]File) Folder {
	return func(rel string) (string, []File, error) {
		files, ok := dirs[rel]
		if !ok {
			return "/env/" + rel, nil, os.ErrNotExist
		}
		return "/env/" + rel, files, nil
	}
}

func input() Input {
	return Input{Spec: []byte(specText), Folder: folder(map[string][]File{"credentials": credentials()})}
}

func realValues() map[secret.Ref]string {
	return map[secret.Ref]string{
		secret.HTPasswd: "alice:$2y$05$x\npuller:$2y$05$y\n", secret.S3AccessKey: "canary-access: #1", secret.S3SecretKey: "0755",
		secret.HTTPSecret: "canaryhttp", secret.PullRef("regcred"): `{"auths":{"canary":{}}}`,
	}
}

func prepare(t *testing.T, in Input) Plan {
	t.Helper()
	p, err := Prepare(in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPrepareFindsASlotForEverySecret(t *testing.T) {
	p := prepare(t, input())
	var names []string
	for _, s := range p.Slots {
		names = append(names, s.Expected.Name)
	}
	if want := []string{"docker-registry-htpasswd", "docker-registry-http", "docker-registry-s3", "regcred"}; !slices.Equal(names, want) {
		t.Errorf("slots %v, want %v", names, want)
	}
	if got := p.Slots[3].Objects; len(got) != 2 {
		t.Errorf("regcred goes to %d objects, want one for each namespace", len(got))
	}
}

func TestComposeGivesTheRealContent(t *testing.T) {
	p := prepare(t, input())
	secrets, err := p.Compose(Revealed{Values: realValues(), Seed: []byte("seed")})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"docker-registry-htpasswd/htpasswd":   realValues()[secret.HTPasswd],
		"docker-registry-http/haSharedSecret": "canaryhttp",
		"docker-registry-s3/s3AccessKey":      "canary-access: #1",
		"docker-registry-s3/s3SecretKey":      "0755",
		"regcred/.dockerconfigjson":           `{"auths":{"canary":{}}}`,
	}
	n := 0
	for _, s := range secrets.Sealings {
		for k, v := range s.Plain.Data {
			n++
			if want[s.Plain.Name+"/"+k] != string(v) {
				t.Errorf("%s/%s is not what the credentials say", s.Plain.Name, k)
			}
			if s.Record.Rollout[k] == "" {
				t.Errorf("%s/%s has no rollout digest", s.Plain.Name, k)
			}
		}
	}
	if n != len(want) {
		t.Errorf("%d keys, want %d", n, len(want))
	}
}

// Every chart here breaks promise 3 in a way of its own.
func TestChartsThatLeakAreRefused(t *testing.T) {
	const ok = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {k: {{ .Values.secrets.haSharedSecret | b64enc }}}\n"
	for name, c := range map[string]struct{ template, want string }{
		"into a ConfigMap":   {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: {{ .Values.secrets.haSharedSecret }}}\n", "ConfigMap c holds the secret http.secret at data.k, outside a Secret"},
		"in base64":          {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: {{ printf \"a%s\" .Values.secrets.haSharedSecret | b64enc }}}\n", "ConfigMap c holds the secret http.secret at data.k, outside a Secret"},
		"into a key":         {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: { {{ .Values.secrets.haSharedSecret }}: x}\n", "outside a Secret"},
		"first letters":      {ok + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, labels: {l: {{ trunc 4 .Values.secrets.haSharedSecret }}}}\n", "the ConfigMap c depends on a secret at metadata.labels.l, outside a Secret"},
		"checksum":           {ok + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: {{ sha256sum .Values.secrets.haSharedSecret | upper | trunc 8 | quote }}}\n", "the ConfigMap c depends on a secret at data.k, outside a Secret"},
		"a label of it":      {"apiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {l: {{ trunc 4 .Values.secrets.haSharedSecret }}}}\ndata: {k: {{ .Values.secrets.haSharedSecret | b64enc }}}\n", "the Secret s depends on a secret at metadata.labels.l, outside its data"},
		"mangled":            {"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  k: {{ .Values.secrets.s3.accessKey }}\n", `the template of the Secret s mangles the secret in key "k" (an unquoted value?)`},
		"decides by value":   {ok + "{{ if hasPrefix \"canary\" .Values.secrets.haSharedSecret }}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n{{ end }}", "the chart renders more objects with the real secrets than without"},
		"only placeholders":  {ok + "{{ if hasPrefix \"rgph\" .Values.secrets.haSharedSecret }}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n{{ end }}", "the ConfigMap c exists only without the real secrets"},
		"another key":        {"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: { {{ trunc 5 .Values.secrets.haSharedSecret }}: {{ .Values.secrets.haSharedSecret | b64enc }}}\n", "the Secret s has other keys with the real secrets than without"},
		"fails only in real": {ok + "{{ if hasPrefix \"canary\" .Values.secrets.haSharedSecret }}{{ fail .Values.secrets.haSharedSecret }}{{ end }}", "only with the real secrets; with placeholders it renders"},
	} {
		t.Run(name, func(t *testing.T) {
			in := withChart(t, input(), c.template)
			p, err := Prepare(in)
			if err == nil {
				vals := realValues()
				vals[secret.S3AccessKey] = "abc #canary"
				_, err = p.Compose(Revealed{Values: vals, Seed: []byte("seed")})
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "cana")) {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

// withChart is a Registry's input with a chart of one template, which knows the
// values of the embedded one.
func withChart(t *testing.T, in Input, template string) Input {
	t.Helper()
	values, err := os.ReadFile("chart/default/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	in.Spec = append(in.Spec, "  chart: {path: leaky}\n"...)
	in.Chart = func(path string) (chart.Source, error) {
		return chart.Source{Path: path, Files: []chart.File{
			{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: leaky\nversion: 0.1.0\n")},
			{Name: "values.yaml", Data: values}, {Name: "templates/x.yaml", Data: []byte(template)},
		}}, nil
	}
	return in
}

func TestPrepareTellsWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Input)
		want   []string
	}{
		"nothing there": {func(in *Input) { in.Folder = folder(nil) }, []string{
			"/env/credentials: no users: nobody could log in; expected a RegistryCredential of type user a file, or spec.auth.anonymous: true said aloud\n  next: reggen user add NAME",
			"/env/credentials: no s3 credential for spec.storage.s3; expected the bucket's keys, spec.storage.s3.existingSecret, or ambientCredentials: true\n  next: reggen credential set s3",
			"/env/credentials: no machine credential (the registry's http secret and the seed of its rollout digests)\n  next: reggen seal makes one in a new environment; in an old one restore the file from git",
			`spec.pullSecrets.regcred.user: no credential of a user "puller" in /env/credentials` + "\n  next: reggen user add puller",
		}},
		"hash only": {func(in *Input) {
			c := credentials()
			c[2] = credentialFile("puller", "user", "hash")
			in.Folder = folder(map[string][]File{"credentials": c})
		}, []string{`credentials/puller.enc.yaml: spec.pullSecrets.regcred.user: user "puller" has only a hash; a pull secret needs the password` + "\n  next: name a user whose password is in its credential, one made for pulling"}},
		"version": {func(in *Input) {
			in.Version = "0.1.0"
			in.Spec = append(in.Spec, "  reggen: \">=0.2\"\n"...)
		}, []string{`spec.reggen: this is reggen 0.1.0; the spec asks for ">=0.2"` + "\n  next: install a reggen that matches, or change spec.reggen once its output was reviewed"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := input()
			c.change(&in)
			_, err := Prepare(in)
			var l problem.List
			if !errors.As(err, &l) {
				t.Fatalf("got %v", err)
			}
			var got []string
			for _, p := range l {
				got = append(got, p.Error())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestOmitWorksWithoutSealedFiles(t *testing.T) {
	objects, err := prepare(t, input()).Fill(context.Background(), Omit{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.IsSecret() {
			t.Errorf("%s was not omitted", o.ID())
		}
	}
}

func TestFillWithoutSealedFilesNamesEachOne(t *testing.T) {
	_, err := prepare(t, input()).Fill(context.Background(), Sealed{}, Options{})
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"docker-registry-htpasswd", "docker-registry-http", "docker-registry-s3", "regcred"} {
		if !strings.Contains(err.Error(), "/env/sealed/"+name+".yaml: is missing") {
			t.Errorf("%s is not named in:\n%v", name, err)
		}
	}
}

func TestRolloutCountsWhatPodsReadThroughTheEnvironment(t *testing.T) {
	deployment := func() object.Object {
		return object.Object{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "d"}, "spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"containers": []any{map[string]any{
				"env":     []any{map[string]any{"name": "A", "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "s3", "key": "k"}}}},
				"envFrom": []any{map[string]any{"secretRef": map[string]any{"name": "all"}}},
			}},
		}}}}
	}
	digest := func(r map[string]map[string]string) any {
		o := deployment()
		annotateRollout(o, r)
		return o.Map("spec", "template", "metadata", "annotations")[RolloutKey]
	}
	base := map[string]map[string]string{"s3": {"k": "1", "other": "1"}, "all": {"x": "1"}, "htpasswd": {"htpasswd": "1"}}
	with := func(name, key string) map[string]map[string]string {
		out := map[string]map[string]string{}
		for n, m := range base {
			out[n] = map[string]string{}
			for k, v := range m {
				out[n][k] = v
			}
		}
		out[name][key] = "2"
		return out
	}
	for _, c := range []struct {
		name, key string
		rolls     bool
	}{{"s3", "k", true}, {"all", "x", true}, {"all", "new", true}, {"s3", "other", false}, {"htpasswd", "htpasswd", false}} {
		if got := digest(with(c.name, c.key)) != digest(base); got != c.rolls {
			t.Errorf("a change of %s/%s rolls: %v, want %v", c.name, c.key, got, c.rolls)
		}
	}
	if digest(nil) != nil {
		t.Error("an annotation without any digest")
	}
}

// sealedFiles are what a seal would write, with content that nobody opens.
func sealedFiles(t *testing.T, made Composition) []File {
	t.Helper()
	var out []File
	for _, s := range made.Sealings {
		var b strings.Builder
		fmt.Fprintf(&b, "apiVersion: v1\nkind: Secret\ntype: %s\nmetadata:\n  name: %s\ndata:\n", s.Plain.Type, s.Plain.Name)
		for key := range s.Plain.Data {
			fmt.Fprintf(&b, "  %s: %s\n", key, enc(key))
		}
		fmt.Fprintf(&b, "sops:\n  encrypted_regex: %s\n  mac_only_encrypted: true\n  mac: %s\n", sealed.EncryptedRegex, enc("mac"))
		text, err := sealed.WithRecord([]byte(b.String()), s.Record)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, File{"sealed/" + s.Plain.Name + ".yaml", text})
	}
	return out
}
