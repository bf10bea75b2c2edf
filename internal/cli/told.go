package cli

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/terminal"
)

// fail tells an error and returns the exit status that goes with it.
func (w *World) fail(err error) int {
	if err == nil {
		return exitOK
	}
	var exit exitError
	code := exitFail
	switch {
	case errors.As(err, &exit):
		if code = exit.code; exit.err == nil {
			return code
		}
	case errors.As(err, &terminal.Misuse{}):
		code = exitUsage
	}
	w.Marked("reggen:", terminal.Red, " %s", w.told(err))
	return code
}

// told words an error: files below the working directory are named from there.
func (w *World) told(err error) string {
	var failure kustomize.Failure
	var l problem.List
	var one problem.Problem
	var wrong terminal.Misuse
	switch {
	case errors.As(err, &wrong) && wrong.Command != "":
		return wrong.Error()
	case errors.As(err, &failure):
		l = problem.List{failure.Problem()}
	case errors.As(err, &l), errors.As(err, &one):
		l = nil
		l.Join(err)
	default:
		return err.Error()
	}
	out := append(problem.List{}, l...)
	for i := range out {
		if filepath.IsAbs(out[i].File) {
			out[i].File = w.Show(out[i].File)
		}
		if !w.FunctionMode {
			out[i].Next = w.relative(out[i].Next)
		}
	}
	if w.StderrIsTerm {
		return out.Excerpted()
	}
	return out.Error()
}

// relative takes the working directory out of the paths in a text.
func (w *World) relative(text string) string {
	native := w.Dir + string(filepath.Separator)
	return strings.NewReplacer(native, "", filepath.ToSlash(native), "").Replace(text)
}
