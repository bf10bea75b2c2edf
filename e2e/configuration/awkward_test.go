package configuration

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/internal/cases"
)

// awkward texts are something else to YAML, a template, a shell or a URL than
// they look like.
var awkward = []string{
	"true", "yes", "on", "y", "N", "null", "~", "0755", "0o17", "007", "1e3", "1_000", "0x1F", "0b11", "+1", "-0", ".5", "1.", ".inf", ".nan", "12:30:45",
	"2001-01-01", "2001-01-01T00:00:00Z", "=", "<<", "{{ }}", "{{ .Values }}", "{a: b}", "[a]", "#abc", "a #b", "a: b", "a:", "- a", "-", "--- a", "? a", "|", ">", "!!binary aGk=", "!a",
	"&a", "*a", "%a", "@a", "`a`", "'", "\"", "'a'", "\"a\"", "it's", "a\"b", "\\", "\\n", "a\\", "$(HOME)", "$$", "${HOME}", "$2y$05$abc", " a", "a ", "  ", "ü", "日本語", "🦭",
	"\u00a0", "\ufeff", "\u2028", "\u0085", "\u200b", "e\u0301", strings.Repeat("long words ", 40) + "end", strings.Repeat("x", 300), "1e3/true", "/0755", "true/", "01234567890123456789",
}

// places are fields of the spec that hold text which reaches the registry's
// configuration, each as a document with TEXT in its place.
var places = map[string]string{
	"realm":         `{"auth": {"realm": "TEXT"}, "storage": {"filesystem": {}}}`,
	"bucket":        `{"storage": {"s3": {"region": "eu-central-1", "bucket": "TEXT"}}}`,
	"region":        `{"storage": {"s3": {"region": "TEXT", "bucket": "images"}}}`,
	"rootDirectory": `{"storage": {"s3": {"region": "eu-central-1", "bucket": "images", "rootDirectory": "TEXT"}}}`,
	"endpoint":      `{"storage": {"s3": {"provider": "minio", "bucket": "images", "endpoint": "https://TEXT"}}}`,
	"plain host":    `{"storage": {"s3": {"provider": "ceph", "bucket": "images", "endpoint": "TEXT"}}}`,
	"proxy":         `{"storage": {"filesystem": {}}, "proxy": {"remoteURL": "https://TEXT"}}`,
	"host":          `{"host": "TEXT.example.com", "ingress": {}, "storage": {"filesystem": {}}}`,
	"log field":     `{"storage": {"filesystem": {}}, "config": {"log": {"fields": {"environment": "TEXT"}}}}`,
	"log format":    `{"storage": {"filesystem": {}}, "config": {"log": {"formatter": "TEXT"}}}`,
	"notification":  `{"storage": {"filesystem": {}}, "config": {"notifications": {"endpoints": [{"name": "TEXT", "url": "https://TEXT", "headers": {"X-A": ["TEXT"]}, "timeout": "1s", "threshold": 5, "backoff": "1s"}]}}}`,
	"redirect":      `{"storage": {"s3": {"region": "eu-central-1", "bucket": "images"}}, "config": {"http": {"relativeurls": true, "prefix": "TEXT"}}}`,
}

// always are the places that take any text that has no control characters.
var always = []string{"realm", "log field", "rootDirectory"}

// arrives builds a spec with a text in a place. It returns false when reggen
// refuses the text, and fails when the registry reads another one.
func arrives(t *testing.T, flavor, place, text string) bool {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(places[place], "TEXT", string(quoted[1:len(quoted)-1]))), &s); err != nil {
		t.Fatal(err)
	}
	image := map[string]any{"flavor": flavor}
	if flavor == "gitlab" {
		image["tag"] = "v2.13.1-gitlab"
	}
	s["image"] = image
	if s["host"] == nil {
		s["host"] = "registry.example.com"
	}
	doc, err := json.Marshal(map[string]any{"apiVersion": "reggen.dev/v1alpha1", "kind": "Registry", "metadata": map[string]any{"name": "docker-registry", "namespace": "registry"}, "spec": s})
	if err != nil {
		t.Fatal(err)
	}
	more := cases.Credentials{}
	if strings.Contains(places[place], `"s3"`) {
		more["s3"] = []string{"accessKey", "secretKey"}
	}
	p, err := cases.Case{Spec: doc, Credentials: cases.Common().With(more)}.Plan()
	if err != nil {
		return false
	}
	v := values(p)
	objects, err := cases.Plain(p, v)
	if err != nil {
		t.Fatal(err)
	}
	understood(t, p.Spec.Registry, objects, v)
	return true
}

// Whatever text reggen takes, the registry reads the same: out of the table
// above, and out of what chance makes of its pieces.
func TestAwkwardTextsArrive(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	texts := append([]string{}, awkward...)
	for range 60 {
		var b strings.Builder
		for range 1 + chance.IntN(4) {
			b.WriteString(awkward[chance.IntN(len(awkward))])
		}
		texts = append(texts, b.String())
	}
	for flavor := range registries {
		for place := range places {
			t.Run(string(flavor)+"/"+place, func(t *testing.T) {
				taken := 0
				for _, text := range texts {
					if arrives(t, string(flavor), place, text) {
						taken++
					}
					if t.Failed() {
						t.Fatalf("with %q", text)
					}
				}
				if taken == 0 {
					t.Error("reggen refuses every text: the place is wrong")
				}
				t.Logf("%d of %d texts taken", taken, len(texts))
				for _, name := range always {
					if name == place && taken < len(texts)*8/10 {
						t.Errorf("only %d of %d texts taken", taken, len(texts))
					}
				}
			})
		}
	}
}

// What reggen takes as an http secret survives the registry's YAML, and what
// it takes as a bucket's key arrives untouched.
func TestAwkwardSecretsArrive(t *testing.T) {
	const doc = `{"apiVersion": "reggen.dev/v1alpha1", "kind": "Registry", "metadata": {"name": "docker-registry", "namespace": "registry"},
		"spec": {"host": "registry.example.com", "storage": {"s3": {"region": "eu-central-1", "bucket": "images"}}}}`
	p, err := cases.Case{Spec: []byte(doc), Credentials: cases.Common().With(cases.Credentials{"s3": {"accessKey", "secretKey"}})}.Plan()
	if err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(3, 4))
	const letters = "abcdefABCDEFxXoOeEnNyYtT0123456789_.+-:#~"
	texts := append([]string{"e1000000000000000", "true0000000000000", "infinityinfinity", "x0000000000000000", "A23456789E1234567"}, awkward...)
	for range 400 {
		var b strings.Builder
		for range 16 + chance.IntN(16) {
			b.WriteByte(letters[chance.IntN(len(letters)-chance.IntN(2)*7)])
		}
		texts = append(texts, b.String())
	}
	https, keys := 0, 0
	for _, text := range texts {
		v := values(p)
		if credential.CheckHTTPSecret(text) == "" {
			v[secret.HTTPSecret] = text
			https++
		}
		if credential.CheckS3Key(text) == "" && utf8.ValidString(text) {
			v[secret.S3AccessKey], v[secret.S3SecretKey] = text, text+text
			keys++
		}
		objects, err := cases.Plain(p, v)
		if err != nil {
			t.Fatal(err)
		}
		understood(t, p.Spec.Registry, objects, v)
		if t.Failed() {
			t.Fatalf("with %q", text)
		}
	}
	if https < 20 || keys < len(awkward) {
		t.Errorf("only %d http secrets and %d keys of %d were taken", https, keys, len(texts))
	}
}

// Whatever text a credential holds that the registry's variables hand on, the
// registry reads the same, in each flavor: a cache's login, Redis' password, a
// secret header, Swift's user.
func TestAwkwardSettingsArrive(t *testing.T) {
	for flavor, doc := range map[string]string{
		"distribution":    `{"storage": {"filesystem": {}}, "image": {"flavor": "distribution"}, PLUS}`,
		"distribution-v2": `{"storage": {"swift": {"authURL": "https://keystone.example.com", "container": "images"}}, "image": {"flavor": "distribution-v2"}, PLUS}`,
		"gitlab":          `{"storage": {"filesystem": {}}, "image": {"flavor": "gitlab", "tag": "v2.13.1-gitlab"}, PLUS}`,
	} {
		t.Run(flavor, func(t *testing.T) {
			const plus = `"host": "registry.example.com", "proxy": {"remoteURL": "https://registry-1.docker.io"}, "redis": {"addrs": ["redis:6379"]},
				"notifications": {"endpoints": {"ci": {"url": "https://ci.example.com", "headers": {"X-A": "b"}}}}`
			more := cases.Credentials{"proxy": {"username", "password"}, "config": {"REGISTRY_REDIS_PASSWORD", "notifications.ci.Authorization"}}
			if flavor == "distribution-v2" {
				more["swift"] = []string{"username", "password"}
			}
			text := `{"apiVersion": "reggen.dev/v1alpha1", "kind": "Registry", "metadata": {"name": "docker-registry", "namespace": "registry"}, "spec": ` + strings.Replace(doc, "PLUS", plus, 1) + `}`
			p, err := cases.Case{Spec: []byte(text), Credentials: cases.Common().With(more)}.Plan()
			if err != nil {
				t.Fatal(err)
			}
			taken := 0
			for _, text := range awkward {
				if credential.CheckLine(text) != "" || !utf8.ValidString(text) {
					continue
				}
				taken++
				v := values(p)
				for ref := range v {
					switch field, config := strings.CutPrefix(string(ref), string(secret.ConfigRef(""))); {
					case config:
						v[ref] = credential.ConfigForm(field, text)
					case ref == secret.ProxyUsername, ref == secret.ProxyPassword, ref == secret.SwiftUsername, ref == secret.SwiftPassword:
						v[ref] = credential.QuoteYAML(text)
					}
				}
				objects, err := cases.Plain(p, v)
				if err != nil {
					t.Fatal(err)
				}
				understood(t, p.Spec.Registry, objects, v)
				if t.Failed() {
					t.Fatalf("with %q", text)
				}
			}
			if taken < len(awkward)-3 {
				t.Errorf("only %d of %d texts were taken", taken, len(awkward))
			}
		})
	}
}
