package deliver

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/images"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
)

// Among are the objects that a spec is built among.
type Among struct {
	Transformer bool
	Items       []*yaml.RNode // which an ImagePullSecrets changes
}

// generateAmong is Generate, of a spec of any kind: an ImagePullSecrets changes
// the items, and its Secret goes where their pods are.
func (w *Work) generateAmong(ctx context.Context, root string, config []byte, among Among, sealed []generator.File, o BuildOptions) ([]object.Object, spec.Decoded, error) {
	if spec.KindOf(config) != spec.KindImages {
		return w.Generate(ctx, root, config, sealed, o)
	}
	d, err := spec.DecodeAny(config, "")
	if err != nil {
		return w.Generate(ctx, root, config, sealed, o) // what is wrong with the spec, Prepare says
	}
	if !among.Transformer {
		return nil, d, problem.Problem{What: fmt.Sprintf("the %s %q stands under generators, and changes objects", d.Kind, d.Metadata.Name), Next: "put it under transformers in kustomization.yaml"}
	}
	found, err := images.Apply(d.Images, among.Items)
	if err != nil {
		return nil, d, err
	}
	if o.namespaces = found.Namespaces; o.namespaces == nil {
		o.namespaces = []string{}
		p := problem.Problem{File: w.Repo.Show(root), Path: "spec.host", What: fmt.Sprintf("no pod here runs an image on %s: the pull secret %q has no effect", d.Images.Spec.Host, d.Metadata.Name)}
		if found.Pods > 0 {
			p.Want, p.Near = "one of the hosts of their images: "+problem.OneOf(found.Hosts), problem.Nearest(d.Images.Spec.Host, found.Hosts)
		}
		w.Tell.Warn(p)
	}
	objects, d, err := w.Generate(ctx, root, config, sealed, o)
	if err != nil {
		return nil, d, err
	}
	var l problem.List
	objects = slices.DeleteFunc(objects, func(o object.Object) bool {
		there, err := isThere(among.Items, o)
		l.Join(err)
		return there
	})
	return objects, d, l.Err()
}

// isThere says whether a Secret is among the items as it is, from a registry's own
// environment in the same build. One of its name that reggen did not make is an
// error.
func isThere(items []*yaml.RNode, o object.Object) (bool, error) {
	for _, n := range items {
		if n.GetKind() != o.Kind() || n.GetApiVersion() != o.APIVersion() || n.GetName() != o.Name() || n.GetNamespace() != o.Namespace() {
			continue
		}
		if n.GetLabels()[managedBy] != o.Map("metadata", "labels")[managedBy] {
			return false, problem.Problem{What: fmt.Sprintf("the %s is among the resources already, and reggen did not make it", o.ID()), Want: "spec.existing: true if that is the pull secret, or another metadata.name"}
		}
		text, err := n.String()
		if err != nil {
			return false, problem.Problem{What: fmt.Sprintf("the %s among the resources can't be read", o.ID())}
		}
		item, err := object.Parse("the resources", []byte(text))
		if err != nil {
			return false, err
		}
		return len(item) == 1 && reflect.DeepEqual(item[0]["data"], o["data"]) && reflect.DeepEqual(item[0]["sops"], o["sops"]), nil
	}
	return false, nil
}

const managedBy = "app.kubernetes.io/managed-by"
