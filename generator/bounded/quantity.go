package bounded

import "regexp"

// LongestQuantity is how long a text may be that is read as a quantity.
const LongestQuantity = 64

var (
	costly = regexp.MustCompile(`^[-+]?[0-9.]+[eE][-+]?[0-9]{4,}$`)
	digits = regexp.MustCompile(`^[-+]?[0-9.]+[a-zA-Z]*$`)
)

// Costly says whether a text would take Kubernetes' quantities long to read or to
// compare: they count such numbers out, and 1e1000000000 has a billion digits.
func Costly(text string) bool {
	return costly.MatchString(text) || len(text) > LongestQuantity && digits.MatchString(text)
}

// Cheap puts, into what JSON or YAML was read into, a text that is no quantity in
// the place of each costly one. It changes v.
func Cheap(v any) any {
	switch t := v.(type) {
	case string:
		if Costly(t) {
			return "no quantity"
		}
	case map[string]any:
		for k, e := range t {
			t[k] = Cheap(e)
		}
	case []any:
		for i, e := range t {
			t[i] = Cheap(e)
		}
	}
	return v
}
