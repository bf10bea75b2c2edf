package rendered

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator/object"
)

// Unasked are the configurations of a release's registries that ask nobody who
// they are: the ConfigMap, and where in it that would stand.
func Unasked(objects []object.Object, release string) (out []Found) {
	for _, r := range look(objects).serving() {
		mine := text(r.object, "metadata", "labels", "release") == release
		if mine && r.config.values != nil && !r.section("auth") {
			out = append(out, Found{In: r.config.object.ID(), Path: r.config.path("auth")})
		}
	}
	return out
}

// openFront: whoever reaches a registry that asks nobody may do everything.
func openFront(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		logins := r.logins()
		silly := slices.Equal(logins, []string{"silly"})
		// A login that this version doesn't know is no open door: it doesn't start.
		some := r.setting("auth")
		anyone := len(logins) == 0 && (!some.set || some.value == nil) || slices.Equal(logins, []string{"none"}) || silly
		cas, _ := r.setting("http", "tls", "clientcas").value.([]any)
		guessed := r.inside != nil && !r.says().Official() && !slices.ContainsFunc(sortedKeys(r.env), told().MatchString) // by the image's name alone
		if !anyone || guessed || b.hidden(r) || len(cas) > 0 || slices.Contains(b.anonymous, text(r.object, "metadata", "labels", "release")) {
			continue
		}
		for _, front := range b.reached(r) {
			what := "leads to %s, which asks nobody who they are: everybody may push and pull"
			if silly {
				what = "leads to %s, which takes any header for a login: everybody may push and pull"
			}
			h := at(front, "", "auth.htpasswd in its configuration", what, r.object.ID())
			if url, _ := r.setting("proxy", "remoteurl").value.(string); url != "" {
				h.severity = Warning
				h.what = strings.Replace(h.what, "push and pull", "pull, with its login to the upstream", 1)
			}
			l = append(l, h)
		}
	}
	return l
}

// asking are words in the names of annotations by which what stands in front
// asks, or lets only some come.
var asking = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)auth|middleware|whitelist|allowlist|source-range|oidc|waf|inbound-cidrs|client-ca|scheme$|internal`)
})

// reached are what lets others than the cluster's own come to a registry, and
// doesn't ask them anything either, as far as it says.
func (b *build) reached(r registry) []object.Object {
	var out []object.Object
	for _, o := range b.fronts(r) {
		if !slices.ContainsFunc(sortedKeys(o.Map("metadata", "annotations")), asking().MatchString) {
			out = append(out, o)
		}
	}
	for _, o := range b.routes(r) {
		filters := 0
		for _, rule := range list(o, "spec", "rules") {
			for _, f := range list(asMap(rule), "filters") {
				if text(f, "type") == "ExtensionRef" {
					filters++
				}
			}
		}
		if filters == 0 {
			out = append(out, o)
		}
	}
	for _, name := range sortedKeys(b.services(r)) {
		o := b.find("Service", r.object.Namespace(), name)
		if text(o, "spec", "type") == "LoadBalancer" && len(list(o, "spec", "loadBalancerSourceRanges")) == 0 && !slices.ContainsFunc(sortedKeys(o.Map("metadata", "annotations")), asking().MatchString) {
			out = append(out, o)
		}
	}
	return out
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}
