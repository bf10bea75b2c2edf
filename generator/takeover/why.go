package takeover

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"
)

// Word says what a difference to a live release comes to.
type Word string

// The words.
const (
	Look   Word = "look" // it follows from the spec: does it say what was meant?
	Needed Word = "needed"
	Better Word = "better"
	Same   Word = "same in effect"
)

// Words are all of them, the most urgent first.
var Words = []Word{Look, Needed, Better, Same}

// How a difference changes a field: entries come or go, or a value changes.
const (
	Added   = "+"
	Removed = "-"
	Changed = "~"
)

// rule says what a difference comes to, by the kind of object, how a field changes, its
// whole path, and where it matters what stands there.
type rule struct {
	kind, how string
	path      *regexp.Regexp
	from, to  *regexp.Regexp
	word      Word
	reason    string
}

// why are the rules: nothing is called harmless that is not known to be. The first
// that fits counts.
var why = sync.OnceValue(func() []rule {
	return []rule{
		// What Helm and its charts write on objects.
		{"", "-", at(`metadata/annotations/meta\.helm\.sh/release-name(space)?`), nil, nil, Needed, "it is no release's any more"},
		{"", "-", at(`metadata/annotations`), re(`^meta\.helm\.sh/release-name(space)?: `), nil, Needed, "it is no release's any more"},
		{"", "-", at(`(.*/)?metadata/labels/(heritage|chart|helm\.sh/chart|app\.kubernetes\.io/managed-by)`), nil, nil, Same, "nothing of reggen's selects by it"},
		{"", "+", at(`(.*/)?metadata/labels/app\.kubernetes\.io/.*`), nil, nil, Better, "labels that tools look for"},
		{"", "", at(`.*/annotations/(checksum/(config|secret)|reggen\.dev/.*)`), nil, nil, Needed, "pods are replaced when what they read at their start changes"},
		{"Ingress", "+", at(`metadata/annotations/nginx\.ingress\.kubernetes\.io/proxy-(body-size|read-timeout|send-timeout|request-buffering)`), nil, nil, Better, "large layers and slow uploads get through"},
		{"Ingress", "-", at(`metadata/annotations/kubernetes\.io/ingress\.class`), nil, nil, Same, "spec.ingressClassName says it"},
		{"Ingress", "+", at(`spec/ingressClassName`), nil, nil, Same, "an annotation said it"},

		// How the registry is reached.
		{"Service", "~", at(`spec/ports/.*/targetPort`), re(`^(http|https|http-metrics|5000|5001)$`), re(`^(5000|5001)$`), Same, "the same port of the pods, by its number"},
		{"Ingress", "", at(`.*/backend/service/port(/(name|number))?`), nil, re(`^$|5000`), Same, "the same port, by its number"},
		{"Service", "", at(`spec/ports.*`), nil, nil, Look, "whoever names this port of the Service has to follow: a monitor, an Ingress, a client"},

		// What the containers read.
		{"Deployment", "-", at(`.*/env/name=REGISTRY_(STORAGE|AUTH|PROXY)(_[A-Z0-9_]+)?`), nil, nil, Same, "stands in the ConfigMap, or in a Secret of its own"},
		{"Deployment", "~", at(`.*/env/name=REGISTRY_HTTP_SECRET/valueFrom/secretKeyRef/name`), nil, nil, Needed, "a Secret of its own"},
		{"Deployment", "+", at(`.*/env/name=(REGISTRY_HTTP_SECRET|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|REGISTRY_PROXY_(USERNAME|PASSWORD)|REGISTRY_STORAGE_(AZURE|SWIFT|GCS)_[A-Z]+)`), nil, re(`secretKeyRef`), Needed, "from a Secret for one purpose"},
		{"Deployment", "+", at(`.*/env/name=OTEL_TRACES_EXPORTER`), nil, re(`none`), Better, "nothing looks for a collector of traces that isn't there"},
		{"ConfigMap", "", at(`data/config\.yml: .*rootdirectory`), nil, nil, Look, "images are elsewhere: is this where they are?"},
		{"ConfigMap", "~", at(`data/config\.yml: health/storagedriver/interval`), re(`^10s$`), re(`^5s$`), Better, "a pod that can't reach its storage is found out sooner, before it is asked whether it is ready"},
		{"ConfigMap", "+", at(`data/config\.yml: .*`), nil, nil, Needed, "what were variables, or a default, stands here"},

		// How it runs.
		{"Deployment", "+", at(`.*/containers/name=[^/]+/(liveness|readiness|startup)Probe(/.*)?`), nil, nil, Better, "an outage of the storage restarts nothing; a slow start is waited for"},
		{"Deployment", "~", at(`.*/containers/name=[^/]+/(liveness|readiness)Probe/httpGet/port`), re(`^(5000|http)$`), re(`^(5000|http)$`), Same, "the same port, by its name"},
		{"Deployment", "~", at(`.*/containers/name=[^/]+/(liveness|readiness)Probe/.*(failureThreshold|timeoutSeconds|periodSeconds|initialDelaySeconds)`), nil, nil, Better, "an outage of the storage restarts nothing; a slow start is waited for"},
		{"Deployment", "+", at(`.*/containers/name=[^/]+/lifecycle(/.*)?`), nil, re(`sleep`), Better, "a pod that ends takes connections until others have learned that it does"},
		{"Deployment", "+", at(`.*/securityContext/runAsGroup`), nil, re(`^1000$`), Better, "pods may do no more than they have to"},
		{"Deployment", "", at(`.*/securityContext/(runAsUser|runAsGroup|fsGroup)`), nil, nil, Look, "files on a volume belong to somebody"},
		{"Deployment", "+", at(`.*/securityContext`), nil, re(`(^|\n) *(runAsUser|fsGroup):`), Look, "files on a volume belong to somebody"},
		{"Deployment", "+", at(`.*/securityContext(/.*)?`), nil, nil, Better, "pods may do no more than they have to"},
		{"Deployment", "+", at(`.*/(automountServiceAccountToken|enableServiceLinks)`), nil, re(`false`), Better, "pods may do no more than they have to"},
		{"Deployment", "+", at(`.*/serviceAccountName`), nil, nil, Better, "an account of its own, which can do nothing"},
		{"Deployment", "+", at(`.*/(terminationGracePeriodSeconds|topologySpreadConstraints)|spec/(strategy|minReadySeconds)`), nil, nil, Better, "uploads and downloads end before their pod does, and a pod is there meanwhile"},
		{"Deployment", "+", at(`.*/imagePullPolicy`), nil, re(`IfNotPresent`), Same, "what a cluster does with a fixed tag anyway"},
		{"Deployment", "~", at(`.*/containers/name=[^/]+/command/0`), re(`^(/bin/|/usr/bin/)?registry$`), re(`^(/bin/|/usr/bin/)?registry$`), Same, "the same program"},
		{"Deployment", "", at(`.*/containers/name=[^/]+/args(/[0-9]+)?`), re(`^$|^(- )?/etc/(distribution|docker/registry)/config\.yml$`), re(`^$|^(- )?/etc/(distribution|docker/registry)/config\.yml$`), Same, "the configuration, where this image has it"},
		{"Deployment", "", at(`.*/containers/name=[^/]+/ports(/.*)?`), re(`^$|^- containerPort: 500[01](\n|$)|5000|5001|^name: `), re(`^$|containerPort: 500[01]|^(name: )?http`), Same, "the same port, with a name"},
		{"Deployment", "-", at(`.*/volumeMounts`), re(`mountPath: (/etc/distribution|/etc/docker/registry|/auth)/?(\n|$)`), nil, Same, "mounted from another volume"},
		{"Deployment", "+", at(`.*/volumeMounts`), nil, re(`mountPath: (/etc/distribution|/etc/docker/registry|/auth|/tmp)/?(\n|$)`), Needed, "the configuration, the users, and a folder for what is temporary"},
		{"Deployment", "-", at(`.*/volumes`), nil, nil, Same, "under another name now"},
		{"Deployment", "+", at(`.*/volumes`), nil, re(`name: (config|auth|tmp)(\n|$)`), Needed, "the configuration, a Secret for one purpose, and a folder for what is temporary"},
		{"Deployment", "~", at(`.*/volumes/name=auth/secret/secretName`), nil, nil, Needed, "a Secret of its own"},
		{"Deployment", "", at(`.*(claimName|/volumes)`), nil, nil, Look, "is this the volume with the images?"},
		{"Deployment", "", at(`.*/volumeMounts.*`), nil, nil, Look, "is this where the images are?"},
	}
})

func re(text string) *regexp.Regexp { return regexp.MustCompile(text) }

// at is a whole path.
func at(text string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + text + `)$`) }

// Difference is a part of one: what stands at a path on one side, or on both.
type Difference struct {
	Path, From, To string
	Word           Word
	Reason         string
	Entries        []string // what of a block it is
}

// Why says of every part of a difference what it comes to: kind is the object's, how
// one of Added, Removed (from or to is a block of YAML then) and Changed, the rest as
// diff writes it. Those of the same word and reason are told together.
func (j Judge) Why(kind, how, path, from, to string) (out []Difference) {
	if how == Changed {
		d := Difference{Path: path, From: from, To: to}
		d.Word, d.Reason = j.judged(kind, how, path, from, to)
		return []Difference{d}
	}
	text := from + to
	for _, p := range parts(path, text) {
		d := Difference{Path: path, Entries: p.names(path)}
		if how == Added {
			d.To = p.text
			d.Word, d.Reason = j.judged(kind, how, p.path, "", p.inner)
		} else {
			d.From = p.text
			d.Word, d.Reason = j.judged(kind, how, p.path, p.inner, "")
		}
		i := slices.IndexFunc(out, func(o Difference) bool { return o.Word == d.Word && o.Reason == d.Reason })
		if i < 0 {
			out = append(out, d)
			continue
		}
		out[i].Entries = append(out[i].Entries, d.Entries...)
		out[i].From, out[i].To = joined(out[i].From, d.From), joined(out[i].To, d.To)
	}
	return out
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return strings.TrimSuffix(a+"\n"+b, "\n")
}

func (j Judge) judged(kind, how, path, from, to string) (Word, string) {
	if _, name, is := strings.Cut(path, "/env/name="); is && how != Added {
		name, _, _ = strings.Cut(name, "/")
		if what := j.odd[name]; what != "" {
			return Look, what
		}
	}
	if kind == "Deployment" && how == Removed && strings.HasSuffix(path, "/volumes") && !j.owned(from) {
		return Look, "does nothing need this volume any more?"
	}
	for _, w := range why() {
		if (w.kind == "" || w.kind == kind) && (w.how == "" || w.how == how) && w.path.MatchString(path) &&
			(w.from == nil || w.from.MatchString(from)) && (w.to == nil || w.to.MatchString(to)) {
			return w.word, w.reason
		}
	}
	return Look, "it follows from the spec or its values"
}

// owned says that a volume is of the release's own ConfigMap or Secret.
func (j Judge) owned(volume string) bool {
	for line := range strings.Lines(volume) {
		switch strings.TrimLeft(strings.TrimSpace(line), "- ") {
		case "name: " + j.name + "-config", "secretName: " + j.name + "-secret":
			return true
		}
	}
	return false
}

// part is one entry of a block: its own path, and its text within the block and
// without the key that the path has.
type part struct{ path, text, inner string }

// names is what the entry of a block at a path is called: its key, or its element's
// name where that is shown.
func (p part) names(path string) []string {
	var v any
	if yaml.Unmarshal([]byte(p.text), &v) != nil {
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		return sorted(v)
	case []any:
		if of, is := v[0].(map[string]any); is {
			name, is := of["name"].(string)
			if is && harmlessIn("name", false, name) && (named().MatchString(path) || !freeText().MatchString(path)) {
				return []string{name}
			}
		}
	}
	return nil
}

// parts are the entries of a block, those of its mappings below where it is one.
func parts(path, text string) (out []part) {
	whole := []part{{path, text, text}}
	var v any
	if !strings.Contains(text, ":") || yaml.Unmarshal([]byte(text), &v) != nil {
		return whole
	}
	write := func(v any) string {
		text, err := yaml.Marshal(v)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(text), "\n")
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sorted(v) {
			out = append(out, part{path + "/" + key, write(map[string]any{key: v[key]}), write(v[key])})
		}
	case []any:
		for _, e := range v {
			below := path
			if of, is := e.(map[string]any); is && strings.HasSuffix(path, "/env") {
				if name, is := of["name"].(string); is {
					below += "/name=" + name
				}
			}
			out = append(out, part{below, write([]any{e}), write([]any{e})})
		}
	default:
		return whole
	}
	return out
}
