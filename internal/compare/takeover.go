package compare

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/movein"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
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
	namespace, err := movein.Namespace(built) // where Helm puts objects that name none
	if err != nil {
		return "", err
	}
	old := map[string]object.Object{}
	for _, o := range live {
		if o = o.Copy(); o.Namespace() == "" && o.Map("metadata") != nil {
			o.Map("metadata")["namespace"] = namespace
		}
		old[o.ID().String()] = o
	}
	var b strings.Builder
	rolled := false
	for _, o := range built {
		id := o.ID().String()
		was, is := old[id]
		delete(old, id)
		if !is {
			fmt.Fprintf(&b, "+ %s: new: %s\n", problem.Shown(id), movein.New(o))
			continue
		}
		changes, err := diff.Compare([]object.Object{movein.Settled(was, o)}, []object.Object{movein.Settled(o, o)})
		if err != nil {
			return "", err
		}
		if len(changes) == 0 {
			fmt.Fprintf(&b, "= %s\n", problem.Shown(id))
			continue
		}
		fmt.Fprintf(&b, "~ %s\n", problem.Shown(id))
		for _, f := range changes[0].Fields {
			word, reason := movein.Why(f.Path, f.From, f.To)
			f.From = movein.Masked(f.Path, f.From)
			f.Path, f.From, f.To = problem.Shown(f.Path), terminal.Printable(f.From), terminal.Printable(f.To)
			fieldText(&b, w.Tell.Painter(), f, "    ")
			fmt.Fprintf(&b, "      %s: %s\n", word, reason)
			rolled = rolled || o.Kind() == "Deployment" && strings.HasPrefix(f.Path, "spec/template")
		}
		for _, line := range changes[0].InPlace {
			fmt.Fprintf(&b, "    %s\n", problem.Shown(line))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(old)) {
		if what := movein.Left(old[id]); what != "" {
			fmt.Fprintf(&b, "- %s: is left behind: %s\n", problem.Shown(id), what)
		}
	}
	if rolled {
		b.WriteString("pods are replaced once, the old ones serving until then\n")
	} else {
		b.WriteString("no pod is replaced\n")
	}
	return b.String(), nil
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
// release, in one of movein.Ways. It asks no cluster.
func (w *Work) TakeOver(ctx context.Context, dir, way string) (string, error) {
	if problem.Steers(dir) {
		return "", problem.Problem{File: dir, What: "holds control characters", Want: "a folder that can be typed"}
	}
	if !slices.Contains(movein.Ways, way) {
		return "", problem.Problem{Path: "--by", What: "has an unknown way " + problem.Quoted(way), Want: problem.OneOf(movein.Ways), Near: problem.Nearest(way, movein.Ways)}
	}
	built, err := w.builtFor(ctx, dir)
	if err != nil {
		return "", err
	}
	script, err := movein.TakeOver(way, dir, built)
	if err != nil {
		return "", w.Repo.InFile(w.Repo.Abs(dir), err)
	}
	return script, nil
}
