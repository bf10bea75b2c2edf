// Package inplace knows which changes of an object Kubernetes refuses to make in
// place, and the way to make them. Its cases are tried on a real API server.
package inplace

import (
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/object"
)

// Refusal is a change that is not made, and what makes it.
type Refusal struct {
	Path string // of the field
	Why  string
	Way  string
	// Perhaps says that it depends on the cluster.
	Perhaps bool
}

func (r Refusal) String() string {
	how := "can't be changed in place: "
	if r.Perhaps {
		how = "may not be changeable in place: "
	}
	return r.Path + " " + how + r.Why + "; " + r.Way
}

// Refusals are what of a change from one object to another of the same name is
// refused. What a cluster fills in by itself is not known here: a field that
// was not said counts as another than one that is.
func Refusals(from, to object.Object) (out []Refusal) {
	refuse := func(why, way string, path ...string) {
		out = append(out, Refusal{Path: strings.Join(path, "."), Why: why, Way: way})
	}
	differs := func(path ...string) bool { return !reflect.DeepEqual(at(from, path), at(to, path)) }
	who, name := kubectl(to), word(to.Name(), "NAME")
	switch to.Kind() {
	case "PersistentVolumeClaim":
		const another = "make a claim of another name, copy the images while the registry is read-only, and name it in spec.storage.filesystem.existingClaim"
		for _, field := range []string{"accessModes", "storageClassName", "volumeName", "volumeMode", "selector", "dataSource"} {
			if differs("spec", field) {
				refuse("a claim keeps it for life", another, "spec", field)
			}
		}
		size := []string{"spec", "resources", "requests", "storage"}
		was, is, ok := sizes(at(from, size), at(to, size))
		switch {
		case ok && is.Cmp(was) < 0:
			refuse("a claim only grows", another, size...)
		case ok && is.Cmp(was) > 0:
			out = append(out, Refusal{Path: strings.Join(size, "."), Perhaps: true,
				Why: "a claim grows when it is bound and its storage class says allowVolumeExpansion: true", Way: "else " + another})
		}
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet":
		if differs("spec", "selector") {
			refuse("it is how its pods are found", fmt.Sprintf("%s delete %s %s --cascade=orphan, then apply, and delete the old ReplicaSets and pods when the new ones are ready", who, strings.ToLower(to.Kind()), name), "spec", "selector")
		}
		if strategy := []string{"spec", "strategy", "type"}; to.Kind() == "Deployment" && at(to, strategy) == "Recreate" && at(from, strategy) != "Recreate" {
			out = append(out, Refusal{Path: "spec.strategy", Perhaps: true,
				Why: "a server-side apply, Flux's too, leaves the rollingUpdate that the cluster filled in, and is refused",
				Way: fmt.Sprintf(`before it: %s patch deployment %s --type merge -p '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'`, who, name)})
		}
	case "Job":
		if differs("spec", "template") || differs("spec", "selector") {
			refuse("a Job's pods are made once", fmt.Sprintf("%s delete job %s, then apply", who, name), "spec", "template")
		}
	case "Service":
		if ip := []string{"spec", "clusterIP"}; differs(ip...) && at(to, ip) != nil {
			refuse("a Service keeps its address", fmt.Sprintf("%s delete service %s, then apply; nobody reaches it in between", who, name), ip...)
		}
	case "Secret", "ConfigMap":
		again := fmt.Sprintf("%s delete %s %s, then apply", who, strings.ToLower(to.Kind()), name)
		if to.IsSecret() && differs("type") {
			refuse("a Secret keeps its type", again, "type")
		}
		if at(from, []string{"immutable"}) == true && (differs("data") || differs("immutable")) {
			refuse("it is immutable", again, "data")
		}
	}
	return out
}

func kubectl(o object.Object) string {
	if o.Namespace() == "" {
		return "kubectl"
	}
	return "kubectl -n " + word(o.Namespace(), "NAMESPACE")
}

// word is a name as a word of a command that somebody may copy.
func word(name, otherwise string) string {
	if object.IsName(name) {
		return name
	}
	return otherwise
}

// at is what stands at a path, nil for nothing.
func at(o object.Object, path []string) any {
	return o.Map(path[:len(path)-1]...)[path[len(path)-1]]
}

// sizes reads two quantities.
func sizes(a, b any) (was, is resource.Quantity, ok bool) {
	if bounded.Costly(fmt.Sprint(a)) || bounded.Costly(fmt.Sprint(b)) {
		return was, is, false
	}
	was, err := resource.ParseQuantity(fmt.Sprint(a))
	if err != nil {
		return was, is, false
	}
	is, err = resource.ParseQuantity(fmt.Sprint(b))
	return was, is, err == nil
}
