package configuration

import (
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// given reads a configuration as check does; fields named in blind are set to
// what can't be seen.
func given(t *testing.T, major, text string, blind ...string) Given {
	t.Helper()
	var values map[string]any
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	g := Given{Major: major, File: true}
	g.Read = func(path ...string) Setting {
		if slices.Contains(blind, strings.Join(path, ".")) {
			return Setting{Set: true, Blind: true}
		}
		var v any = values
		set := true
		for _, p := range path {
			m, _ := v.(map[string]any)
			v, set = m[p]
		}
		return Setting{Value: v, Set: set}
	}
	g.List = func(path ...string) []string {
		var out []string
		list, _ := g.Read(path...).Value.([]any)
		for _, e := range list {
			m, _ := e.(map[string]any)
			name, _ := m["name"].(string)
			out = append(out, name)
		}
		return out
	}
	for name, into := range map[string]*[]string{"storage": &g.Drivers, "auth": &g.Auth} {
		section, _ := values[name].(map[string]any)
		for _, key := range sortedKeys(section) {
			if !slices.Contains(notDrivers, key) {
				*into = append(*into, key)
			}
		}
	}
	return g
}

const s3 = "version: 0.1\nhttp: {addr: ':5000'}\nstorage: {s3: {bucket: b, region: eu-central-1}}\n"

func TestEnds(t *testing.T) {
	for name, c := range map[string]struct {
		major, text string
		blind       []string
		want        string // the fields, in order
	}{
		"sound":                              {"3", s3, nil, ""},
		"nothing":                            {"3", "{}", nil, "version storage http.addr"},
		"what can't be seen is right":        {"3", s3, []string{"storage.s3.region", "storage.s3.bucket", "storage.s3.chunksize"}, ""},
		"version 3 needs no region":          {"3", strings.Replace(s3, "region: eu-central-1", "regionendpoint: 'http://minio:9000'", 1), nil, ""},
		"version 2 does":                     {"2", strings.Replace(s3, "region: eu-central-1", "regionendpoint: 'http://minio:9000'", 1), nil, "storage.s3.region"},
		"any region for an endpoint":         {"2", strings.Replace(s3, "eu-central-1", "nyc3, regionendpoint: 'http://minio:9000'", 1), nil, ""},
		"a size with a unit":                 {"3", strings.Replace(s3, "bucket: b", "bucket: b, chunksize: 5242880b", 1), nil, ""},
		"a size in megabytes":                {"3", strings.Replace(s3, "bucket: b", "bucket: b, chunksize: 10M", 1), nil, "storage.s3.chunksize"},
		"half a byte":                        {"3", strings.Replace(s3, "bucket: b", "bucket: b, chunksize: 5242880.5", 1), nil, "storage.s3.chunksize"},
		"a class of nothing":                 {"3", strings.Replace(s3, "bucket: b", "bucket: b, storageclass: ''", 1), nil, "storage.s3.storageclass"},
		"a switch as a text":                 {"3", strings.Replace(s3, "bucket: b", "bucket: b, secure: 'true'", 1), nil, ""},
		"a socket needs no port":             {"3", strings.Replace(s3, "addr: ':5000'", "net: unix, addr: /run/registry.sock", 1), nil, ""},
		"an IPv6 address without a port":     {"3", strings.Replace(s3, "addr: ':5000'", "addr: '[::1]'", 1), nil, "http.addr"},
		"a version of TLS without TLS":       {"3", strings.Replace(s3, "addr: ':5000'", "addr: ':5000', tls: {minimumtls: x}", 1), nil, ""},
		"a version of TLS with it":           {"3", strings.Replace(s3, "addr: ':5000'", "addr: ':5000', tls: {certificate: a, key: b, minimumtls: tls9}", 1), nil, "http.tls.minimumtls"},
		"a realm that is a number":           {"3", s3 + "auth: {htpasswd: {realm: 1, path: /a}}\n", nil, "auth.htpasswd.realm"},
		"nobody is asked":                    {"3", s3 + "auth: none\n", nil, ""},
		"uploads that are not purged":        {"3", strings.Replace(s3, "s3:", "maintenance: {uploadpurging: {enabled: false}}, s3:", 1), nil, ""},
		"a redis that is named":              {"3", strings.Replace(s3, "s3:", "cache: {blobdescriptor: redis}, s3:", 1) + "redis: {addrs: ['a:1']}\n", nil, ""},
		"one that either version may take":   {"", strings.Replace(s3, "s3:", "cache: {layerinfo: redis}, s3:", 1) + "redis: {addr: 'a:1'}\n", nil, ""},
		"one that can't be seen":             {"2", strings.Replace(s3, "s3:", "cache: {layerinfo: redis}, s3:", 1), []string{"redis.addr"}, ""},
		"the second of two middlewares":      {"3", s3 + "middleware: {storage: [{name: cloudfront}, {name: squid}]}\n", nil, "middleware.storage[1].name"},
		"an upstream in capitals":            {"3", s3 + "proxy: {remoteurl: 'HTTPS://a'}\n", nil, ""},
		"an upstream with a port, no scheme": {"3", s3 + "proxy: {remoteurl: 'a:5000'}\n", nil, "proxy.remoteurl"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, l := range Ends(given(t, c.major, c.text, c.blind...)) {
				got = append(got, strings.Join(l.Field, "."))
				if l.What == "" || l.Want == "" {
					t.Errorf("%v says nothing", l.Field)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%v, want %q", got, c.want)
			}
		})
	}
}

func TestRegions(t *testing.T) {
	for name, is := range map[string]bool{"eu-central-1": true, "us-gov-west-1": true, "nyc3": false, "eu-nowhere-7": false, "": false, "#": false} {
		if regions()[name] != is {
			t.Errorf("%q is a region: %v", name, !is)
		}
	}
}
