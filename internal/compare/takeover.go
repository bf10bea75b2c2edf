package compare

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/takeover"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/diff"
	"github.com/reggen/reggen/internal/terminal"
)

// Live is what an environment changes in a live release, object by object and field
// by field, each with a word on why, and whether pods are replaced. file is what
// kubectl get -o yaml prints of the release's objects, or helm get manifest; - for
// standard input. Values of Secrets are compared with nothing, and of what the
// release has in variables, arguments, annotations and ConfigMaps none is shown.
func (w *Work) Live(ctx context.Context, dir, file string) (string, error) {
	built, err := w.builtFor(ctx, dir)
	if err != nil {
		return "", err
	}
	text, name, err := w.Repo.Given(file, w.Tell.ReadInput)
	if err != nil {
		return "", err
	}
	if err := bounded.Secret(name, text); err != nil {
		return "", err
	}
	live, err := object.Parse("", text)
	if err != nil || len(live) == 0 {
		return "", problem.Problem{File: name, What: "holds no objects", Want: "what kubectl get deployment,service,configmap,secret,ingress -o yaml prints"}
	}
	out, err := w.liveText(live, built)
	if err != nil {
		return "", w.Repo.InFile(w.Repo.Abs(dir), err)
	}
	return out, nil
}

func (w *Work) liveText(live, built []object.Object) (string, error) {
	release, err := takeover.Taken(built)
	if err != nil {
		return "", err
	}
	old := map[string]object.Object{}
	others := 0
	for _, o := range live {
		if o = o.Copy(); o.Namespace() == "" && o.Map("metadata") != nil {
			o.Map("metadata")["namespace"] = release.Namespace // where Helm puts objects that name none
		}
		id := o.ID().String()
		switch {
		case old[id] != nil:
			return "", problem.Problem{What: "the live objects hold " + problem.Shown(id) + " twice", Want: "the objects of one cluster"}
		case o.Namespace() != release.Namespace && !ours(o, built):
			others++
		default:
			old[id] = o
		}
	}
	if err := release.Matches(slices.Collect(maps.Values(old)), live); err != nil {
		return "", err
	}
	r := liveReport{w: w, counts: map[takeover.Word]int{}, judge: release.Judge(slices.Collect(maps.Values(old)), built)}
	for _, line := range r.judge.Elsewhere() {
		r.look = append(r.look, problem.Shown(line))
	}
	for _, o := range built {
		id := o.ID().String()
		was, is := old[id]
		delete(old, id)
		if err := r.object(o, was, is); err != nil {
			return "", err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(old)) {
		if o := old[id]; takeover.Of(o, release.Name) {
			r.left = append(r.left, o)
		} else {
			others++
		}
	}
	return r.text(built, others), nil
}

func ours(o object.Object, built []object.Object) bool {
	return slices.ContainsFunc(built, func(b object.Object) bool { return b.ID() == o.ID() })
}

// liveReport is what an environment changes in a release, on its way.
type liveReport struct {
	w      *Work
	judge  takeover.Judge
	body   strings.Builder
	counts map[takeover.Word]int
	look   []string // what has to be looked at, by object and field
	left   []object.Object
	rolled bool
}

func (r *liveReport) object(o, was object.Object, is bool) error {
	id := problem.Shown(o.ID().String())
	if !is {
		fmt.Fprintf(&r.body, "+ %s: new: %s\n", id, takeover.New(o))
		if o.Kind() == "PersistentVolumeClaim" {
			r.look = append(r.look, id+": is new, and empty: are the images on another claim?")
		}
		return nil
	}
	changes, err := diff.Compare([]object.Object{takeover.Settled(was, o)}, []object.Object{takeover.Settled(o, o)})
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		fmt.Fprintf(&r.body, "= %s\n", id)
		return nil
	}
	fmt.Fprintf(&r.body, "~ %s\n", id)
	for _, f := range changes[0].Fields {
		r.rolled = r.rolled || o.Kind() == "Deployment" && strings.HasPrefix(f.Path, "spec/template")
		for _, d := range r.judge.Why(o.Kind(), marks[f.Change].sign, f.Path, f.From, f.To) {
			r.counts[d.Word]++
			d.Reason = problem.Shown(d.Reason) // may name a setting
			f.Path, f.From, f.To = problem.Shown(d.Path), terminal.Printable(takeover.Masked(d.Path, d.From, f.Change != diff.Changed)), terminal.Printable(d.To)
			if d.Word == takeover.Look {
				what := f.Path
				if len(d.Entries) > 0 {
					what += " (" + problem.Shown(strings.Join(d.Entries, ", ")) + ")"
				}
				r.look = append(r.look, id+" "+what+": "+d.Reason)
			}
			fieldText(&r.body, r.w.Tell.Painter(), f, "    ")
			fmt.Fprintf(&r.body, "      %s: %s\n", d.Word, d.Reason)
		}
	}
	for _, line := range changes[0].InPlace {
		fmt.Fprintf(&r.body, "    %s\n", problem.Shown(line))
		r.look = append(r.look, id+": "+problem.Shown(line))
	}
	return nil
}

// text begins with what matters: whether pods are replaced, what to look at.
func (r *liveReport) text(built []object.Object, others int) string {
	var b strings.Builder
	if r.rolled {
		b.WriteString("pods are replaced once\n")
	} else {
		b.WriteString("no pod is replaced\n")
	}
	var n []string
	for _, word := range takeover.Words {
		n = append(n, fmt.Sprintf("%d %s", r.counts[word], word))
	}
	fmt.Fprintf(&b, "differences: %s\n", strings.Join(n, ", "))
	if len(r.look) > 0 {
		b.WriteString("look at these:\n  " + strings.Join(slices.Compact(r.look), "\n  ") + "\n")
	}
	b.WriteString("\n" + r.body.String())
	for _, o := range r.left {
		what, command := takeover.Left(o, built)
		fmt.Fprintf(&b, "- %s: %s\n", problem.Shown(o.ID().String()), what)
		if command != "" {
			fmt.Fprintf(&b, "    when all is well: %s\n", command)
		}
	}
	if others > 0 {
		fmt.Fprintf(&b, "not looked at: %d objects that are not of this release\n", others)
	}
	return b.String()
}

// builtFor are the objects of an environment.
func (w *Work) builtFor(ctx context.Context, dir string) ([]object.Object, error) {
	text, err := w.Builds.Build(ctx, []string{dir}, deliver.BuildOptions{})
	if err != nil {
		return nil, err
	}
	return object.Parse("the build", text)
}

// TakeOver is the script by which an environment takes the place of a live Helm
// release, in one of takeover.Ways, and Forget the one that comes afterwards. They
// ask no cluster.
func (w *Work) TakeOver(ctx context.Context, dir, way string) (string, error) {
	if !slices.Contains(takeover.Ways, way) {
		return "", problem.Problem{Path: "--by", What: "has an unknown way " + problem.Quoted(way), Want: problem.OneOf(takeover.Ways), Near: problem.Nearest(way, takeover.Ways)}
	}
	at := w.Repo.Abs(".")
	for _, folder := range []string{dir, at} {
		if problem.Steers(folder) {
			return "", problem.Problem{File: folder, What: "holds control characters", Want: "a folder that can be typed"}
		}
	}
	return w.scriptFor(ctx, dir, func(built []object.Object) (string, error) { return takeover.TakeOver(way, dir, at, built) })
}

// Forget is the script for after a take-over, see TakeOver.
func (w *Work) Forget(ctx context.Context, dir string) (string, error) {
	return w.scriptFor(ctx, dir, takeover.Forget)
}

func (w *Work) scriptFor(ctx context.Context, dir string, script func([]object.Object) (string, error)) (string, error) {
	built, err := w.builtFor(ctx, dir)
	if err != nil {
		return "", err
	}
	text, err := script(built)
	if err != nil {
		return "", w.Repo.InFile(w.Repo.Abs(dir), err)
	}
	return text, nil
}
