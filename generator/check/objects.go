package check

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
)

// pullSecretNamespaces: a namespace: transformer in the overlay moves every
// object, pull secrets that were meant for other namespaces included.
func pullSecretNamespaces(s Subject) problem.List {
	return PullSecretNamespaces(s)
}

// PullSecretNamespaces tells each pull secret that did not end in the
// namespaces that the spec names. Builds warn with it, check fails on it.
func PullSecretNamespaces(s Subject) problem.List {
	var l problem.List
	if s.Registry == nil {
		return nil
	}
	for _, name := range sortedKeys(s.Registry.Spec.PullSecrets) {
		want := append([]string{}, s.Registry.Spec.PullSecrets[name].Namespaces...)
		sort.Strings(want)
		var have []string
		for _, o := range s.Objects {
			if t, _ := o["type"].(string); o.IsSecret() && t == "kubernetes.io/dockerconfigjson" && (o.Name() == name || strings.HasSuffix(o.Name(), "-"+name) || strings.HasPrefix(o.Name(), name+"-")) {
				if _, other := s.Registry.Spec.PullSecrets[o.Name()]; other && o.Name() != name {
					continue // regcred-2 is not regcred with a suffix
				}
				have = append(have, o.Namespace())
			}
		}
		sort.Strings(have)
		missing := without(want, have)
		if len(missing) > 0 && len(have) > 0 {
			l.Add(problem.Problem{File: s.Root, Path: "spec.pullSecrets." + name, What: fmt.Sprintf("was meant for namespace %s and ended in %s", strings.Join(missing, ", "), strings.Join(have, ", ")),
				Want: "no namespace: in a kustomization over the registry; set metadata.namespace in the spec instead"})
		}
	}
	return l
}

// strict is made when it is first needed: most runs check nothing.
var strict = sync.OnceValue(func() runtime.Decoder {
	return serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
})

// schemas: every object of a kind that Kubernetes itself knows is decoded
// strictly into its Go type, as the API server does. The sops block of a
// sealed Secret is left out: whoever decrypts takes it away.
func schemas(b *build) []hit {
	var l []hit
	for _, o := range b.objects {
		gv, _ := o["apiVersion"].(string)
		parsed, err := schema.ParseGroupVersion(gv)
		if err != nil {
			l = append(l, at(o, "", "", "has an unreadable apiVersion"))
			continue
		}
		if !scheme.Scheme.Recognizes(parsed.WithKind(o.Kind())) {
			if groupKnown(parsed) {
				l = append(l, at(o, "", "", "is of an unknown kind: Kubernetes has no %s in %s", o.Kind(), gv))
			}
			continue
		}
		c := o.Copy()
		if c.IsSecret() {
			if c["sops"] != nil {
				delete(c, "sops")
				delete(c, "data") // ciphertext; what it decrypts to is base64 by construction
			}
		}
		text, err := json.Marshal(map[string]any(c))
		if err == nil {
			_, _, err = strict().Decode(text, nil, nil)
		}
		if err != nil {
			what := "is not what Kubernetes takes"
			if runtime.IsStrictDecodingError(err) && !o.IsSecret() {
				// A strict error names unknown fields and nothing else.
				what += ": " + strings.TrimPrefix(err.Error(), "strict decoding error: ")
			}
			l = append(l, at(o, "", "", "%s", what))
		}
	}
	return l
}

// kubernetesOwn says whether Kubernetes itself knows the kind.
func kubernetesOwn(o object.Object) bool {
	gv, err := schema.ParseGroupVersion(text(o, "apiVersion"))
	return err == nil && scheme.Scheme.Recognizes(gv.WithKind(o.Kind()))
}

func groupKnown(gv schema.GroupVersion) bool {
	return scheme.Scheme.IsGroupRegistered(gv.Group)
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
