package schema

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/strict"
	"github.com/reggen/reggen/generator/syntax"
)

const draft = "https://json-schema.org/draft/2020-12/schema"

type object = map[string]any

// What the kinds are.
const (
	textRegistry = "One private registry in one environment, or a layer of it."
	textChart    = "One release of a chart in one environment, or a layer of it."
	textImages   = "A pull secret for the pods of an application that run images of a registry, or a layer of it."
)

// Registry returns the JSON schema of a Registry as people write it, made from
// the types. It is for editors, and what people write is layers: a base, and
// a patch for each environment. So it asks only for what every layer has, and
// lets null stand where a patch takes something out. What the merged spec has
// to have, and what contradicts what, is for Validate to say.
func Registry() []byte {
	return docs.layer(reflect.TypeFor[spec.Registry](), spec.KindRegistry, textRegistry)
}

// Chart returns the JSON schema of a Chart, as Registry does.
func Chart() []byte {
	return chartDocs().layer(reflect.TypeFor[spec.Chart](), spec.KindChart, textChart)
}

// Images returns the JSON schema of an ImagePullSecrets, as Registry does.
func Images() []byte {
	return imagesDocs().layer(reflect.TypeFor[spec.ImagePullSecrets](), spec.KindImages, textImages)
}

func (docs described) layer(t reflect.Type, kind, text string) []byte {
	s := docs.structSchema(t, "")
	s["$schema"], s["$id"], s["title"] = draft, "https://reggen.dev/schema/"+strings.ToLower(kind)+".schema.json", kind
	s["description"] = text
	s["required"] = []string{"apiVersion", "kind", "metadata"}
	s["properties"].(object)["metadata"].(object)["required"] = []string{"name"}
	return encode(s)
}

func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		panic("a schema of maps and text can't fail to encode: " + err.Error())
	}
	return b.Bytes()
}

func (docs described) structSchema(t reflect.Type, path string) object {
	properties := object{}
	for i := range t.NumField() {
		f := t.Field(i)
		properties[strict.JSONName(f)] = docs.fieldSchema(f.Type, strings.TrimPrefix(path+"."+strict.JSONName(f), "."))
	}
	return object{"type": "object", "additionalProperties": false, "properties": properties}
}

// fieldSchema is that of one field with what docs say about it.
func (docs described) fieldSchema(t reflect.Type, path string) object {
	d := docs[path]
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var s object
	switch t.Kind() {
	case reflect.String:
		s = textSchema(d)
		if t == reflect.TypeFor[spec.Amount]() {
			s = object{"type": []any{"integer", "string"}, "minimum": 0, "pattern": syntax.Amount}
		}
	case reflect.Struct:
		s = docs.structSchema(t, path)
	case reflect.Map:
		s = docs.mapSchema(t, path, d)
	case reflect.Slice:
		s = docs.listSchema(t, path)
	case reflect.Bool:
		s = object{"type": "boolean"}
	case reflect.Int:
		s = object{"type": "integer", "minimum": map[bool]int{false: 1, true: 0}[d.zero]}
	}
	s["description"] = d.text
	if d.def != "" {
		s["description"] = d.text + " Default: " + d.def + "."
	}
	if strings.HasPrefix(path, "spec.") {
		nullable(s)
	}
	return s
}

func (docs described) listSchema(t reflect.Type, path string) object {
	switch t.Elem().Kind() {
	case reflect.Struct:
		return object{"type": "array", "items": docs.structSchema(t.Elem(), path+".*")}
	case reflect.Map:
		return object{"type": "array", "items": docs.mapSchema(t.Elem(), "", docs[path])}
	}
	return object{"type": "array", "items": object{"type": "string", "minLength": 1}, "uniqueItems": true}
}

func textSchema(d doc) object {
	s := object{"type": "string"}
	if len(d.enum) > 0 {
		s["enum"] = slices.Clone(d.enum)
	}
	if d.pattern != "" {
		s["pattern"] = d.pattern
	}
	if d.length > 0 {
		s["maxLength"] = d.length
	}
	return s
}

func (docs described) mapSchema(t reflect.Type, path string, d doc) object {
	s := object{"type": "object"}
	if d.keys != "" {
		s["propertyNames"] = object{"pattern": d.keys}
	}
	switch t.Elem().Kind() {
	case reflect.Struct:
		entry := docs.structSchema(t.Elem(), path+".*")
		nullable(entry)
		s["additionalProperties"] = entry
	case reflect.String:
		entry := textSchema(d)
		if strings.HasPrefix(path, "spec.") {
			nullable(entry)
		}
		s["additionalProperties"] = entry
	}
	return s
}

// nullable lets a patch take the field out.
func nullable(s object) {
	if types, ok := s["type"].([]any); ok {
		s["type"] = append(types, "null")
	} else {
		s["type"] = []any{s["type"], "null"}
	}
	if e, ok := s["enum"].([]string); ok {
		all := make([]any, 0, len(e)+1)
		for _, v := range e {
			all = append(all, v)
		}
		s["enum"] = append(all, nil)
	}
}

// Credential returns the JSON schema of a RegistryCredential, encrypted
// or while sops shows it in an editor.
func Credential() []byte {
	properties := object{}
	for name, d := range credentialFields {
		s := textSchema(d)
		switch name {
		case "metadata":
			text := object{"type": "object", "additionalProperties": object{"type": "string"}}
			s = object{"type": "object", "additionalProperties": false, "required": []string{"name"}, "properties": object{
				"name": object{"type": "string", "minLength": 1}, "namespace": object{"type": "string"}, "labels": text, "annotations": text,
			}}
		case "cost":
			s = object{"type": "integer", "minimum": minCost, "maximum": maxCost}
		case "stringData", "sops":
			s = object{"type": "object"}
		}
		s["description"] = d.text
		properties[name] = s
	}
	var rules []any
	for _, t := range credentialFields["type"].enum {
		rules = append(rules, typeRule(t))
	}
	return encode(object{
		"$schema": draft, "$id": "https://reggen.dev/schema/registrycredential.schema.json", "title": spec.KindCredential,
		"description": "One credential: a user, the bucket's keys, or what machines agree on. The values of stringData are encrypted with SOPS.",
		"type":        "object", "additionalProperties": false, "properties": properties,
		"required": []string{"apiVersion", "kind", "metadata", "type", "stringData"},
		"allOf":    rules,
	})
}

// patternConfigField is a field of a config credential, as package credential
// reads them.
const patternConfigField = `^(REGISTRY(_[A-Z0-9]+)+|notifications\.[a-z0-9]([-a-z0-9]*[a-z0-9])?\.[A-Za-z][-A-Za-z0-9]*)$`

// typeRule says what stringData holds for one type of credential.
func typeRule(name string) object {
	fields, required := object{}, []string{}
	for _, f := range credentialTypes[name] {
		fields[f.name] = object{"type": "string", "minLength": 1, "description": f.text}
		if f.required {
			required = append(required, f.name)
		}
	}
	data := object{"type": "object", "additionalProperties": false, "properties": fields, "required": required}
	if name == "config" {
		data = object{"type": "object", "minProperties": 1, "propertyNames": object{"pattern": patternConfigField},
			"additionalProperties": object{"type": "string", "minLength": 1}}
	}
	switch name {
	case "generic":
		data = object{"type": "object", "minProperties": 1, "propertyNames": object{"pattern": syntax.DataKey},
			"additionalProperties": object{"type": "string", "minLength": 1}}
	case "machine":
		data["patternProperties"] = object{"^draw/": object{"type": "string", "minLength": 1, "description": "What a chart's templates made once: a certificate, a key or a salted hash, and the day on which it expires."}}
	}
	if name == "user" {
		data["anyOf"] = []any{object{"required": []string{"password"}}, object{"required": []string{"hash"}}}
	}
	return object{
		"if":   object{"required": []string{"type"}, "properties": object{"type": object{"const": name}}},
		"then": object{"properties": object{"stringData": data}},
	}
}
