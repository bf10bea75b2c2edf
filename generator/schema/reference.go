package schema

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/storage"
	"github.com/reggen/reggen/generator/strict"
)

// Reference returns every field of the kinds in Markdown, made from the
// types and from Default.
func Reference() []byte {
	var b strings.Builder
	b.WriteString("# Registry\n\nEvery field of the spec. Generated from the program; `go test ./generator/schema -run TestSchema -update` writes it.\n" +
		"Required means: in the merged spec. A layer leaves out what another one says, and in a patch `null` takes a field out.\n" +
		"Which values of the chart follow from which field is in [values](values.md).\n\n" +
		"| field | type | default | meaning |\n|---|---|---|---|\n")
	docs.fields(&b, reflect.TypeFor[spec.Registry]())
	presets(&b)
	b.WriteString("\n# Chart\n\nEvery field of a release of any chart.\n\n| field | type | default | meaning |\n|---|---|---|---|\n")
	chartDocs().fields(&b, reflect.TypeFor[spec.Chart]())
	b.WriteString("\n# ImagePullSecrets\n\nEvery field of a pull secret for an application.\n\n| field | type | default | meaning |\n|---|---|---|---|\n")
	imagesDocs().fields(&b, reflect.TypeFor[spec.ImagePullSecrets]())
	b.WriteString("\n# RegistryCredential\n\nOne file for each user or purpose, encrypted with SOPS. Only the values of `stringData` are encrypted.\n\n" +
		"| field | meaning |\n|---|---|\n")
	for _, name := range []string{"apiVersion", "kind", "metadata", "type", "user", "cost", "stringData", "sops"} {
		d := credentialFields[name]
		text := d.text
		if len(d.enum) > 0 {
			text += " One of " + code(d.enum) + "."
		}
		if name == "cost" {
			text += fmt.Sprintf(" From %d to %d.", minCost, maxCost)
		}
		row(&b, "`"+name+"`", text)
	}
	b.WriteString("\n| type | field of stringData | required | meaning |\n|---|---|---|---|\n")
	for _, t := range credentialFields["type"].enum {
		for _, f := range credentialTypes[t] {
			row(&b, "`"+t+"`", "`"+f.name+"`", map[bool]string{true: "yes", false: "no"}[f.required], f.text)
		}
	}
	return []byte(b.String())
}

// fields writes a row for each field of a kind.
func (docs described) fields(b *strings.Builder, kind reflect.Type) {
	var lists []string
	strict.Visit(kind, "", func(path string, f reflect.StructField) {
		d := docs[path]
		if f.Type.Kind() == reflect.Slice {
			lists = append(lists, path)
		}
		for _, l := range lists {
			if rest, ok := strings.CutPrefix(path, l+".*"); ok {
				path = l + "[]" + rest
			}
		}
		def := d.def
		if d.required {
			def = "*required*"
		}
		text := d.text
		if len(d.enum) > 0 {
			text += " One of " + code(d.enum) + "."
		}
		row(b, "`"+strings.ReplaceAll(path, "*", "<name>")+"`", typeName(f.Type), def, text)
	})
}

// presets lists what Default makes of each S3 provider.
func presets(b *strings.Builder) {
	b.WriteString("\n## S3 providers\n\nWhat a provider presets. A service that isn't here is `minio` with its endpoint.\n\n" +
		"| provider | region | endpoint | forcePathStyle | encrypt | redirect |\n|---|---|---|---|---|---|\n")
	for _, p := range storage.Providers {
		in := storage.S3{Provider: p}
		needsRegion, needsEndpoint := storage.Needs(p)
		if needsRegion != "" {
			in.Region = "<region>"
		}
		s := spec.Default(spec.Registry{Spec: spec.RegistrySpec{Storage: storage.Place{S3: &in}}}).Spec.Storage.S3
		region, endpoint := s.Region, s.Endpoint
		if in.Region != "" {
			region = "*required*"
		}
		switch {
		case needsEndpoint != "":
			endpoint = "*required*: " + needsEndpoint
		case endpoint == "":
			endpoint = "the region's"
		}
		row(b, "`"+p+"`", region, endpoint, fmt.Sprint(*s.ForcePathStyle), fmt.Sprint(*s.Encrypt), fmt.Sprint(*s.Redirect))
	}
}

var escape = strings.NewReplacer("|", "\\|", "<", "&lt;", ">", "&gt;")

func row(b *strings.Builder, cells ...string) {
	for _, c := range cells {
		if !strings.HasPrefix(c, "`") || !strings.HasSuffix(c, "`") {
			c = escape.Replace(c)
		}
		b.WriteString(strings.TrimRight("| "+c, " ") + " ")
	}
	b.WriteString("|\n")
}

func code(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = "`" + n + "`"
	}
	return strings.Join(quoted, ", ")
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		if t == reflect.TypeFor[spec.Amount]() {
			return "whole number or percentage"
		}
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Bool:
		return "boolean"
	case reflect.Int:
		return "whole number"
	case reflect.Slice:
		if t.Elem().Kind() != reflect.String {
			return "list of mappings"
		}
		return "list of text"
	case reflect.Map:
		if t.Elem().Kind() == reflect.String {
			return "mapping of text"
		}
		return "mapping"
	case reflect.Struct:
		return "mapping"
	}
	return "text"
}
