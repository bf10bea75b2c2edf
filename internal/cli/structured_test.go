package cli

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/internal/terminal"
)

// What steers a log is escaped in JSON and in YAML and stays the same value;
// other texts keep the form that they are read in.
func TestStructuredTextIsTheSameValue(t *testing.T) {
	value := map[string]any{
		"::error::k": "a\n::error::b\n  ::add-mask::c\n", "x": []any{"::x::", "##[y]", "###", "\x1b[31m\u202e\u3164\U000e0100"},
		"plain": "several\nlines\n", "address": "a ::1", "number": "12",
	}
	for form, write := range map[string]func(any) ([]byte, error){"json": terminal.JSONText, "yaml": terminal.YAMLText} {
		text, err := write(value)
		if err != nil {
			t.Fatal(err)
		}
		steersNothing(t, form, string(text))
		var back any
		read := json.Unmarshal
		if form == "yaml" {
			read = func(data []byte, v any) error { return yaml.Unmarshal(data, v) }
		}
		if err := read(text, &back); err != nil || !reflect.DeepEqual(back, any(value)) {
			t.Errorf("%s: %v, another value:\n%s", form, err, text)
		}
		if form == "yaml" && !strings.Contains(string(text), "plain: |\n  several\n  lines\n") {
			t.Errorf("a good text has another form:\n%s", text)
		}
	}
}
