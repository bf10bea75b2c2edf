// Package docs embeds the parts of the documentation that the program itself
// hands out.
package docs

import (
	_ "embed"
	"strings"
)

//go:embed reference/registry.schema.json
var registry []byte

//go:embed reference/chart.schema.json
var chart []byte

//go:embed reference/imagepullsecrets.schema.json
var images []byte

//go:embed reference/registrycredential.schema.json
var credential []byte

// Schema returns the JSON schema of a kind that reggen owns, whatever the
// case of its name; ok is false for any other kind. The bytes are shared: no
// caller changes them.
func Schema(kind string) (data []byte, ok bool) {
	switch strings.ToLower(kind) {
	case "registry":
		return registry, true
	case "chart":
		return chart, true
	case "imagepullsecrets":
		return images, true
	case "registrycredential":
		return credential, true
	}
	return nil, false
}
