// Package images finds the pods among an application's objects that run images
// of a registry, and has them pull with a pull secret. Where a pod's spec stands
// in each kind follows the Kubernetes API (PodSpec and its containers).
package images

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

// pods are the kinds with a pod in them, as Kind.group, and where its spec is.
var pods = map[string]string{
	"Pod":                   "spec",
	"ReplicationController": "spec.template.spec",
	"Deployment.apps":       "spec.template.spec",
	"ReplicaSet.apps":       "spec.template.spec",
	"StatefulSet.apps":      "spec.template.spec",
	"DaemonSet.apps":        "spec.template.spec",
	"Job.batch":             "spec.template.spec",
	"CronJob.batch":         "spec.jobTemplate.spec.template.spec",
}

// containers are the lists of a pod's spec whose entries have an image.
var containers = []string{"initContainers", "containers", "ephemeralContainers"}

// Found is what an application pulls.
type Found struct {
	Namespaces []string // of pods with an image on the host, as their objects say it; sorted
	Pods       int      // with an image, of whatever host
	Hosts      []string // of all images, sorted
}

// Apply rewrites the names of images as the spec says and then has every pod that
// has an image on the spec's host pull with the secret, in place. It changes
// nothing that is so already. The error names objects and fields.
func Apply(s *spec.ImagePullSecrets, objects []*yaml.RNode) (Found, error) {
	var l problem.List
	a := applying{spec: s.Spec, name: s.Metadata.Name, namespaces: map[string]bool{}, hosts: map[string]bool{}}
	a.prefixes = slices.SortedFunc(maps.Keys(s.Spec.Rewrite), func(x, y string) int { return len(y) - len(x) }) // the longest first
	for _, o := range objects {
		if o.YNode().Kind != yaml.MappingNode {
			continue
		}
		path, is := podPath(s.Spec.Kinds, o)
		if !is {
			continue
		}
		found, err := o.Pipe(&yaml.PathMatcher{Path: path})
		if err != nil || found == nil {
			continue // no such field here
		}
		err = found.VisitElements(func(pod *yaml.RNode) error {
			if pod.YNode().Kind == yaml.MappingNode {
				l.Join(a.pod(o, pod))
			}
			return nil
		})
		if err != nil {
			l.Add(problem.Problem{What: name(o) + " can't be read"})
		}
	}
	return Found{slices.Sorted(maps.Keys(a.namespaces)), a.pods, slices.Sorted(maps.Keys(a.hosts))}, l.Err()
}

func podPath(kinds map[string]string, o *yaml.RNode) ([]string, bool) {
	kind := o.GetKind()
	if group, _, grouped := strings.Cut(o.GetApiVersion(), "/"); grouped {
		kind += "." + group
	}
	path, is := pods[kind]
	if p, named := kinds[kind]; named {
		path, is = p, true
	}
	return strings.Split(strings.ReplaceAll(path, "[]", ".*"), "."), is
}

// applying is one Apply under way.
type applying struct {
	spec       spec.ImagesSpec
	name       string
	prefixes   []string
	namespaces map[string]bool
	hosts      map[string]bool
	pods       int
}

func (a *applying) pod(o, pod *yaml.RNode) error {
	on, any := false, false
	image := func(holder *yaml.RNode, field string) error {
		value := holder.Field(field)
		if value == nil || value.Value.YNode().Kind != yaml.ScalarNode || value.Value.YNode().Value == "" {
			return nil
		}
		text := value.Value.YNode().Value
		named, err := reference.ParseNormalizedNamed(text)
		if err != nil {
			return nil // a placeholder of somebody else's, or a mistake that the API server tells
		}
		any = true
		to, err := a.rewritten(named)
		if err != nil {
			return problem.Problem{What: fmt.Sprintf("%s: the image %s can't be called as spec.rewrite asks", name(o), problem.Quoted(text)), Want: "a name of at most 255 characters"}
		}
		if to != nil {
			value.Value.YNode().Value = to.String()
			named = to
		}
		a.hosts[reference.Domain(named)] = true
		on = on || reference.Domain(named) == a.spec.Host
		return nil
	}
	var l problem.List
	for _, list := range containers {
		each(pod, list, func(c *yaml.RNode) { l.Join(image(c, "image")) })
	}
	each(pod, "volumes", func(v *yaml.RNode) {
		if source := v.Field("image"); source != nil {
			l.Join(image(source.Value, "reference"))
		}
	})
	if any {
		a.pods++
	}
	if len(l) > 0 || !on {
		return l.Err()
	}
	a.namespaces[o.GetNamespace()] = true
	if err := a.refer(pod); err != nil {
		return problem.Problem{What: name(o) + ": its imagePullSecrets are no list of names"}
	}
	return nil
}

// each calls visit for the mappings of a list.
func each(of *yaml.RNode, list string, visit func(*yaml.RNode)) {
	field := of.Field(list)
	if field == nil || field.Value.YNode().Kind != yaml.SequenceNode {
		return
	}
	_ = field.Value.VisitElements(func(e *yaml.RNode) error {
		if e.YNode().Kind == yaml.MappingNode {
			visit(e)
		}
		return nil
	})
}

// refer names the pull secret in a pod's spec, unless it is there.
func (a *applying) refer(pod *yaml.RNode) error {
	if field := pod.Field("imagePullSecrets"); field != nil && field.Value.YNode().Tag == yaml.NodeTagNull {
		if err := pod.PipeE(yaml.Clear("imagePullSecrets")); err != nil {
			return err
		}
	}
	has := false
	each(pod, "imagePullSecrets", func(e *yaml.RNode) {
		n := e.Field("name")
		has = has || n != nil && n.Value.YNode().Value == a.name
	})
	if has {
		return nil
	}
	return pod.PipeE(
		yaml.LookupCreate(yaml.SequenceNode, "imagePullSecrets"),
		yaml.Append(yaml.NewMapRNode(&map[string]string{"name": a.name}).YNode()),
	)
}

// rewritten is another name for an image, with its tag and digest; nil for the
// one that it has.
func (a *applying) rewritten(image reference.Named) (reference.Named, error) {
	for _, from := range a.prefixes {
		rest, is := strings.CutPrefix(image.Name(), from)
		if !is || rest != "" && rest[0] != '/' {
			continue
		}
		out, err := reference.ParseNormalizedNamed(a.spec.Rewrite[from] + rest)
		if err != nil {
			return nil, err
		}
		if t, is := image.(reference.Tagged); is {
			if out, err = reference.WithTag(out, t.Tag()); err != nil {
				return nil, err
			}
		}
		if d, is := image.(reference.Digested); is {
			if out, err = reference.WithDigest(out, d.Digest()); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, nil
}

// name is what people call an object.
func name(o *yaml.RNode) string {
	text := o.GetKind() + " " + o.GetName()
	if ns := o.GetNamespace(); ns != "" {
		text += " in " + ns
	}
	return problem.Shown(text)
}
