package rendered

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator/codec"
	"github.com/reggen/reggen/generator/configuration"
	"github.com/reggen/reggen/generator/object"
)

// registry is a container among the objects that runs the registry, whoever
// rendered it: it mounts a registry's configuration, is told of one by
// REGISTRY_* variables, or its image is one of those that people run.
type registry struct {
	object    object.Object
	labels    map[string]any // the pods'
	pod       map[string]any // the pod's spec
	container map[string]any
	path      string // of the container in the object
	config    configFile
	env       map[string]variable
	unseen    bool           // more variables come from what can't be seen
	inside    map[string]any // the image's own configuration, where nothing else is given
	collects  bool           // it runs garbage-collect, and serves nobody
}

// configFile is the file that the registry reads.
type configFile struct {
	object object.Object // the ConfigMap
	key    string
	values map[string]any
	broken bool // it is no YAML
	alike  bool // two of its keys are the same text: nobody can say which counts
}

// variable is one of a container's environment. known says whether its value
// can be seen; values out of readable Secrets can, and are never quoted.
type variable struct {
	path   string
	text   string
	known  bool
	secret bool
	from   string // the Secret's key that it comes from, as name/key
}

// setting is what the registry takes for a field of its configuration.
type setting struct {
	value any // nil when unset, or when the value can't be seen
	set   bool
	blind bool // it is set, to what can't be seen
	in    object.Object
	path  string
}

// images that hold a registry, by the last part of their name.
var images = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(docker-)?(registry|distribution)$|^gitlab-container-registry$`)
})

// told are the variables that only a registry is started with, as far as it
// knows their names: other programs are told of a registry by such, too.
var told = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^REGISTRY_(HTTP_(ADDR|SECRET|HOST|TLS|DEBUG)|STORAGE_|AUTH_(HTPASSWD|TOKEN)_|PROXY_REMOTEURL)`)
})

// registries finds every container that runs a registry.
func (b *build) findRegistries() []registry {
	var out []registry
	for _, o := range b.objects {
		template, at := podTemplate(o)
		pod := mapping(template, "spec")
		first := len(out)
		for i, c := range list(pod, "containers") {
			container, _ := c.(map[string]any)
			r := registry{object: o, labels: mapping(template, "metadata", "labels"), pod: pod, container: container}
			r.env, r.unseen = b.environment(o, container)
			r.path = strings.TrimPrefix(fmt.Sprintf("%s.spec.containers[%d]", at, i), ".")
			words := r.words()
			r.collects = slices.Contains(words, "garbage-collect") && !slices.Contains(words, "serve")
			name, _, _ := r.image()
			is := images().MatchString(path.Base(name))
			for variable := range r.env {
				is = is || told().MatchString(variable) && len(configuration.InVariable("", variable, nil)) == 0
			}
			r.config = b.configuration(o, pod, container, is)
			is = is || r.config.values != nil
			if r.collects && !dry(words) && (is || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "registry") })) {
				b.collectors = append(b.collectors, r)
			}
			if _, gitlab := r.says().Version(); is && !gitlab && r.config.values == nil && !b.hidden(r) {
				r.inside = imageConfiguration
			}
			if is {
				out = append(out, r)
			}
		}
		out = append(out[:first], listening(out[first:])...)
	}
	return out
}

// listening leaves out the containers of a pod that read the configuration of
// another one and listen elsewhere, which that one doesn't: programs that look
// after a registry.
func listening(pod []registry) []registry {
	declares := func(r registry, port int) (some, this bool) {
		for _, p := range list(r.container, "ports") {
			m, _ := p.(map[string]any)
			n, _ := number(m, "containerPort")
			some, this = true, this || n == port
		}
		return some, this
	}
	return slices.DeleteFunc(slices.Clone(pod), func(r registry) bool {
		addr, _ := r.setting("http", "addr").value.(string)
		port, err := strconv.Atoi(addr[strings.LastIndex(addr, ":")+1:])
		some, this := declares(r, port)
		return err == nil && some && !this && slices.ContainsFunc(pod, func(other registry) bool {
			_, serves := declares(other, port)
			return serves && other.config.object != nil && r.config.object != nil && other.config.object.ID() == r.config.object.ID()
		})
	})
}

// words are what the container runs, word by word, a shell's script included.
func (r registry) words() []string {
	var out []string
	for _, word := range append(slices.Clone(list(r.container, "command")), list(r.container, "args")...) {
		s, _ := word.(string)
		for _, field := range strings.Fields(s) {
			out = append(out, strings.Trim(field, `;&|()'"`))
		}
	}
	return out
}

// dry says whether garbage is only counted.
func dry(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return w == "-d" || w == "--dry-run" || w == "--dry-run=true" })
}

// podTemplate is what an object makes pods of, and where that stands in it: a
// Pod is its own.
func podTemplate(o object.Object) (map[string]any, string) {
	switch o.Kind() {
	case "Pod":
		return o, ""
	case "ReplicationController":
		return o.Map("spec", "template"), "spec.template"
	case "CronJob":
		return o.Map("spec", "jobTemplate", "spec", "template"), "spec.jobTemplate.spec.template"
	}
	template, _ := o.PodTemplate()
	return template, "spec.template"
}

// environment is what the container is started with, the last of a name
// winning as in Kubernetes, and whether there is more that can't be seen.
func (b *build) environment(o object.Object, container map[string]any) (out map[string]variable, unseen bool) {
	out = map[string]variable{}
	for i, e := range list(container, "envFrom") {
		from, _ := e.(map[string]any)
		prefix, _ := from["prefix"].(string)
		at := fmt.Sprintf("envFrom[%d]", i)
		for kind, field := range map[string]string{"ConfigMap": "configMapRef", "Secret": "secretRef"} {
			source := b.find(kind, o.Namespace(), text(from, field, "name"))
			unseen = unseen || source == nil && from[field] != nil
			for key := range keys(source) {
				v := variable{path: at, secret: kind == "Secret"}
				v.text, v.known = content(source, key)
				out[prefix+key] = v
			}
		}
	}
	for i, e := range list(container, "env") {
		entry, _ := e.(map[string]any)
		name, _ := entry["name"].(string)
		v := variable{path: fmt.Sprintf("env[%d]", i)}
		value, literal := entry["value"].(string)
		ref := mapping(entry, "valueFrom", "secretKeyRef")
		switch {
		case literal || entry["valueFrom"] == nil:
			v.text, v.known = value, true
		case ref != nil:
			v.secret, v.from = true, text(ref, "name")+"/"+text(ref, "key")
			v.text, v.known = content(b.find("Secret", o.Namespace(), text(ref, "name")), text(ref, "key"))
		default:
			ref = mapping(entry, "valueFrom", "configMapKeyRef")
			v.text, v.known = content(b.find("ConfigMap", o.Namespace(), text(ref, "name")), text(ref, "key"))
		}
		out[name] = v
	}
	return out, unseen
}

// configuration finds the registry's configuration among the ConfigMaps that
// the container mounts. Of a container that is a registry anyway, less of one
// is enough.
func (b *build) configuration(o object.Object, pod, container map[string]any, is bool) (out configFile) {
	mounted := map[string]bool{}
	for _, m := range list(container, "volumeMounts") {
		mounted[text(m, "name")] = true
	}
	for _, v := range list(pod, "volumes") {
		if !mounted[text(v, "name")] {
			continue
		}
		source := b.find("ConfigMap", o.Namespace(), text(v, "configMap", "name"))
		for _, key := range sortedKeys(mapping(source, "data")) {
			file, _ := content(source, key)
			values, err := b.parsed(file)
			if err != nil {
				if extension := path.Ext(key); extension == ".yml" || extension == ".yaml" {
					out = configFile{object: source, key: key, broken: true}
					if errors.Is(err, codec.ErrSameKey) {
						out.broken, out.alike = false, true
					}
				}
				continue
			}
			if values["version"] != nil && (values["storage"] != nil || values["http"] != nil) {
				return configFile{object: source, key: key, values: values}
			}
			if is && out.object == nil && (values["version"] != nil || values["storage"] != nil || values["http"] != nil) {
				out = configFile{object: source, key: key, values: values}
			}
		}
	}
	return out
}

func (c configFile) path(path ...string) string {
	return strings.TrimSpace("data[" + c.key + "] " + strings.Join(path, "."))
}

// hit makes a hit on the setting, or on the container where nothing is set.
func (r registry) hit(s setting, want, format string, args ...any) hit {
	if s.in == nil {
		return at(r.object, r.path, want, format, args...)
	}
	return at(s.in, s.path, want, format, args...)
}
