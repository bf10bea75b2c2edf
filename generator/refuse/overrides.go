package refuse

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

// secretKey matches names under which charts and registries keep secrets; the
// names of Secrets and of their keys are none.
var (
	secretKey = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)(password|passwd|passphrase|secret|token|accesskey|access_key|secretkey|accountkey|privatekey|private_key|htpasswd|credential|apikey|api_key|authorization)`)
	})
	reference = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)(ref|name|names|path|file|realm|existingsecret|imagepullsecrets|pullsecrets|keyname|existingsecret\w*key|(password|passwd|token|username)(secret)?key|ttl|audience|expirationseconds|rotationdays)$`)
	})
	// secretText matches what no name gives away: bcrypt hashes, PEM blocks,
	// age keys, URLs with a user and a password, HTTP credentials, AWS key
	// ids, passwords among a program's arguments.
	secretText = regexp.MustCompile(`\$2[aby]\$\d\d\$|-----BEGIN [A-Z ]*(PRIVATE|SECRET)|AGE-SECRET-KEY-|://[^/@\s:]+:[^/@\s]+@` +
		`|(?i:^\s*(bearer|basic)\s+\S)|\b(AKIA|ASIA)[0-9A-Z]{16}\b|(?i:^--?[a-z-]*(password|passwd|token|secret)[a-z-]*[= ]\S)`)
)

// aFile matches paths as people write them, and takesFile the names under which
// the registry and the clouds' libraries take one: the privatekey of
// CloudFront, GOOGLE_APPLICATION_CREDENTIALS.
var (
	aFile     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(/[a-z0-9._-]+){2,}$`) })
	takesFile = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)(privatekey|private_key|credentials)$`) })
)

const wayOut = "a spec and its values are readable; secrets belong in an encrypted credential:\nreggen credential set s3, reggen user add NAME, or sops edit for the machine's"

// refuseSecrets reports what looks like a secret in readable values. It never
// quotes one.
func refuseSecrets(l *problem.List, path string, v any, public map[string]bool) {
	switch t := v.(type) {
	case map[string]any:
		// An environment variable, as Kubernetes writes it.
		if name, _ := t["name"].(string); name != "" && secretKey().MatchString(name) && !reference().MatchString(name) && filled(name, t["value"]) {
			l.Add(problem.Problem{Path: join(path, "value"), What: fmt.Sprintf("looks like a secret, of the variable %s", name), Want: "valueFrom.secretKeyRef", Next: wayOut})
			return
		}
		for _, k := range slices.Sorted(maps.Keys(t)) {
			at := join(path, k)
			if secretKey().MatchString(k) && !reference().MatchString(k) && filled(k, t[k]) && !public[at] {
				l.Add(problem.Problem{Path: at, What: "looks like a secret", Next: wayOut})
				continue
			}
			refuseSecrets(l, at, t[k], public)
		}
	case []any:
		for i, e := range t {
			refuseSecrets(l, fmt.Sprintf("%s[%d]", path, i), e, public)
		}
	case string:
		if secretText.MatchString(t) {
			l.Add(problem.Problem{Path: path, What: "looks like a secret", Next: wayOut})
		}
	}
}

// Looks says whether a value under a key looks like a secret.
func Looks(key string, v any) bool {
	text, _ := v.(string)
	return secretKey().MatchString(key) && !reference().MatchString(key) && filled(key, v) || secretText.MatchString(text)
}

// refuseTexts does so for annotations, whose keys are no names of values: one
// with "token" in it may well hold a number.
func refuseTexts(l *problem.List, path string, m map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		refuseSecrets(l, join(path, k), m[k], nil)
	}
}

// filled says that a value is a scalar that holds something, or a list of such.
// Yes and no are no secrets, as in Access-Control-Allow-Credentials, nor are
// files where the name asks for one.
func filled(name string, v any) bool {
	switch t := v.(type) {
	case nil, map[string]any, bool:
		return false
	case []any:
		return slices.ContainsFunc(t, func(e any) bool { return filled(name, e) })
	case string:
		return t != "" && t != "true" && t != "false" && !(takesFile().MatchString(name) && aFile().MatchString(t))
	}
	return true
}

// owned are the variables by which the registry would take from its
// environment what the spec says.
var owned = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(REGISTRY_(AUTH|STORAGE|HTTP_(ADDR|SECRET|HOST|TLS))(_|$)|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)$)`)
})

// fields are the spec's for variables of another kind.
var fields = []struct{ variable, field string }{
	{"REGISTRY_HTTP_DEBUG", "spec.metrics"},
	{"REGISTRY_PROXY_REMOTEURL", "spec.proxy.remoteURL"},
	{"REGISTRY_PROXY_USERNAME", "a credential of type proxy"},
	{"REGISTRY_PROXY_PASSWORD", "a credential of type proxy"},
	{"REGISTRY_PROXY_TTL", "spec.proxy.ttl"},
	{"REGISTRY_REDIS_ADDR", "spec.redis"},
	{"REGISTRY_REDIS_ADDRS", "spec.redis"},
	{"REGISTRY_REDIS_DB", "spec.redis"},
	{"REGISTRY_REDIS_USERNAME", "spec.redis"},
	{"REGISTRY_NOTIFICATIONS", "spec.notifications; a secret header is notifications.<endpoint>.<header> of a config credential"},
}

// Models says which field of the spec, or which credential, says what a
// variable of the registry would say; "" when none does.
func Models(variable string) string {
	for _, f := range fields {
		if variable == f.variable || strings.HasPrefix(variable, f.variable+"_") {
			return f.field
		}
	}
	if owned().MatchString(variable) {
		return "spec.auth, spec.storage or a credential"
	}
	return ""
}

// environmentConflicts reports variables at a path that say what the spec
// says.
func environmentConflicts(l *problem.List, at string, list any) {
	env, _ := list.([]any)
	for i, e := range env {
		entry, _ := e.(map[string]any)
		name, _ := entry["name"].(string)
		if want := Models(name); want != "" {
			l.Add(problem.Problem{Path: fmt.Sprintf("%s[%d]", at, i), What: fmt.Sprintf("%s would overrule the spec", name), Want: want})
		}
	}
}

// labelConflicts reports labels that the chart sets itself: it would keep its
// own, without a word.
func labelConflicts(l *problem.List, at string, values map[string]any) {
	for _, path := range [][]string{{"commonLabels"}, {"podLabels"}, {"service", "labels"}, {"ingress", "labels"}, {"garbageCollect", "podLabels"}} {
		for _, k := range slices.Sorted(maps.Keys(object.Object(values).Map(path...))) {
			if spec.IsOwnLabel(k) {
				l.Add(problem.Problem{Path: join(at+"."+strings.Join(path, "."), k), What: spec.OwnLabel, Want: "another key"})
			}
		}
	}
}

// conflicts reports values that say something else than the spec where the
// spec is the place to say it.
func conflicts(l *problem.List, path string, derived, values map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(values)) {
		at, v := join(path, k), values[k]
		d, ours := derived[k]
		if !ours {
			continue
		}
		below, isMap := d.(map[string]any)
		over, also := v.(map[string]any)
		if isMap && also {
			conflicts(l, at, below, over)
			continue
		}
		if !reflect.DeepEqual(number(d), number(v)) {
			l.Add(problem.Problem{Path: at, What: "says something else than the spec", Want: place(at), Next: "set it there and take it out of spec.values"})
		}
	}
}

// number makes the numbers of Go literals and of decoded YAML comparable.
func number(v any) any {
	switch t := v.(type) {
	case int:
		return float64(t)
	case int64:
		return float64(t)
	}
	return v
}

// places are the spec's fields for what people set under values.
var places = []struct{ value, field string }{
	{"spec.values.replicaCount", "spec.replicas"},
	{"spec.values.image", "spec.image"},
	{"spec.values.imagePullSecrets", "spec.image.pullSecrets"},
	{"spec.values.s3", "spec.storage.s3"},
	{"spec.values.azure", "spec.storage.azure"},
	{"spec.values.gcs", "spec.storage.gcs"},
	{"spec.values.swift", "spec.storage.swift"},
	{"spec.values.storage", "spec.storage"},
	{"spec.values.persistence", "spec.storage.filesystem"},
	{"spec.values.ingress", "spec.ingress (and spec.host)"},
	{"spec.values.gateway", "spec.gateway (and spec.host)"},
	{"spec.values.tlsSecretName", "spec.tls"},
	{"spec.values.redis", "spec.redis"},
	{"spec.values.notifications", "spec.notifications"},
	{"spec.values.resources", "spec.resources"},
	{"spec.values.auth", "spec.auth"},
	{"spec.values.extraEnvVars", "spec.extra.env"},
	{"spec.values.extraVolumeMounts", "spec.extra.volumeMounts"},
	{"spec.values.extraVolumes", "spec.extra.volumes"},
	{"spec.values.initContainers", "spec.extra.initContainers"},
	{"spec.values.podDisruptionBudget", "spec.disruptionBudget"},
	{"spec.values.autoscaling", "spec.autoscaling"},
	{"spec.values.networkPolicy", "spec.networkPolicy"},
	{"spec.values.metrics", "spec.metrics"},
	{"spec.values.readOnly", "spec.readOnly"},
	{"spec.values.garbageCollect", "spec.garbageCollection"},
	{"spec.values.proxy", "spec.proxy"},
	{"spec.values.serviceAccount", "spec.serviceAccount"},
	{"spec.values.service", "spec.service"},
	{"spec.values.nodeSelector", "spec.scheduling.nodeSelector"},
	{"spec.values.affinity", "spec.scheduling.affinity"},
	{"spec.values.tolerations", "spec.scheduling.tolerations"},
	{"spec.values.topologySpreadConstraints", "spec.scheduling.topologySpread"},
	{"spec.values.priorityClassName", "spec.scheduling.priorityClassName"},
	{"spec.values.secrets", "an existingSecret under spec.storage"},
	{"spec.values.commonLabels", "metadata.labels"},
	{"spec.values.commonAnnotations", "metadata.annotations"},
}

func place(path string) string {
	for _, p := range places {
		if strings.HasPrefix(path, p.value) {
			return p.field
		}
	}
	return "the spec's own field"
}
