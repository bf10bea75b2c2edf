package kustomize

import (
	"bytes"
	_ "embed"

	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// mergeKeys is what a strategic-merge patch needs of kustomize's built-in
// OpenAPI schema: which lists are merged, and by which key. Reading the whole
// schema takes kustomize longer than all the rest of a build, and any
// strategic-merge patch, the spec's own layer included, makes it do so. The
// file is made from kustomize's own schema by TestMergeKeys, which also fails
// when it is out of date. See docs/decisions/0006.
//
//go:embed mergekeys.json
var mergeKeys []byte

// loaded says which schema kustomize's global state holds.
var loaded = unknown

type schemaState int

const (
	unknown schemaState = iota // kustomize's own doing
	none                       // no schema: enough for specs, which none is of
	reduced                    // mergeKeys instead of the built-in schema
)

// useNone has kustomize go without a schema, until useMergeKeys.
func useNone() {
	if loaded == unknown {
		openapi.ResetOpenAPI()
		openapi.SuppressBuiltInSchemaUse()
		loaded = none
	}
}

// useMergeKeys puts the reduced schema in place of the built-in one.
func useMergeKeys() error {
	if loaded == reduced {
		return nil
	}
	openapi.ResetOpenAPI()
	openapi.SuppressBuiltInSchemaUse()
	if err := openapi.AddSchema(mergeKeys); err != nil {
		openapi.ResetOpenAPI()
		return err
	}
	loaded = reduced
	return nil
}

// useBuiltIn leaves the schema to kustomize, from a clean slate.
func useBuiltIn() {
	openapi.ResetOpenAPI()
	loaded = unknown
}

// asksForSchema says that a file mentions schemas: a kustomization's openapi
// field, or a comment that refers to a definition. Then kustomize's own schema
// is used.
func asksForSchema(data []byte) bool {
	return bytes.Contains(data, []byte("openapi")) || bytes.Contains(data, []byte("#/definitions/"))
}
