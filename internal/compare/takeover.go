package compare

import (
	"context"
	"slices"

	"github.com/reggen/reggen/generator/movein"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/deliver"
)

// TakeOver is the script by which an environment takes the place of a live Helm
// release, in one of movein.Ways. It asks no cluster.
func (w *Work) TakeOver(ctx context.Context, dir, way string) (string, error) {
	if problem.Steers(dir) {
		return "", problem.Problem{File: dir, What: "holds control characters", Want: "a folder that can be typed"}
	}
	if !slices.Contains(movein.Ways, way) {
		return "", problem.Problem{Path: "--by", What: "has an unknown way " + problem.Quoted(way), Want: problem.OneOf(movein.Ways), Near: problem.Nearest(way, movein.Ways)}
	}
	text, err := w.Builds.Build(ctx, []string{dir}, deliver.BuildOptions{})
	if err != nil {
		return "", err
	}
	built, err := object.Parse("the build", text)
	if err != nil {
		return "", err
	}
	script, err := movein.TakeOver(way, dir, built)
	if err != nil {
		return "", w.Repo.InFile(w.Repo.Abs(dir), err)
	}
	return script, nil
}
