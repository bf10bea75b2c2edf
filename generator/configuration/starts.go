package configuration

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Setting is what the registry takes for a field: the file's value, or that of
// a variable that overrules it.
type Setting struct {
	Value any
	Set   bool
	Blind bool // it is set, to what can't be seen
}

// Given is what a registry is started with.
type Given struct {
	Major   string                        // of the version, "" where nothing says it
	File    bool                          // it reads a configuration file that is here
	Drivers []string                      // the storages that it names
	Auth    []string                      // the ways to log in that it names
	Read    func(path ...string) Setting  // a field
	List    func(path ...string) []string // the names of a list's entries
}

// Lack is why a registry ends at its start, or isn't where anybody looks for it.
type Lack struct {
	Field      []string
	What, Want string
}

// Ends tells why a registry of distribution's ends or panics when it starts,
// apart from values of the wrong kind, which InFile tells. What can't be seen is
// taken to be right. e2e/pitfalls asks the real one.
func Ends(g Given) []Lack {
	j := judge{Given: g}
	j.top()
	j.auth()
	for _, driver := range g.Drivers {
		if driver == "s3" || driver == "s3aws" {
			j.s3(driver)
		}
	}
	j.http()
	j.around()
	return j.out
}

type judge struct {
	Given
	out []Lack
}

func (j *judge) lacks(what, want string, field ...string) {
	j.out = append(j.out, Lack{field, what + ": the registry doesn't start", want})
}

// needs is a text that has to be there; it says whether it is, as far as
// anybody can see.
func (j *judge) needs(field ...string) bool {
	s := j.Read(field...)
	text, isText := s.Value.(string)
	switch {
	case s.Blind:
		return true
	case s.Value == nil || isText && text == "":
		j.lacks("is missing", "a value", field...)
		return false
	}
	return true
}

func (j *judge) top() {
	if v := j.Read("version"); j.File && v.Value == nil {
		j.lacks("is missing", "0.1", "version")
	}
	storage := j.Read("storage")
	name, named := storage.Value.(string)
	section, _ := storage.Value.(map[string]any)
	other := slices.ContainsFunc(sortedKeys(section), func(key string) bool { return !slices.Contains(notDrivers, key) })
	switch {
	case named && name != "" && !slices.Contains(Drivers(), name):
		j.lacks("is none that the registry knows", strings.Join(Drivers(), ", "), "storage")
	case !storage.Blind && len(j.Drivers) == 0 && !other && name == "":
		j.lacks("names none: the registry has nowhere to keep images", "one of "+strings.Join(Drivers(), ", "), "storage")
	}
}

// logins are the ways to log in and the texts that each needs.
var logins = map[string][]string{"htpasswd": {"realm", "path"}, "token": {"realm", "issuer", "service"}, "silly": {"realm", "service"}, "none": nil}

func (j *judge) auth() {
	if name, is := j.Read("auth").Value.(string); is && name != "" {
		if _, known := logins[strings.ToLower(name)]; !known {
			j.lacks("is none that the registry knows", strings.Join(sortedKeys(logins), ", "), "auth")
		}
	}
	if len(j.Auth) > 1 {
		j.lacks("names several, "+strings.Join(j.Auth, ", "), "one way to log in", "auth")
		return
	}
	for _, name := range j.Auth {
		for _, field := range logins[name] {
			s := j.Read("auth", name, field)
			if _, isText := s.Value.(string); !isText && !s.Blind {
				j.lacks("is missing, or no text", "a text", "auth", name, field)
			}
		}
	}
}

// sizes are the whole numbers of the S3 driver and their bounds.
var sizes = map[string][2]int64{
	"chunksize": {5 << 20, 5 << 30}, "multipartcopychunksize": {5 << 20, 5 << 30},
	"multipartcopymaxconcurrency": {1, 1<<63 - 1}, "multipartcopythresholdsize": {0, 5 << 30},
}

var classes = map[string][]string{
	"2": {"NONE", "STANDARD", "REDUCED_REDUNDANCY"},
	"3": {"NONE", "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "OUTPOSTS", "GLACIER_IR", "EXPRESS_ONEZONE"},
}

var acls = []string{"private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read", "bucket-owner-full-control"}

func (j *judge) s3(driver string) {
	j.region(driver)
	j.needs("storage", driver, "bucket")
	for _, name := range sortedKeys(sizes) {
		s, bounds := j.Read("storage", driver, name), sizes[name]
		if s.Value == nil {
			continue
		}
		n, whole := wholeNumber(s.Value)
		if !whole || n < bounds[0] || n > bounds[1] {
			want := fmt.Sprintf("a whole number from %d to %d, in bytes", bounds[0], bounds[1])
			if bounds[1] == 1<<63-1 {
				want = "a whole number, 1 at least"
			}
			j.lacks("is none that the driver takes", want, "storage", driver, name)
		}
	}
	for _, name := range []string{"accelerate", "encrypt", "forcepathstyle", "secure", "skipverify", "usedualstack", "v4auth"} {
		v := j.Read("storage", driver, name).Value
		text, isText := v.(string)
		_, isBool := v.(bool)
		if _, err := strconv.ParseBool(text); v != nil && !isBool && (!isText || err != nil) {
			j.lacks("is neither true nor false", "true or false", "storage", driver, name)
		}
	}
	known, ok := classes[j.Major]
	if !ok {
		known = classes["3"]
	}
	j.among("storage class", known, strings.ToUpper, "storage", driver, "storageclass")
	j.among("ACL", acls, func(s string) string { return s }, "storage", driver, "objectacl")
}

// region: an endpoint of its own needs none in version 3, and any will do.
func (j *judge) region(driver string) {
	s, endpoint := j.Read("storage", driver, "region"), j.Read("storage", driver, "regionendpoint")
	own := endpoint.Blind || endpoint.Value != nil && endpoint.Value != ""
	name, empty := fmt.Sprint(s.Value), s.Value == nil || s.Value == ""
	switch {
	case s.Blind || own && (j.Major != "2" || !empty):
	case empty:
		j.lacks("is missing", "the bucket's region; any where an endpoint is named", "storage", driver, "region")
	case !regions()[name]:
		j.lacks("is no region of AWS, and no endpoint is named", "a region such as eu-central-1, or storage."+driver+".regionendpoint", "storage", driver, "region")
	}
}

func (j *judge) among(kind string, known []string, as func(string) string, field ...string) {
	v := j.Read(field...).Value
	if text, isText := v.(string); v != nil && (!isText || !slices.Contains(known, as(text))) {
		j.lacks("is no "+kind+" that the registry takes", strings.TrimPrefix(strings.Join(known, ", "), ", "), field...)
	}
}

func wholeNumber(v any) (int64, bool) {
	switch n := v.(type) {
	case float64:
		return int64(n), n == float64(int64(n))
	case string: // the driver reads as far as there are digits
		end := strings.IndexFunc(n, func(r rune) bool { return r < '0' || r > '9' })
		if end < 0 {
			end = len(n)
		}
		whole, err := strconv.ParseInt(n[:end], 10, 64)
		return whole, err == nil
	}
	return 0, false
}

func (j *judge) http() {
	for _, field := range [][]string{{"http", "addr"}, {"http", "debug", "addr"}} {
		s := j.Read(field...)
		addr, _ := s.Value.(string)
		if j.File && field[1] == "addr" && !s.Blind && (s.Value == nil || s.Value == "") {
			j.out = append(j.out, Lack{field, "is missing: the registry listens on any port", "host:port, for instance :5000"})
		}
		if addr != "" && (field[1] == "debug" || j.Read("http", "net").Value != "unix") && !port(addr) {
			j.lacks("names no port", "host:port, for instance :5001", field...)
		}
	}
	certificate := j.Read("http", "tls", "certificate")
	if text, _ := certificate.Value.(string); text != "" || certificate.Blind {
		j.needs("http", "tls", "key")
		j.among("version of TLS", []string{"", "tls1.0", "tls1.1", "tls1.2", "tls1.3"}, func(s string) string { return s }, "http", "tls", "minimumtls")
	}
}

// port says whether an address has one behind its last colon.
func port(addr string) bool {
	colon := strings.LastIndex(addr, ":")
	return colon >= 0 && !strings.HasSuffix(addr, "]") && strings.Count(addr[:colon], ":") == 0 || colon > 0 && addr[colon-1] == ']'
}

func (j *judge) around() {
	cache := j.Read("storage", "cache", "blobdescriptor")
	field := "blobdescriptor"
	if !cache.Set {
		cache, field = j.Read("storage", "cache", "layerinfo"), "layerinfo"
	}
	if cache.Value == "redis" {
		addr, addrs := j.Read("redis", "addr"), j.Read("redis", "addrs")
		list, _ := addrs.Value.([]any)
		two := addr.Blind || addr.Value != nil && addr.Value != ""
		three := addrs.Blind || len(list) > 0 || len(j.List("redis", "addrs")) > 0
		if j.Major != "2" && !three && (j.Major == "3" || !two) || j.Major == "2" && !two {
			j.lacks("is redis, and no redis is named", "redis.addrs, in version 2 redis.addr", "storage", "cache", field)
		}
	}
	if url, _ := j.Read("proxy", "remoteurl").Value.(string); url != "" && !strings.HasPrefix(strings.ToLower(url), "http://") && !strings.HasPrefix(strings.ToLower(url), "https://") {
		j.lacks("has no scheme", "https:// before it", "proxy", "remoteurl")
	}
	j.among("format of a log", []string{"", "json", "text", "logstash"}, func(s string) string { return s }, "log", "formatter")
	for _, place := range []string{"registry", "repository", "storage"} {
		for i, name := range j.List("middleware", place) {
			if !slices.Contains(middlewares[place], name) {
				j.lacks("is no middleware that the registry brings", strings.Join(middlewares[place], ", "), "middleware", fmt.Sprintf("%s[%d]", place, i), "name")
			}
		}
	}
	if on := j.Read("storage", "maintenance", "uploadpurging", "enabled"); on.Value == false || !j.Read("storage", "maintenance", "uploadpurging").Set || on.Blind {
		return
	}
	for _, name := range []string{"age", "interval"} {
		s := j.Read("storage", "maintenance", "uploadpurging", name)
		text, _ := s.Value.(string)
		if _, err := time.ParseDuration(text); err != nil && !s.Blind {
			j.lacks("is missing, or no time", "for instance 168h", "storage", "maintenance", "uploadpurging", name)
		}
	}
}

// middlewares are those in the registry's own program.
var middlewares = map[string][]string{"storage": {"cloudfront", "redirect", "rewrite"}}
