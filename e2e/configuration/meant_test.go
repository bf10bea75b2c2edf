package configuration

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/storage"
)

// expectation is a value of the registry's configuration and the path that it
// is expected at; nil is nothing there.
type expectation struct {
	path []string
	want any
}

// meant is what the spec says about the registry's configuration, in the words
// of that configuration. Numbers are float64, as JSON has them.
func meant(t testing.TB, r *spec.Registry, values map[secret.Ref]string) []expectation {
	t.Helper()
	s := r.Spec
	var out []expectation
	add := func(want any, path ...string) { out = append(out, expectation{path, want}) }

	if s.Auth.Anonymous {
		add(nil, "auth")
	} else {
		add(s.Auth.Realm, "auth", "htpasswd", "realm")
		add("/auth/htpasswd", "auth", "htpasswd", "path")
	}
	add(":5000", "http", "addr")
	if http, _ := s.Config["http"].(map[string]any); http["draintimeout"] == nil {
		add("2m0s", "http", "draintimeout")
	}
	if v, ok := values[secret.HTTPSecret]; ok {
		add(v, "http", "secret")
	}
	if s.Ingress != nil || s.Gateway != nil {
		add("https://"+s.Host, "http", "host")
	}
	if s.Metrics != nil {
		add(":"+strconv.Itoa(*s.Metrics.Port), "http", "debug", "addr")
		add(true, "http", "debug", "prometheus", "enabled")
	}
	if s.Proxy != nil {
		add(s.Proxy.RemoteURL, "proxy", "remoteurl")
	}
	out = append(out, settings(t, r, values)...)
	if s.ReadOnly {
		add(true, "storage", "maintenance", "readonly", "enabled")
	} else {
		add(nil, "storage", "maintenance")
	}
	out = append(out, stored(t, r, values)...)
	spread(s.Config, nil, &out)
	return out
}

// unquoted is the text that a Secret holds in YAML's quotes.
func unquoted(t testing.TB, quoted string) string {
	t.Helper()
	var text string
	if err := json.Unmarshal([]byte(quoted), &text); err != nil {
		t.Fatal(err)
	}
	return text
}

// settings are what the spec and a config credential say beside the storage.
func settings(t testing.TB, r *spec.Registry, values map[secret.Ref]string) []expectation {
	t.Helper()
	s := r.Spec
	var out []expectation
	add := func(want any, path ...string) { out = append(out, expectation{path, want}) }
	if s.Proxy != nil {
		for name, ref := range map[string]secret.Ref{"username": secret.ProxyUsername, "password": secret.ProxyPassword} {
			if v, ok := values[ref]; ok {
				add(unquoted(t, v), "proxy", name)
			}
		}
	}
	if s.TLS != nil {
		add("/etc/registry-tls/tls.crt", "http", "tls", "certificate")
		add("/etc/registry-tls/tls.key", "http", "tls", "key")
	}
	if s.Redis != nil {
		add("redis", "storage", "cache", "blobdescriptor")
		if s.Redis.DB > 0 {
			add(float64(s.Redis.DB), "redis", "db")
		}
		if s.Image.Flavor == spec.Distribution {
			var all []any
			for _, a := range s.Redis.Addrs {
				all = append(all, a)
			}
			add(all, "redis", "addrs")
			add(unless(s.Redis.Username), "redis", "username")
		} else {
			add(s.Redis.Addrs[0], "redis", "addr")
		}
		if v, ok := values[secret.ConfigRef("REGISTRY_REDIS_PASSWORD")]; ok {
			add(unquoted(t, v), "redis", "password")
		}
	}
	if n := s.Notifications; n != nil {
		if n.IncludeReferences { // no is what it says when nothing is said
			add(true, "notifications", "events", "includereferences")
		}
		var all []any
		for _, name := range slices.Sorted(maps.Keys(n.Endpoints)) {
			e := n.Endpoints[name]
			one := map[string]any{"name": name, "url": e.URL, "disabled": e.Disabled}
			headers := map[string]any{}
			for k, v := range e.Headers {
				headers[k] = []any{v}
			}
			for ref, v := range values {
				if k, is := strings.CutPrefix(string(ref), string(secret.ConfigRef("notifications."+name+"."))); is {
					headers[k] = []any{unquoted(t, `"`+v+`"`)}
				}
			}
			if len(headers) > 0 {
				one["headers"] = headers
			}
			all = append(all, one)
		}
		add(all, "notifications", "endpoints")
	}
	return out
}

// stored is what spec.storage means. A kind that isn't here fails.
func stored(t testing.TB, r *spec.Registry, values map[secret.Ref]string) []expectation {
	t.Helper()
	var out []expectation
	add := func(want any, path ...string) {
		out = append(out, expectation{append([]string{"storage"}, path...), want})
	}
	kinds := 0
	v := reflect.ValueOf(r.Spec.Storage)
	for i := range v.NumField() {
		if v.Field(i).IsNil() {
			continue
		}
		kinds++
		switch s := v.Field(i).Interface().(type) {
		case *storage.S3:
			style := "forcepathstyle"
			if r.Spec.Image.Flavor == spec.GitLab {
				style = "pathstyle"
			}
			add(s.Bucket, "s3", "bucket")
			add(s.Region, "s3", "region")
			add(unless(s.Endpoint), "s3", "regionendpoint")
			add(unless(s.RootDirectory), "s3", "rootdirectory")
			if r.Spec.Image.Flavor != spec.DistributionV2 { // which knows no such key
				add(*s.ForcePathStyle, "s3", style)
			}
			add(*s.Encrypt, "s3", "encrypt")
			add(*s.Secure, "s3", "secure")
			add(!*s.Redirect, "redirect", "disable")
			add(nil, "s3", "accesskey") // in the environment, as AWS_ACCESS_KEY_ID
			add(nil, "s3", "secretkey")
		case *storage.Azure:
			add(s.AccountName, "azure", "accountname")
			add(s.Container, "azure", "container")
			add(unless(s.Realm), "azure", "realm")
			add(unless(s.RootDirectory), "azure", "rootdirectory")
			add(!*s.Redirect, "redirect", "disable")
			kind := any("shared_key")
			if s.AmbientCredentials {
				kind = "default_credentials"
			}
			if r.Spec.Image.Flavor != spec.Distribution {
				kind = nil // version 2 knows the account's key alone
			}
			add(kind, "azure", "credentials", "type")
			if key, ok := values[secret.AzureAccountKey]; ok {
				add(key, "azure", "accountkey")
			}
		case *storage.GCS:
			add(s.Bucket, "gcs", "bucket")
			add(unless(s.RootDirectory), "gcs", "rootdirectory")
			add(!*s.Redirect, "redirect", "disable")
			if key, ok := values[secret.GCSKey]; ok {
				var fields map[string]any
				if err := json.Unmarshal([]byte(key), &fields); err != nil {
					t.Fatal(err)
				}
				for name, v := range fields {
					add(v, "gcs", "credentials", name)
				}
			}
		case *storage.Swift:
			add(s.AuthURL, "swift", "authurl")
			add(s.Container, "swift", "container")
			add(unless(s.Region), "swift", "region")
			add(unless(s.Tenant), "swift", "tenant")
			add(unless(s.Domain), "swift", "domain")
			add(unless(s.RootDirectory), "swift", "prefix")
			for name, ref := range map[string]secret.Ref{"username": secret.SwiftUsername, "password": secret.SwiftPassword} {
				if quoted, ok := values[ref]; ok {
					add(unquoted(t, quoted), "swift", name) // the Secret holds it quoted for YAML
				}
			}
		case *storage.Filesystem:
			add("/var/lib/registry", "filesystem", "rootdirectory")
		default:
			t.Fatalf("nothing here says what %T means in the registry's configuration", s)
		}
	}
	if kinds != 1 {
		t.Fatalf("%d kinds of storage", kinds)
	}
	return out
}

func unless(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// spread adds every leaf of spec.config.
func spread(v any, path []string, out *[]expectation) {
	if m, ok := v.(map[string]any); ok && len(m) > 0 {
		for k, e := range m {
			spread(e, append(append([]string{}, path...), k), out)
		}
		return
	}
	if len(path) > 0 {
		*out = append(*out, expectation{path, v})
	}
}

// compare reports each expectation that isn't met.
func compare(t testing.TB, config map[string]any, all []expectation) {
	t.Helper()
	if len(all) < 4 {
		t.Fatal("the spec means next to nothing")
	}
	for _, e := range all {
		got := at(config, e.path...)
		if e.want == nil && empty(got) {
			continue
		}
		if !covers(got, e.want) {
			t.Errorf("%v is %#v to the registry; the spec meant %#v", e.path, got, e.want)
		}
	}
}

// covers says that got is what is wanted; mappings inside of lists may hold
// more, which the parser fills in.
func covers(got, want any) bool {
	switch w := want.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		for k, e := range w {
			if !covers(g[k], e) {
				return false
			}
		}
		return g != nil
	case []any:
		g, isList := got.([]any)
		if !isList || len(g) != len(w) {
			return false
		}
		for i, e := range w {
			if !covers(g[i], e) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(number(got), number(want))
}

// empty is what a parser writes back for something that isn't there.
func empty(v any) bool {
	m, isMap := v.(map[string]any)
	return v == nil || v == "" || isMap && len(m) == 0
}

func number(v any) any {
	switch t := v.(type) {
	case int:
		return float64(t)
	case int64:
		return float64(t)
	}
	return v
}

// The comparison compares.
func TestCompare(t *testing.T) {
	config := map[string]any{"a": map[string]any{"b": "0755", "c": false, "d": float64(3)}}
	for _, c := range []struct {
		want any
		path []string
		good bool
	}{
		{"0755", []string{"a", "b"}, true}, {float64(493), []string{"a", "b"}, false}, {false, []string{"a", "c"}, true}, {nil, []string{"a", "c"}, false},
		{nil, []string{"x", "y"}, true}, {map[string]any{"b": "0755"}, []string{"a"}, true}, {map[string]any{"b": ""}, []string{"a"}, false}, {[]any{}, []string{"a"}, false},
		{"x", []string{"x"}, false}, {3, []string{"a", "d"}, true},
	} {
		r := &recorder{TB: t}
		compare(r, config, []expectation{{c.path, c.want}, {c.path, c.want}, {c.path, c.want}, {c.path, c.want}})
		if (len(r.errors) == 0) != c.good {
			t.Errorf("%v %v: %v", c.path, c.want, r.errors)
		}
	}
}

// recorder keeps errors instead of failing.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
