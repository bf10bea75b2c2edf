package object

// List is the list at path in a mapping, or nil.
func List(m map[string]any, path ...string) []any {
	l, _ := Object(m).Map(path[:len(path)-1]...)[path[len(path)-1]].([]any)
	return l
}

// Text is the text at path in an object or a mapping, or "".
func Text(v any, path ...string) string {
	m, ok := v.(map[string]any)
	if !ok {
		o, _ := v.(Object)
		m = o
	}
	s, _ := Object(m).Map(path[:len(path)-1]...)[path[len(path)-1]].(string)
	return s
}
