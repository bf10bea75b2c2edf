package spec

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

// Extra is what the pod has beyond what the registry needs, as Kubernetes
// writes it.
type Extra struct {
	Env            []EnvVar         `json:"env,omitempty"`
	Volumes        []map[string]any `json:"volumes,omitempty"`
	VolumeMounts   []VolumeMount    `json:"volumeMounts,omitempty"`
	InitContainers []map[string]any `json:"initContainers,omitempty"`
}

// EnvVar is a variable of the registry's container.
type EnvVar struct {
	Name      string         `json:"name"`
	Value     *string        `json:"value,omitempty"`
	ValueFrom map[string]any `json:"valueFrom,omitempty"`
}

// VolumeMount mounts one of the extra volumes into the registry's container.
type VolumeMount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath"`
	SubPath   string `json:"subPath,omitempty"`
	ReadOnly  *bool  `json:"readOnly,omitempty"`
}

// ownVolumes and ownMounts are the chart's: a second one of the same name or
// place is refused by the API server, or hides what the registry needs.
var (
	ownVolumes = []string{"config", "auth", "data", "tls", "tmp"}
	ownMounts  = []string{"/auth", "/etc/distribution", "/etc/docker/registry", "/etc/registry-tls", "/tmp", "/var/lib/registry"}
)

func (v *validator) extra() {
	e := v.s.Extra
	if e == nil {
		return
	}
	const at = "spec.extra"
	v.environment(at+".env", e.Env)
	volumes := v.extraVolumes(at+".volumes", e.Volumes)
	used := map[string]bool{}
	for i, m := range e.VolumeMounts {
		here := fmt.Sprintf("%s.volumeMounts[%d]", at, i)
		if !v.Missing(here+".name", m.Name, "the name of one of spec.extra.volumes") && !volumes[m.Name] {
			v.Add(here+".name", problem.Quoted(m.Name)+" is none of spec.extra.volumes", "one that stands there")
		}
		if v.Missing(here+".mountPath", m.MountPath, "an absolute path in the container") {
			continue
		}
		p := path.Clean(m.MountPath)
		switch {
		case !path.IsAbs(m.MountPath) || strings.Contains(m.MountPath, ":") || syntax.HasControl(m.MountPath):
			v.Add(here+".mountPath", problem.Quoted(m.MountPath)+" is not an absolute path", "one, without a colon")
		case used[p]:
			v.Add(here+".mountPath", "has a mount already", "another path")
		default:
			v.ownMount(here+".mountPath", p)
		}
		used[p] = true
		if path.IsAbs(m.SubPath) || strings.Contains("/"+m.SubPath+"/", "/../") {
			v.Add(here+".subPath", "is absolute or has .. in it", "a path inside the volume")
		}
	}
	names := map[string]bool{}
	for i, c := range e.InitContainers {
		here := fmt.Sprintf("%s.initContainers[%d]", at, i)
		v.uniqueName(here, c, names)
		if image, _ := c["image"].(string); image == "" {
			v.Add(here+".image", "is missing", "the container's image")
		}
	}
}

// ownMount refuses a mount that hides one of the chart's own.
func (v *validator) ownMount(at, p string) {
	for _, own := range ownMounts {
		if p == own || strings.HasPrefix(own, strings.TrimSuffix(p, "/")+"/") {
			v.Add(at, "would hide "+own+", which the registry needs", "another path")
			return
		}
	}
}

// environment checks names; what looks like a secret, and what would overrule
// the spec, is refused where values are made.
func (v *validator) environment(at string, env []EnvVar) {
	seen := map[string]bool{}
	for i, e := range env {
		here := fmt.Sprintf("%s[%d]", at, i)
		if !v.Missing(here+".name", e.Name, "the variable's name") {
			switch {
			case !syntax.Env.Matches(e.Name):
				v.Add(here+".name", problem.Quoted(e.Name)+" is not the name of a variable", "letters, digits, '_', '-' and '.', no digit first")
			case seen[e.Name]:
				v.Add(here+".name", problem.Quoted(e.Name)+" stands in the list twice", "")
			}
			seen[e.Name] = true
		}
		switch {
		case e.Value != nil && e.ValueFrom != nil:
			v.Add(here, "has both value and valueFrom", "one of the two")
		case e.Value == nil && e.ValueFrom == nil:
			v.Add(here, "has neither value nor valueFrom", "one of the two")
		}
	}
}

func (v *validator) extraVolumes(at string, list []map[string]any) map[string]bool {
	names := map[string]bool{}
	for i, m := range list {
		here := fmt.Sprintf("%s[%d]", at, i)
		v.uniqueName(here, m, names)
		if name, _ := m["name"].(string); slices.Contains(ownVolumes, name) {
			v.Add(here+".name", problem.Quoted(name)+" is one of the chart's own volumes", "another name")
		}
		if len(m) != 2 {
			v.Add(here, "names no source, or several", "a name and one source, for instance configMap: {name: ca}")
		}
		if _, ok := m["hostPath"]; ok {
			v.Add(here+".hostPath", "is a folder of the node, which Pod Security restricted forbids", "a configMap, a secret, a claim or an emptyDir")
		}
	}
	return names
}

// uniqueName checks the name of an entry that is written as Kubernetes has it.
func (v *validator) uniqueName(at string, m map[string]any, seen map[string]bool) {
	name, ok := m["name"].(string)
	switch {
	case m["name"] == nil || ok && name == "":
		v.Add(at+".name", "is missing", syntax.WantLabel)
	case !ok || !syntax.IsLabel(name):
		v.Add(at+".name", "is not a name", syntax.WantLabel)
	case seen[name]:
		v.Add(at+".name", problem.Quoted(name)+" stands in the list twice", "")
	}
	seen[name] = true
}
