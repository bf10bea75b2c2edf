package check

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/object"
)

// registry is a container among the objects that runs the registry, whoever
// rendered it: it mounts a registry's configuration, is told of one by
// REGISTRY_* variables, or its image is one of those that people run.
type registry struct {
	object    object.Object
	pod       map[string]any // the pod's spec
	container map[string]any
	path      string // of the container in the object
	config    configuration
	env       map[string]variable
	collects  bool // it runs garbage-collect, and serves nobody
}

// configuration is the file that the registry reads.
type configuration struct {
	object object.Object // the ConfigMap
	key    string
	values map[string]any
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
	in    object.Object
	path  string
}

// images that hold a registry, by the last part of their name.
var images = regexp.MustCompile(`^(docker-)?(registry|distribution)$|^gitlab-container-registry$`)

// told are the variables that only a registry is started with.
var told = regexp.MustCompile(`^REGISTRY_(HTTP_(ADDR|SECRET|HOST|TLS|DEBUG)|STORAGE_|AUTH_(HTPASSWD|TOKEN)_|PROXY_REMOTEURL)`)

// registries finds every container that runs a registry.
func (b *build) findRegistries() []registry {
	var out []registry
	for _, o := range b.objects {
		template, ok := o.PodTemplate()
		if !ok {
			continue
		}
		pod := mapping(template, "spec")
		for i, c := range list(pod, "containers") {
			container, _ := c.(map[string]any)
			r := registry{object: o, pod: pod, container: container, env: b.environment(o, container)}
			r.path = fmt.Sprintf("%s.spec.containers[%d]", templatePath(o), i)
			r.config = b.configuration(o, pod, container)
			for _, word := range append(list(container, "command"), list(container, "args")...) {
				r.collects = r.collects || word == "garbage-collect"
			}
			name, _, _ := image(container)
			is := r.config.values != nil || images.MatchString(path.Base(name))
			for variable := range r.env {
				is = is || told.MatchString(variable)
			}
			if is {
				out = append(out, r)
			}
		}
	}
	return out
}

func templatePath(o object.Object) string {
	if o.Kind() == "CronJob" {
		return "spec.jobTemplate.spec.template"
	}
	return "spec.template"
}

// environment is what the container is started with, the last of a name
// winning as in Kubernetes.
func (b *build) environment(o object.Object, container map[string]any) map[string]variable {
	out := map[string]variable{}
	for i, e := range list(container, "envFrom") {
		from, _ := e.(map[string]any)
		prefix, _ := from["prefix"].(string)
		at := fmt.Sprintf("envFrom[%d]", i)
		for kind, field := range map[string]string{"ConfigMap": "configMapRef", "Secret": "secretRef"} {
			source := b.find(kind, o.Namespace(), text(from, field, "name"))
			for key := range mapping(source, "data") {
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
	return out
}

// configuration finds the registry's configuration among the ConfigMaps that
// the container mounts.
func (b *build) configuration(o object.Object, pod, container map[string]any) configuration {
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
			var values map[string]any
			if yaml.Unmarshal([]byte(file), &values) != nil {
				continue
			}
			if values["version"] != nil && (values["storage"] != nil || values["http"] != nil) {
				return configuration{source, key, values}
			}
		}
	}
	return configuration{}
}

// hidden says that the container may well be given a configuration that can't
// be seen here: it mounts a Secret, or a ConfigMap that isn't in the build, and
// no configuration was found.
func (b *build) hidden(r registry) bool {
	if r.config.values != nil {
		return false
	}
	mounted := map[string]bool{}
	for _, m := range list(r.container, "volumeMounts") {
		mounted[text(m, "name")] = true
	}
	for _, v := range list(r.pod, "volumes") {
		volume, _ := v.(map[string]any)
		name := text(volume, "configMap", "name")
		unseen := volume["secret"] != nil || volume["projected"] != nil || volume["csi"] != nil ||
			name != "" && b.find("ConfigMap", r.object.Namespace(), name) == nil
		if mounted[text(volume, "name")] && unseen {
			return true
		}
	}
	return false
}

// setting looks a field up as the registry does: a variable wins over the file
// and is parsed as YAML.
func (r registry) setting(path ...string) setting {
	name := "REGISTRY_" + strings.ToUpper(strings.Join(path, "_"))
	if v, ok := r.env[name]; ok {
		s := setting{set: true, in: r.object, path: r.path + "." + v.path}
		if v.known && !v.secret && yaml.Unmarshal([]byte(v.text), &s.value) != nil {
			s.value = nil
		}
		return s
	}
	m := mapping(r.config.values, path[:len(path)-1]...)
	value, ok := m[path[len(path)-1]]
	return setting{value, ok, r.config.object, r.config.path(path...)}
}

// section says whether the configuration has a mapping or any variable there.
func (r registry) section(path ...string) bool {
	prefix := "REGISTRY_" + strings.ToUpper(strings.Join(path, "_"))
	for name := range r.env {
		if name == prefix || strings.HasPrefix(name, prefix+"_") {
			return true
		}
	}
	m := mapping(r.config.values, path[:len(path)-1]...)
	_, ok := m[path[len(path)-1]]
	return ok
}

func (c configuration) path(path ...string) string {
	return "data[" + c.key + "] " + strings.Join(path, ".")
}

// hit makes a hit on the setting, or on the container where nothing is set.
func (r registry) hit(s setting, want, format string, args ...any) hit {
	if s.in == nil {
		return at(r.object, r.path, want, format, args...)
	}
	return at(s.in, s.path, want, format, args...)
}

// version says which release of which program the image holds: from its tag,
// or from the label app.kubernetes.io/version where the tag doesn't say.
func (r registry) version() (number string, gitlab bool) {
	name, tag, _ := image(r.container)
	gitlab = strings.Contains(name, "gitlab") || strings.HasSuffix(tag, "-gitlab")
	for _, text := range []string{tag, text(r.object, "metadata", "labels", "app.kubernetes.io/version")} {
		if m := release.FindStringSubmatch(text); m != nil {
			return m[1], gitlab
		}
	}
	return "", gitlab
}

// release is a whole version in a tag. What stands behind it is a
// pre-release, or a build of somebody's (-alpine, -gitlab) that says nothing.
var release = regexp.MustCompile(`^v?([0-9]+\.[0-9]+\.[0-9]+(?:-(?:alpha|beta|rc)\.?[0-9]+)?)(?:[-+_].*)?$`)

// image takes a container's image apart.
func image(container map[string]any) (name, tag, digest string) {
	name, _ = container["image"].(string)
	name, digest, _ = strings.Cut(name, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name, tag = name[:colon], name[colon+1:]
	}
	return name, tag, digest
}
