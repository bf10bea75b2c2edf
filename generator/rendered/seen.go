package rendered

import (
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/configuration"
)

// imageConfiguration is what distribution's own images hold for a container
// that is given no configuration, as far as rules ask for it
// (config-example.yml of github.com/distribution/distribution-library-image).
var imageConfiguration = map[string]any{
	"storage": map[string]any{"filesystem": map[string]any{"rootdirectory": "/var/lib/registry"}},
	"health":  map[string]any{"storagedriver": map[string]any{"enabled": true, "interval": "10s", "threshold": 3.0}},
}

// files are where the container may look for its configuration.
func (r registry) files() []string {
	for _, w := range r.words() {
		if strings.HasSuffix(w, ".yml") || strings.HasSuffix(w, ".yaml") {
			return []string{w}
		}
	}
	if v, ok := r.env["REGISTRY_CONFIGURATION_PATH"]; ok {
		return []string{v.text}
	}
	return []string{"/etc/docker/registry/config.yml", "/etc/distribution/config.yml"}
}

// hidden says that the container may well be given settings that can't be seen
// here: its variables come from elsewhere, or its configuration does, from a
// Secret, from a ConfigMap that isn't in the build, from what an init container
// writes, or from an image of somebody's own.
func (b *build) hidden(r registry) bool {
	if r.unseen || r.config.broken || r.config.alike {
		return true
	}
	if r.config.values != nil {
		return false
	}
	files := r.files()
	covered := false
	for _, m := range list(r.container, "volumeMounts") {
		if !slices.ContainsFunc(files, func(file string) bool { return under(file, text(m, "mountPath")) }) {
			continue
		}
		covered = true
		for _, v := range list(r.pod, "volumes") {
			name := text(v, "configMap", "name")
			if text(v, "name") == text(m, "name") && (name == "" || b.find("ConfigMap", r.object.Namespace(), name) == nil) {
				return true
			}
		}
	}
	return !covered && len(files) == 1 && files[0] != "/etc/docker/registry/config.yml" && files[0] != "/etc/distribution/config.yml"
}

// under says whether a file is what is mounted, or in it.
func under(file, mount string) bool {
	mount = strings.TrimSuffix(mount, "/")
	return file == mount || strings.HasPrefix(file, mount+"/")
}

// variableName is the variable that overrules a field.
func variableName(path []string) string {
	return "REGISTRY_" + strings.ToUpper(strings.Join(path, "_"))
}

// setting looks a field up as the registry does: a variable wins over the file
// and is parsed as YAML; one of a whole section replaces what the file has of
// it, and gives way to those of the section's fields.
func (r registry) setting(path ...string) setting {
	for n := len(path); n > 0; n-- {
		v, ok := r.env[variableName(path[:n])]
		if !ok {
			continue
		}
		s := setting{set: true, in: r.object, path: r.path + "." + v.path}
		if s.blind = !v.known || v.secret; s.blind {
			return s
		}
		value, err := configuration.Read(v.text)
		if err != nil {
			return s
		}
		s.value = value
		if n < len(path) {
			section, _ := s.value.(map[string]any)
			s.value, s.set = mapping(section, path[n:len(path)-1]...)[path[len(path)-1]]
		}
		return s
	}
	m := mapping(r.config.values, path[:len(path)-1]...)
	if r.inside != nil {
		m = mapping(r.inside, path[:len(path)-1]...)
	}
	value, ok := m[path[len(path)-1]]
	return setting{value: value, set: ok, in: r.config.object, path: r.config.path(path...)}
}

// yes says whether a setting is true, or a text that a driver takes for it.
func (s setting) yes() bool { return s.value == true || s.value == "true" }

// section says whether the configuration has a mapping or any variable there.
// A variable of the section above, REGISTRY_STORAGE for instance, may also hold
// the section's name alone.
func (r registry) section(path ...string) bool {
	for name := range r.env {
		if strings.HasPrefix(name, variableName(path)+"_") {
			return true
		}
	}
	if len(path) > 1 && r.setting(path[:len(path)-1]...).value == path[len(path)-1] {
		return true
	}
	return r.setting(path...).set
}
