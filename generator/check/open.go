package check

import (
	"regexp"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
)

// openRegistry: where the spec has users, the registry asks for them. What
// takes the question away, a patch for instance, has to say so in the spec.
func openRegistry(s Subject) problem.List {
	var l problem.List
	if s.Registry == nil || s.Registry.Spec.Auth.Anonymous {
		return nil
	}
	for _, r := range look(s.Objects).serving() {
		mine := text(r.object, "metadata", "labels", "release") == s.Registry.Metadata.Name
		if mine && r.config.values != nil && !r.section("auth") {
			l.Add(problem.Problem{File: s.Root, Path: r.config.path("auth"), What: r.config.object.ID().String() + " has none: everybody may push and pull",
				Want: "what the spec says, without a patch of it; or spec.auth.anonymous: true said aloud"})
		}
	}
	return l
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
		guessed := r.inside != nil && !r.says().Official() && !slices.ContainsFunc(sortedKeys(r.env), told.MatchString) // by the image's name alone
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
var asking = regexp.MustCompile(`(?i)auth|middleware|whitelist|allowlist|source-range|oidc|waf|inbound-cidrs|client-ca|scheme$|internal`)

// reached are what lets others than the cluster's own come to a registry, and
// doesn't ask them anything either, as far as it says.
func (b *build) reached(r registry) []object.Object {
	var out []object.Object
	for _, o := range b.fronts(r) {
		if !slices.ContainsFunc(sortedKeys(o.Map("metadata", "annotations")), asking.MatchString) {
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
		if text(o, "spec", "type") == "LoadBalancer" && len(list(o, "spec", "loadBalancerSourceRanges")) == 0 && !slices.ContainsFunc(sortedKeys(o.Map("metadata", "annotations")), asking.MatchString) {
			out = append(out, o)
		}
	}
	return out
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}
