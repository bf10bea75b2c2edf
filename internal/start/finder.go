package start

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/refuse"
	"github.com/reggen/reggen/generator/secret"
)

// most is how many renders a search may take, and spare how many of them are for
// values whose names say nothing.
const (
	most  = 40
	spare = 12
)

// finder finds which values of a chart feed its Secrets: it renders the chart with
// a text of its own in the place of each that may.
type finder struct {
	render   func(values map[string]any) (chart.Outcome, error)
	defaults map[string]any // of the chart and its dependencies

	fed     map[string][]string // path of a value -> keys of Secrets that it feeds
	needed  map[string]bool     // without these the chart does not render
	unsure  map[string][]string // as fed: empty values whose names say no secret
	notes   []string            // for people
	renders int

	held    []string // marked in every render, for they do no harm
	last    chart.Outcome
	keys    int      // of its Secrets
	wrong   []string // the chart does not render with these marked
	untried []string
	seen    map[string]map[string]bool // path -> keys of Secrets where its mark stands
	outside map[string]bool            // path -> its mark stands outside of them
}

// find looks for what feeds Secrets. Its error is the chart's own: it renders
// neither with its defaults nor with what was tried.
func (f *finder) find() error {
	f.fed, f.unsure, f.needed = map[string][]string{}, map[string][]string{}, map[string]bool{}
	f.seen, f.outside = map[string]map[string]bool{}, map[string]bool{}
	named, empty := candidates(f.defaults)
	if err := f.start(named, empty); err != nil {
		return err
	}
	if err := f.add(named, most); err != nil {
		return err
	}
	if n := len(f.untried); n > 0 {
		f.notes = append(f.notes, fmt.Sprintf("not tried, for the chart takes too many renders: %s", list(f.untried)))
	}
	if len(f.wrong) > 0 {
		f.notes = append(f.notes, fmt.Sprintf("left alone, for the chart takes no random text there: %s", list(f.wrong)))
	}
	// What is learned of the others is told and no more: nobody has to know of those
	// that were not tried.
	if err := f.add(empty, min(most, f.renders+spare)); err != nil {
		return err
	}
	f.conclude(named)
	f.drawn(f.last)
	return nil
}

// start finds what the chart does not render without: values that its own errors
// name, or else all that have the name of a secret.
func (f *finder) start(named, empty []string) error {
	first, err := f.marked(nil)
	if err != nil {
		return err
	}
	out := first
	for len(out.Problems) > 0 && f.renders < most/2 {
		with := "its defaults"
		if len(f.held) > 0 {
			with = strings.Join(f.held, " and ")
		}
		f.notes = append(f.notes, "with "+with+": "+out.Problems.Error())
		said := ""
		for _, p := range out.Problems {
			said += p.What + "\n" // not its file, which has a name too
		}
		path := mentioned(said, slices.Concat(named, empty), f.held)
		if path == "" {
			break
		}
		f.held, f.needed[path] = append(f.held, path), true
		if out, err = f.marked(nil); err != nil {
			return err
		}
	}
	if len(out.Problems) == 0 {
		f.accept(out, f.held)
		return nil
	}
	needed := f.held
	for size := len(named); size > 0; size /= 2 {
		for without := 0; without < len(named) && f.renders < most; without += size {
			f.held = slices.Clone(needed)
			for n, path := range named {
				if (size == len(named) || n < without || n >= without+size) && !f.needed[path] {
					f.held = append(f.held, path)
				}
			}
			if out, err = f.marked(nil); err != nil {
				return err
			}
			if len(out.Problems) == 0 {
				f.accept(out, f.held)
				return nil
			}
		}
	}
	return first.Problems.Err()
}

// add marks more values, all at once, or in halves where that does harm.
func (f *finder) add(paths []string, limit int) error {
	paths = slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return slices.Contains(f.held, path) })
	if len(paths) == 0 {
		return nil
	}
	if f.renders >= limit {
		f.untried = append(f.untried, paths...)
		return nil
	}
	out, err := f.marked(paths)
	switch {
	case err != nil:
		return err
	case len(out.Problems) == 0 && count(out) >= f.keys:
		f.held = append(f.held, paths...)
		f.accept(out, f.held)
		return nil
	case len(paths) > 1:
		half := len(paths) / 2
		if err := f.add(paths[:half], limit); err != nil {
			return err
		}
		return f.add(paths[half:], limit)
	case len(out.Problems) == 0: // it takes a Secret away, or a key of one
		f.look(out, paths)
	default:
		f.wrong = append(f.wrong, paths...)
	}
	return nil
}

// marked renders the chart with marks in what is held and in more.
func (f *finder) marked(more []string) (chart.Outcome, error) {
	values := map[string]any{}
	for _, path := range slices.Concat(f.held, more) {
		if err := chart.Set(values, path, marker(path)); err != nil {
			return chart.Outcome{}, err
		}
	}
	f.renders++
	return f.render(values)
}

func marker(path string) string { return secret.Placeholder(secret.FieldRef("init", path)) }

func (f *finder) accept(out chart.Outcome, paths []string) {
	f.last, f.keys = out, count(out)
	f.look(out, paths)
}

// look notes where the marks of values stand.
func (f *finder) look(out chart.Outcome, paths []string) {
	each(out.Files, func(where, text string) {
		for _, path := range paths {
			switch {
			case !strings.Contains(text, marker(path)):
			case where == "":
				f.outside[path] = true
			case f.seen[path] == nil:
				f.seen[path] = map[string]bool{where: true}
			default:
				f.seen[path][where] = true
			}
		}
	})
}

// conclude sorts what was seen.
func (f *finder) conclude(named []string) {
	for _, path := range slices.Sorted(maps.Keys(f.seen)) {
		where, secretish := slices.Sorted(maps.Keys(f.seen[path])), slices.Contains(named, path) || f.needed[path]
		switch {
		case f.outside[path] && secretish:
			f.notes = append(f.notes, path+" stands outside Secrets too, where no secret may be: left alone")
		case f.outside[path]: // a name, a host: no secret
		case secretish:
			f.fed[path] = where
		default:
			f.unsure[path] = where
		}
	}
	for _, path := range slices.Sorted(maps.Keys(f.needed)) {
		if f.fed[path] == nil && f.seen[path] == nil {
			f.notes = append(f.notes, path+" is needed and feeds no Secret: give it under spec.values")
		}
	}
}

// drawn tells of the keys of Secrets that no value feeds.
func (f *finder) drawn(out chart.Outcome) {
	other := map[string]string{}
	if out.Second != nil {
		each(out.Second.Files, func(where, text string) { other[where] = text })
	}
	fed := map[string]bool{}
	for _, keys := range f.seen {
		for where := range keys {
			fed[where] = true
		}
	}
	var draws, fixed []string
	each(out.Files, func(where, text string) {
		switch {
		case where == "" || fed[where]:
		case out.Second != nil && other[where] != text:
			draws = append(draws, where)
		default:
			fixed = append(fixed, where)
		}
	})
	if len(draws) > 0 {
		f.notes = append(f.notes, "drawn by the templates, from the machine credential: "+list(draws))
	}
	if len(fixed) > 0 {
		f.notes = append(f.notes, "fed by no value that was found: "+list(fixed))
	}
}

// each calls see with every text of Secrets' data, decoded, and where it stands,
// and with the text of every other object, which stands nowhere.
func each(files []chart.Rendered, see func(where, text string)) {
	for _, file := range files {
		objects, err := object.ParseAsHelm(file.File, file.Data)
		if err != nil {
			continue // a build tells
		}
		for _, o := range objects {
			if !o.IsSecret() {
				var all strings.Builder
				o.Walk(func(_, s string) { all.WriteString(s + "\n") })
				see("", all.String())
				continue
			}
			for _, field := range []string{"data", "stringData"} {
				for key, v := range o.Map(field) {
					text, _ := v.(string)
					if raw, err := base64.StdEncoding.DecodeString(text); err == nil && field == "data" {
						text = string(raw)
					}
					see("Secret "+o.Name()+"/"+key, text)
				}
			}
		}
	}
}

// count is how many keys the Secrets of a render have.
func count(out chart.Outcome) (n int) {
	each(out.Files, func(where, _ string) {
		if where != "" {
			n++
		}
	})
	return n
}

// mentioned is the value that an error names: by its path, or by the end of it if
// that is the end of one alone.
func mentioned(text string, paths, but []string) (found string) {
	best, times := 0, 0
	for _, path := range paths {
		parts := strings.Split(path, ".")
		for n := len(parts); n > 0 && n >= best && !slices.Contains(but, path); n-- {
			end := regexp.MustCompile(`(^|[^\w-])` + regexp.QuoteMeta(strings.Join(parts[len(parts)-n:], ".")) + `($|[^\w-])`)
			if !end.MatchString(text) {
				continue
			}
			if times++; n > best {
				best, times, found = n, 1, path
			}
			break
		}
	}
	if times != 1 {
		return ""
	}
	return found
}

// ofAnother are values that name or describe something else: a Secret that is
// there already, an image.
var ofAnother = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(existing|override|image|class|schema|annotations|labels|selector)|(name|ref|tag|registry|repository|path|mode|type|policy)$`)
})

// candidates are the paths of texts that may be secret: those whose names say so,
// and those that are empty.
func candidates(defaults map[string]any) (named, empty []string) {
	var walk func(values map[string]any, at string)
	walk = func(values map[string]any, at string) {
		for _, k := range slices.Sorted(maps.Keys(values)) {
			path := strings.TrimPrefix(at+"."+strings.ReplaceAll(k, ".", `\.`), ".")
			text, isText := values[k].(string)
			below, isMap := values[k].(map[string]any)
			switch {
			case k == "" || problem.Steers(k) || chart.Set(map[string]any{}, path, "x") != nil: // none that secretValues can have
			case isMap:
				walk(below, path)
			case !isText && values[k] != nil:
			case refuse.Looks(k, "some text"):
				named = append(named, path)
			case isText && text == "" && !ofAnother().MatchString(path):
				empty = append(empty, path)
			}
		}
	}
	walk(defaults, "")
	return named, empty
}

// list is the first of some texts, sorted, and how many more there are.
func list(texts []string) string {
	texts = slices.Compact(slices.Sorted(slices.Values(texts)))
	if more := len(texts) - 12; more > 1 {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:12], ", "), more)
	}
	return strings.Join(texts, ", ")
}
