// Package kubernetes says what Kubernetes itself takes: it decodes objects into
// the API's own types, as the API server does. What it says quotes no value.
package kubernetes

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/object"
)

// strict is made when it is first needed: most runs check nothing.
var strict = sync.OnceValue(func() runtime.Decoder {
	return serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
})

// Refusal is what the API server has against an object: the field, "" for the
// whole, what is wrong with it and what was wanted.
type Refusal struct{ Path, What, Want string }

// Refuses decodes an object of a kind that Kubernetes itself knows strictly into
// its Go type. The sops block of a sealed Secret is left out: whoever decrypts
// takes it away. Kinds of others pass.
func Refuses(o object.Object) (Refusal, bool) {
	gv, _ := o["apiVersion"].(string)
	parsed, err := schema.ParseGroupVersion(gv)
	if err != nil {
		return Refusal{What: "has an unreadable apiVersion"}, true
	}
	if !scheme.Scheme.Recognizes(parsed.WithKind(o.Kind())) {
		return Refusal{What: fmt.Sprintf("is of an unknown kind: Kubernetes has no %s in %s", o.Kind(), gv)}, scheme.Scheme.IsGroupRegistered(parsed.Group)
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
		return refused(o, err), true
	}
	return Refusal{}, false
}

// refused tells what the decoder has against an object, and never a value.
func refused(o object.Object, err error) Refusal {
	const what = "is not what Kubernetes takes"
	var wrong *json.UnmarshalTypeError
	var corrupt base64.CorruptInputError
	switch {
	case runtime.IsStrictDecodingError(err) && !o.IsSecret():
		// A strict error names unknown fields and nothing else.
		return Refusal{What: what + ": " + strings.TrimPrefix(err.Error(), "strict decoding error: ")}
	case errors.As(err, &wrong) && wrong.Field != "":
		path := wrong.Field
		if wrong.Type.Kind() == reflect.String {
			path = cmp.Or(notText(map[string]any(o), strings.Split(wrong.Field, "."), ""), path)
		}
		is, _, _ := strings.Cut(wrong.Value, " ") // behind "number" may stand which
		return Refusal{path, what + ": it is " + words[is], wanted(wrong.Type.Kind())}
	case errors.As(err, &corrupt):
		for _, k := range sortedKeys(o.Map("data")) {
			if _, err := base64.StdEncoding.DecodeString(fmt.Sprint(o.Map("data")[k])); err != nil {
				return Refusal{"data[" + k + "]", what + ": it is no base64", "base64, or the text under stringData"}
			}
		}
	case err == resource.ErrFormatWrong || err == resource.ErrNumeric || err == resource.ErrSuffix:
		return Refusal{"", what + ": a quantity is none", "quantities such as 500m or 256Mi"}
	}
	return Refusal{What: what}
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

// own says whether Kubernetes itself knows the kind.
func own(o object.Object) bool {
	gv, err := schema.ParseGroupVersion(fmt.Sprint(o["apiVersion"]))
	return err == nil && scheme.Scheme.Recognizes(gv.WithKind(o.Kind()))
}

// clusterWide are the kinds of Kubernetes itself that have no namespace.
var clusterWide = map[string]bool{
	"Namespace": true, "ClusterRole": true, "ClusterRoleBinding": true, "CustomResourceDefinition": true, "PersistentVolume": true,
	"StorageClass": true, "IngressClass": true, "PriorityClass": true, "Node": true, "CSINode": true,
	"MutatingWebhookConfiguration": true, "ValidatingWebhookConfiguration": true, "APIService": true, "RuntimeClass": true,
	"ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true, "CSIDriver": true, "CertificateSigningRequest": true, "VolumeAttachment": true,
	"VolumeAttributesClass": true, "FlowSchema": true, "PriorityLevelConfiguration": true, "IPAddress": true, "ServiceCIDR": true,
}

// namespaced are kinds of others that stand beside a registry; of the rest
// nobody here knows.
var namespaced = map[string]bool{"ServiceMonitor": true, "PrometheusRule": true, "HTTPRoute": true, "BackendTLSPolicy": true, "Certificate": true, "Issuer": true}

// Namespaced says whether an object is of a kind that is known to be in a
// namespace.
func Namespaced(o object.Object) bool {
	return namespaced[o.Kind()] || own(o) && !clusterWide[o.Kind()]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
