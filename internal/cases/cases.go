// Package cases is what tests prove the spec and the chart with: small specs
// with their rendered output beside them (testdata/cases), and credentials
// whose ciphertexts nobody can open, so that no key and no sealed file is
// needed. Only tests import it.
package cases

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
)

// Dir is the folder of the cases in a checkout.
const Dir = "testdata/cases"

// Case is one folder of testdata/cases: registry.yaml, the whole spec;
// build.yaml, what is rendered; and credentials.yaml, where it needs others
// than the default ones.
type Case struct {
	Name        string
	Spec        []byte
	Credentials Credentials
}

// Credentials are the fields of stringData by "type" or "type/name"; a name
// that isn't said is the type's.
type Credentials map[string][]string

// people and machines are what every environment has.
var common = Credentials{
	"user/alice":  {"hash"},
	"user/puller": {"hash", "hashOf", "password"},
	"machine":     {"httpSecret", "seed"},
}

// With adds credentials; nil fields take one away.
func (c Credentials) With(more Credentials) Credentials {
	out := maps.Clone(c)
	maps.Copy(out, more)
	maps.DeleteFunc(out, func(_ string, fields []string) bool { return fields == nil })
	return out
}

// Common are the credentials that a case has unless it says others.
func Common() Credentials { return common.With(nil) }

// Load reads every case of a checkout, by name.
func Load(repo string) ([]Case, error) {
	dirs, err := os.ReadDir(filepath.Join(repo, Dir))
	if err != nil {
		return nil, err
	}
	var out []Case
	for _, d := range dirs {
		c := Case{Name: d.Name(), Credentials: Common()}
		dir := filepath.Join(repo, Dir, d.Name())
		if c.Spec, err = os.ReadFile(filepath.Join(dir, "registry.yaml")); err != nil {
			return nil, err
		}
		more, err := os.ReadFile(filepath.Join(dir, "credentials.yaml"))
		if err == nil {
			var given Credentials
			if err := yaml.UnmarshalStrict(more, &given); err != nil {
				return nil, fmt.Errorf("%s: credentials.yaml is not a mapping of lists of fields", d.Name())
			}
			c.Credentials = c.Credentials.With(given)
		} else if !os.IsNotExist(err) {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// Plan prepares the case's build. Errors are a user's, as they are.
func (c Case) Plan() (generator.Plan, error) {
	reg := struct {
		Spec struct{ Secrets spec.Secrets }
	}{}
	if err := yaml.Unmarshal(c.Spec, &reg); err != nil {
		return generator.Plan{}, err
	}
	dirs := reg.Spec.Secrets.Credentials
	if len(dirs) == 0 {
		dirs = []string{"credentials"}
	}
	return generator.Prepare(generator.Input{Spec: c.Spec, Version: "0.1.0", Chart: fork, Folder: func(rel string) (string, []generator.File, error) {
		if rel == dirs[0] {
			return rel, c.Credentials.files(rel), nil
		}
		if slices.Contains(dirs, rel) {
			return rel, nil, nil
		}
		return rel, nil, os.ErrNotExist
	}})
}

// files are the credentials as SOPS would leave them.
func (c Credentials) files(dir string) []generator.File {
	var out []generator.File
	for _, key := range slices.Sorted(maps.Keys(c)) {
		kind, name, named := strings.Cut(key, "/")
		if !named {
			name = kind
		}
		var b strings.Builder
		fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\nmetadata: {name: %s}\ntype: %s\nstringData:\n", spec.APIVersion, spec.KindCredential, name, kind)
		for _, f := range c[key] {
			fmt.Fprintf(&b, "  %s: %s\n", f, ciphertext(name+f))
		}
		fmt.Fprintf(&b, "sops:\n  mac: %s\n  lastmodified: \"2026-01-01T00:00:00Z\"\n  version: 3.13.3\n", ciphertext("mac"))
		out = append(out, generator.File{Path: dir + "/" + name + ".enc.yaml", Data: []byte(b.String())})
	}
	return out
}

// ciphertext looks like one; nobody can open it.
func ciphertext(of string) string {
	return "ENC[AES256_GCM,data:" + base64.StdEncoding.EncodeToString([]byte(of)) + ",iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]"
}

// Readable is the build with the names of secrets, {{http.secret}} for
// instance, where their values go: for people to read, not for Kubernetes.
func Readable(p generator.Plan) ([]object.Object, error) {
	return p.Fill(context.Background(), resolver{}, generator.Options{})
}

// Plain is the build with the values given, as --secrets plain has it.
func Plain(p generator.Plan, values map[secret.Ref]string) ([]object.Object, error) {
	return p.Fill(context.Background(), resolver{values}, generator.Options{})
}

// demoHash is bcrypt's, of a demo password.
const demoHash = "$2y$05$vn.xh.9j5HBOH6oh2YxhoeH3IgYOsIwdnKU1R2vU3v/GbOPAfTZYi"

// Values makes up a value for every secret of a plan. Each holds what YAML,
// templates and shells take for something else, where its form allows it: the
// http secret, which reggen makes itself, is letters and digits.
func Values(p generator.Plan) map[secret.Ref]string {
	out := map[secret.Ref]string{}
	for ref := range p.Refs {
		out[ref] = string(ref) + `: "0755" #'{{ .x }}$y ~`
	}
	for ref, text := range map[secret.Ref]string{
		secret.HTPasswd:        `a "0755" #'{{ .x }}$y ~:` + demoHash + "\n",
		secret.HTTPSecret:      "a0123456789abcdefghijklmnopqrstu",
		secret.AzureAccountKey: strings.Repeat("0755", 21) + "MQ==",
		secret.GCSKey:          `{"type":"service_account","client_email":"0755","private_key":"PRIVATE KEY: #'{{ .x }}$y ~\n"}`,
		secret.ProxyUsername:   credential.QuoteYAML("0755"),
		secret.ProxyPassword:   credential.QuoteYAML(`a: "0755" #'{{ .x }}$y ~\`),
		secret.SwiftUsername:   credential.QuoteYAML("0755"),
		secret.SwiftPassword:   credential.QuoteYAML(`a: "0755" #'{{ .x }}$y ~\`),
	} {
		if _, ok := out[ref]; ok {
			out[ref] = text
		}
	}
	for ref := range out {
		if field, is := strings.CutPrefix(string(ref), string(secret.ConfigRef(""))); is {
			out[ref] = credential.ConfigForm(field, `a: "0755" #'<&{{ .x }}$y ~\`)
		}
	}
	return out
}

type resolver struct{ values map[secret.Ref]string }

func (resolver) NeedsSealed() bool { return false }

func (r resolver) Resolve(_ context.Context, s generator.Slot, _ *sealed.File, _ []byte) (generator.Content, error) {
	data := maps.Clone(s.Expected.Data)
	for key, text := range data {
		if r.values == nil {
			continue
		}
		for ref, value := range r.values {
			text = strings.ReplaceAll(text, "{{"+string(ref)+"}}", value)
		}
		data[key] = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return generator.Content{Data: data}, nil
}

// fork is a chart of somebody else's for cases that name one: the embedded one,
// as files.
func fork(path string) (chart.Source, error) {
	files, err := chart.Embedded()
	return chart.Source{Path: path, Files: files}, err
}
