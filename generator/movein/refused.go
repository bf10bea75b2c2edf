package movein

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/problem"
)

// rest puts what the spec has no field for under values, without what the chart
// says itself, and takes out what reggen refuses there.
func (m *move) rest(c *chart.Chart) error {
	if config := m.in.mapping("configData"); config != nil {
		m.config(config)
	}
	dropDefaults(m.in, c.Values())
	if len(m.in) > 0 {
		m.out["values"] = map[string]any(m.in)
	}
	m.made.Spec = m.out
	var wrong problem.List
	for range mostRefused {
		var err error
		if _, wrong, err = m.derived(c); err != nil {
			return err
		}
		if len(wrong) == 0 {
			m.readable()
			return m.smaller(c)
		}
		took := false
		cut := map[string]int{} // the lowest element of a list that went: the numbers of those above are wrong
		slices.SortStableFunc(wrong, func(a, b problem.Problem) int { return cmp.Compare(element(b.Path), element(a.Path)) })
		for _, p := range wrong {
			list, _, _ := strings.Cut(p.Path, "[")
			n := element(p.Path)
			if last, is := cut[list]; is && n >= last && n >= 0 || needed(p.Path) {
				continue
			}
			gone, below := m.cut(p.Path)
			for i, at := range gone {
				took, cut[list] = true, n
				if rest, is := strings.CutPrefix(at, "config."); is {
					at = "configData." + rest
				}
				why := "is not carried over: " + below + p.What
				if i > 0 {
					why = "goes with it"
				}
				m.left(strings.TrimPrefix(at, "values."), why, next(p))
			}
		}
		if !took {
			break
		}
	}
	return wrong
}

// mostRefused is how often what is refused is taken out before giving up. Mostly
// twice is enough; of a list within a list one entry goes at a time.
const mostRefused = 200

// element is the number of the first list's element in a path, -1 without one.
func element(path string) int {
	for _, key := range keysOf(path) {
		if n, err := strconv.Atoi(key); err == nil {
			return n
		}
	}
	return -1
}

// needed are the fields without which there is no registry.
func needed(path string) bool {
	return !strings.HasPrefix(path, "spec.") || strings.HasPrefix(path, "spec.host") || strings.HasPrefix(path, "spec.storage")
}

func next(p problem.Problem) string {
	if p.Want != "" {
		return "say it with " + p.Want
	}
	return p.Next
}

// cut takes a path of a problem out of the spec, and says what went, as paths of
// it: that path, or all below the nearest one that is there. Of a list's element a
// part can't go without the rest; below says then which part it is.
func (m *move) cut(path string) (gone []string, below string) {
	keys := keysOf(strings.TrimPrefix(path, "spec."))
	least := 1
	if keys[0] == "values" || keys[0] == "config" {
		least = 2
	}
	for n := len(keys); n >= least; n-- {
		parent := m.out.at(keys[:n-1])
		switch p := parent.(type) {
		case map[string]any:
			was, is := p[keys[n-1]]
			if !is {
				continue
			}
			if n > least && isElement(m.out.at(keys[:n-2])) && n == len(keys) {
				continue // the whole element
			}
			of := tree{}
			of.put(was, keys[n-1])
			m.out.takeAt(keys[:n])
			if n == len(keys) {
				return []string{strings.TrimPrefix(path, "spec.")}, ""
			}
			for _, leaf := range lowest(of, keys[:n-1]) {
				gone = append(gone, dotted(leaf))
			}
			return append([]string{strings.TrimPrefix(path, "spec.")}, gone...), ""
		case []any:
			i, err := strconv.Atoi(keys[n-1])
			if err != nil || i < 0 || i >= len(p) {
				continue
			}
			at := dotted(keys[:n-1])
			if of, is := p[i].(map[string]any); is {
				for _, name := range []string{"name", "key", "host"} {
					if text, is := of[name].(string); is {
						at += " " + problem.Quoted(text)
						break
					}
				}
			}
			m.out.takeAt(keys[:n])
			if n < len(keys) {
				below = dotted(keys[n:]) + ": "
			}
			return []string{at}, below
		}
	}
	return nil, ""
}

func isElement(parent any) bool { _, is := parent.([]any); return is }

// keysOf are the keys of a path as problems write it: a.b[c.d].e, a.b[0].
func keysOf(path string) (keys []string) {
	for path != "" {
		switch {
		case path[0] == '.':
			path = path[1:]
		case path[0] == '[':
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return keys
			}
			keys, path = append(keys, strings.Trim(path[1:end], `"`)), path[end+1:]
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			keys, path = append(keys, path[:end]), path[end:]
		}
	}
	return keys
}
