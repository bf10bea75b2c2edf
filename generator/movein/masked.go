package movein

import (
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/refuse"
)

// notShown stands for a value of the live release.
const notShown = "(not shown)"

// private are the fields in which people leave secrets where everybody can read
// them, by path or by key: their values are not shown, whatever they are called.
var (
	private    = []string{"env", "data", "stringData", "binaryData", "annotations", "args", "command"}
	privateAt  = regexp.MustCompile(`(^|/)(` + strings.Join(private, "|") + `)(/|$)`)
	pointingTo = regexp.MustCompile(`/env/.*KeyRef/(name|key)$`) // a name of a Secret, not what is in it
)

// Masked is what a live object had at a path, as diff writes it, without values that
// may be secrets: a release holds them in variables, arguments, annotations and
// ConfigMaps as well. Names stay.
func Masked(path, from string) string {
	if from == "" || pointingTo.MatchString(path) {
		return from
	}
	hidden := privateAt.MatchString(path)
	var v any
	if yaml.Unmarshal([]byte(from), &v) != nil {
		return notShown
	}
	key := path[strings.LastIndexByte(path, '/')+1:]
	switch v.(type) {
	case map[string]any, []any:
		text, err := yaml.Marshal(mask(key, v, hidden, hidden && !strings.Contains(path, "/env")))
		if err != nil {
			return notShown
		}
		return strings.TrimSuffix(string(text), "\n")
	}
	if hidden || refuse.Looks(key, from) {
		return notShown
	}
	return from
}

// mask puts notShown in the place of values: of all where hidden, of what looks like
// a secret elsewhere. Names are shown but where whole says otherwise.
func mask(key string, v any, hidden, whole bool) any {
	switch t := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range t {
			under := slices.Contains(private, k)
			out[k] = mask(k, e, hidden || under, whole || under && k != "env")
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, e := range t {
			out[i] = mask(key, e, hidden, whole)
		}
		return out
	case nil:
		return nil
	}
	if hidden && (whole || key != "name" && key != "key") || refuse.Looks(key, v) {
		return notShown
	}
	return v
}
