package check

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sort"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
)

// PullSecretNamespaces tells each pull secret that did not end in the
// namespaces that the spec names: a namespace: transformer in the overlay
// moves every object, those that were meant for others included. Builds warn with it, check fails on it.
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
		text, err := json.Marshal(bounded.Cheap(map[string]any(c)))
		if err == nil {
			_, _, err = strict().Decode(text, nil, nil)
		}
		if err != nil {
			l = append(l, refused(o, err))
		}
	}
	return l
}

// refused tells what the decoder has against an object, and never a value.
func refused(o object.Object, err error) hit {
	const what = "is not what Kubernetes takes"
	var wrong *json.UnmarshalTypeError
	var corrupt base64.CorruptInputError
	switch {
	case runtime.IsStrictDecodingError(err) && !o.IsSecret():
		// A strict error names unknown fields and nothing else.
		return at(o, "", "", what+": %s", strings.TrimPrefix(err.Error(), "strict decoding error: "))
	case errors.As(err, &wrong) && wrong.Field != "":
		path := wrong.Field
		if wrong.Type.Kind() == reflect.String {
			path = cmp.Or(notText(map[string]any(o), strings.Split(wrong.Field, "."), ""), path)
		}
		is, _, _ := strings.Cut(wrong.Value, " ") // behind "number" may stand which
		return at(o, path, wanted(wrong.Type.Kind()), what+": it is %s", words[is])
	case errors.As(err, &corrupt):
		for _, k := range sortedKeys(o.Map("data")) {
			if _, err := base64.StdEncoding.DecodeString(text(o, "data", k)); err != nil {
				return at(o, "data["+k+"]", "base64, or the text under stringData", what+": it is no base64")
			}
		}
	case err == resource.ErrFormatWrong || err == resource.ErrNumeric || err == resource.ErrSuffix:
		return at(o, "", "quantities such as 500m or 256Mi", what+": a quantity is none")
	}
	return at(o, "", "", what)
}

// words are what JSON calls a value, for people.
var words = map[string]string{"bool": "true or false", "string": "text", "number": "a number", "object": "a mapping", "array": "a list"}

// wanted says what a Go type takes.
func wanted(kind reflect.Kind) string {
	switch kind {
	case reflect.String:
		return "text; in quotes, where YAML takes it for something else"
	case reflect.Bool:
		return "true or false, without quotes"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a mapping"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number, without quotes"
}

// notText finds the first value at a path of fields that is no text: a decoder
// leaves out the places in lists and the keys of mappings on the way.
func notText(v any, fields []string, path string) string {
	switch t := v.(type) {
	case []any:
		for i, e := range t {
			if found := notText(e, fields, fmt.Sprintf("%s[%d]", path, i)); found != "" {
				return found
			}
		}
	case map[string]any:
		if len(fields) > 0 {
			if below, ok := t[fields[0]]; ok {
				return notText(below, fields[1:], strings.TrimPrefix(path+"."+fields[0], "."))
			}
		}
		for _, k := range sortedKeys(t) {
			if found := notText(t[k], fields, path+"["+k+"]"); found != "" {
				return found
			}
		}
	case string, nil:
	default:
		if len(fields) == 0 {
			return path
		}
	}
	return ""
}

// kubernetesOwn says whether Kubernetes itself knows the kind.
func kubernetesOwn(o object.Object) bool {
	gv, err := schema.ParseGroupVersion(text(o, "apiVersion"))
	return err == nil && scheme.Scheme.Recognizes(gv.WithKind(o.Kind()))
}

func groupKnown(gv schema.GroupVersion) bool {
	return scheme.Scheme.IsGroupRegistered(gv.Group)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
