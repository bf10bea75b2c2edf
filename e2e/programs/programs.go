// Package programs builds what tests run, as it is released: static, without
// symbols.
package programs

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gofrs/flock"
)

// Together is the environment variable with a folder, an absolute path, in which programs are kept
// for all test packages of a run: linking one takes up to ten seconds. It is made
// for the run; a program in it that is out of date is built anew.
const Together = "REGGEN_E2E_PROGRAMS"

// Build compiles packages, as seen from the module in the folder module, into the
// folder bin, each under the name that go build gives it.
func Build(bin, module string, packages ...string) error {
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	kept := os.Getenv(Together)
	if kept == "" {
		return build(bin, module, packages)
	}
	if !filepath.IsAbs(kept) {
		return fmt.Errorf("%s is %q: expected an absolute path", Together, kept)
	}
	from, err := filepath.Abs(module)
	if err != nil {
		return err
	}
	into := filepath.Join(kept, strings.ReplaceAll(from, string(filepath.Separator), "_"))
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	lock := flock.New(into + ".lock")
	if err := lock.Lock(); err != nil {
		return err
	}
	defer lock.Close()
	if err := build(into, module, packages); err != nil {
		return err
	}
	for _, pkg := range packages {
		if err := same(filepath.Join(bin, name(pkg)), filepath.Join(into, name(pkg))); err != nil {
			return err
		}
	}
	return nil
}

func build(into, module string, packages []string) error {
	args := append([]string{"build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", into + string(filepath.Separator)}, packages...)
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = module, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %v in %s: %w\n%s", packages, module, err, out)
	}
	return nil
}

var major = regexp.MustCompile(`^v[0-9]+$`)

// name is what go build calls the program of a package.
func name(pkg string) string {
	dir, base := filepath.Split(filepath.Clean(pkg))
	if major.MatchString(base) && dir != "" {
		return filepath.Base(dir)
	}
	return base
}

// same makes path the file that is kept, or a copy of it on another disk.
func same(path, kept string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err // it may be the same file: never to be written to
	}
	if os.Link(kept, path) == nil {
		return nil
	}
	in, err := os.Open(kept)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}
