// Package cli is the command line: the only owner of argv, the environment,
// the clock, files and the terminal. Everything else is a function of its
// input.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/revision"
)

// World is everything that a command may touch besides files.
type World struct {
	Args         []string // without the program's name
	Stdin        io.Reader
	Stdout       io.Writer
	Stderr       io.Writer
	Getenv       func(string) string
	Dir          string // the working directory; reggen never changes it
	Home         string // the user's home folder, "" when unknown
	Now          func() time.Time
	Random       io.Reader
	StdinIsTerm  bool // a person can be asked
	StdoutIsTerm bool // colours can be shown
	StderrIsTerm bool // progress can be shown
	ReadPassword func() (string, error)
	SaveTerminal func() (restore func()) // nil where there is none
	Executable   func() (string, error)
	Processes    int             // how many may build at once, this one and workers; 1 and less: only this one
	Allow        kustomize.Allow // what the command line lets builds do beyond reading local files
	Accept       []string        // recipients for whom a file may be encrypted the first time, without a question
	// FunctionMode is set when kustomize started this process: paths in errors
	// are then absolute, since nobody knows which folder is meant.
	FunctionMode bool

	done <-chan struct{} // closed when the program is interrupted

	versioned bool            // Dir holds a revision of the repository, all of it
	left      []revision.Left // what that lacks
}

// Exit statuses.
const (
	exitOK    = 0
	exitFail  = 1 // the input is wrong, or a check found something
	exitUsage = 2 // the command line is wrong
)

// exitError carries an exit status through cobra; its text was already shown
// when silent is set.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}
func (e exitError) Unwrap() error { return e.err }

// abs makes a path absolute against the working directory of the World.
func (w *World) abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(w.Dir, path)
}

// show is how a path is written for a person: relative when it lies below the
// working directory, whole otherwise and whenever kustomize started us.
func (w *World) show(path string) string { return problem.Shown(w.rel(path)) }

// rel is a path as show names it, byte for byte.
func (w *World) rel(path string) string {
	if w.FunctionMode {
		return path
	}
	rel, err := filepath.Rel(w.Dir, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return path
	}
	return rel
}

// note writes a line for people to stderr. Names in it are as show, quoteArg or
// a Problem write them: a line end in them would start a line of its own.
func (w *World) note(format string, args ...any) {
	fmt.Fprintln(w.Stderr, problem.Lines(fmt.Sprintf(format, args...)))
}

// warn writes a problem that stops nothing.
func (w *World) warn(p problem.Problem) { w.note("warning: %s", p.Error()) }

// folder reads *.yaml and *.yml of folders relative to root, sorted by name.
func (w *World) folder(root string) generator.Folder {
	return func(rel string) (string, []generator.File, error) {
		dir := filepath.Join(root, rel)
		shown := w.show(dir)
		if top := repositoryOf(root); top != "" && repositoryOf(dir) != top {
			return shown, nil, problem.Problem{File: dir, What: "is outside the repository", Want: "a folder of the repository " + top}
		}
		if err := inside(dir); err != nil {
			return shown, nil, err
		}
		entries, err := os.ReadDir(dir)
		switch {
		case err == nil && problem.Steers(w.rel(dir)):
			return shown, nil, problem.Problem{File: dir, What: "has characters in its name that can't be seen", Next: "rename it"}
		case errors.Is(err, fs.ErrNotExist):
			return shown, nil, err
		case err != nil:
			return shown, nil, w.fileProblem("can't read", dir, err)
		}
		var files []generator.File
		size := 0
		for _, e := range entries {
			name := e.Name()
			if e.IsDir() || strings.HasPrefix(name, ".") || (filepath.Ext(name) != ".yaml" && filepath.Ext(name) != ".yml") ||
				name == "kustomization.yaml" || name == "kustomization.yml" {
				continue
			}
			if problem.Steers(name) {
				return shown, nil, problem.Problem{File: filepath.Join(dir, name), What: "has characters in its name that can't be seen", Next: "rename it"}
			}
			if err := inside(filepath.Join(dir, name)); err != nil {
				return shown, nil, err
			}
			data, err := w.read(filepath.Join(dir, name))
			if err != nil {
				return shown, nil, w.fileProblem("can't read", filepath.Join(dir, name), err)
			}
			if size += len(data); size > bounded.MaxFolder || len(files) == bounded.MaxFiles {
				return shown, nil, problem.Problem{File: dir, What: "holds too much", Want: fmt.Sprintf("at most %d files and %d MiB of credentials or sealed files", bounded.MaxFiles, bounded.MaxFolder>>20)}
			}
			files = append(files, generator.File{Path: w.show(filepath.Join(dir, name)), Data: data})
		}
		sort.Slice(files, func(i, j int) bool { return files[i].Path < files[j].Path })
		return shown, files, nil
	}
}

// read reads a credential, a sealed file or another small file of the
// repository, within bounds: it may come from a stranger.
func (w *World) read(path string) ([]byte, error) {
	data, err := bounded.Read(path, bounded.MaxSecret)
	if err != nil {
		return nil, err
	}
	return data, bounded.Secret(path, data)
}

// readRendered reads what another program rendered.
func (w *World) readRendered(path string) ([]byte, error) {
	return bounded.Read(path, bounded.MaxFile)
}

// longestInput is how much of standard input is read: what kustomize hands to a
// function may be all of a large build.
const longestInput = 64 << 20

var errLongInput error = problem.Problem{What: "standard input is longer than 64 MiB"}

// stdin reads standard input whole.
func (w *World) stdin() ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(w.Stdin, longestInput+1))
	switch {
	case err != nil:
		return nil, problem.Problem{What: "standard input can't be read"}
	case len(data) > longestInput:
		return nil, errLongInput
	}
	return data, nil
}

// write replaces a file by way of a temporary name in the same folder and a
// rename, so that a reader, or a kill, meets the old or the new one.
func (w *World) write(path string, data []byte, mode os.FileMode) error {
	if err := inside(path); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return w.fileProblem("can't make the folder of", path, err)
	}
	if err := renameio.WriteFile(path, data, mode, renameio.WithTempDir(filepath.Dir(path)), renameio.WithExistingPermissions()); err != nil {
		return w.fileProblem("can't write", path, err)
	}
	settle(filepath.Dir(path))
	return nil
}

// delete removes a file; one that is gone is none to complain about.
func (w *World) delete(path string) error {
	if err := inside(path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return w.fileProblem("can't delete", path, err)
	}
	settle(filepath.Dir(path))
	return nil
}

// settle makes a rename or a removal last through a loss of power, where the
// file system can. The file itself is safe before it is renamed.
func settle(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// inside refuses a path below a git repository that links lead out of it: a
// stranger's link in the place of a folder would have files read, written and
// deleted elsewhere. The last part need not be there yet.
func inside(path string) error {
	top := repositoryOf(filepath.Dir(path))
	if top == "" {
		return nil
	}
	real, dir := "", path
	for {
		var err error
		if real, err = filepath.EvalSymlinks(dir); err == nil {
			break
		}
		if _, err := os.Lstat(dir); err == nil {
			real = "" // a link to nothing, or in a circle
			break
		}
		if dir = filepath.Dir(dir); dir == filepath.Dir(dir) {
			return nil
		}
	}
	if realTop, err := filepath.EvalSymlinks(top); err == nil {
		if rel, err := filepath.Rel(realTop, real); real != "" && err == nil && (rel == "." || filepath.IsLocal(rel)) {
			return nil
		}
	}
	return problem.Problem{File: path, What: "leads out of the repository, or to nothing, by a link", Want: "files of the repository " + top}
}

// repositoryOf is the git repository that a folder lies in, "" for none.
func repositoryOf(dir string) string {
	for ; ; dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, ".git")) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// fileProblem words a file system error: its own cause, never file content.
func (w *World) fileProblem(what, path string, err error) error {
	var told problem.Problem
	if errors.As(err, &told) {
		return told
	}
	cause := "unknown cause"
	var pe *os.PathError
	var le *os.LinkError
	var se *os.SyscallError
	switch {
	case errors.As(err, &pe):
		cause = pe.Err.Error()
	case errors.As(err, &le):
		cause = le.Err.Error()
	case errors.As(err, &se):
		cause = se.Err.Error()
	}
	return problem.Problem{File: w.show(path), What: what + " this file: " + cause}
}

var interruption = problem.Problem{What: "interrupted; no file is half written", Next: "run the same command again to finish"}

// interrupted is the error of a cancelled context.
func interrupted(ctx context.Context) error {
	if ctx.Err() != nil {
		return interruption
	}
	return nil
}
