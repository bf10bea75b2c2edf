package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/problem"
)

// jsonText writes a value as JSON with a line end behind it. What would steer a
// terminal or a log is escaped: the same value, seen by whoever looks.
func jsonText(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		switch {
		case r == '\n' || !problem.Steers(string(r)):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// yamlText writes a value as YAML, for people and programs that read text: what
// would steer a terminal is shown instead.
func yamlText(v any) ([]byte, error) {
	text, err := yaml.Marshal(v)
	return []byte(problem.Lines(string(text))), err
}
