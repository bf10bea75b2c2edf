package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// maxUp is how many folders SOPS looks into (maxDepth of its package config).
const maxUp = 100

// maxConfig is how large a .sops.yaml may be: room for the rules of hundreds of
// environments. All of it is read to find the rule for one file.
const maxConfig = 512 << 10

// Find finds the rule for the file at path, which need not exist yet. The
// first .sops.yaml on the way up from its folder counts, as in SOPS's
// LookupConfigFile, though that starts at the working directory.
func Find(path string) (*Rule, error) { return FindWithin("", path) }

// FindWithin is Find that looks no further up than the folder top, for
// a copy of a repository; "" looks as far as SOPS does.
func FindWithin(top, path string) (*Rule, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, problem.Problem{What: "the working directory is gone"}
	}
	var misnamed string
	dir := filepath.Dir(path)
	for range maxUp {
		config := filepath.Join(dir, ConfigName)
		data, err := readConfig(config, top)
		if bounded.IsProblem(err) {
			return nil, err
		}
		if err == nil {
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return nil, problem.Problem{File: path, What: "lies outside the folder of " + config}
			}
			return For(config, data, filepath.ToSlash(rel))
		}
		if !errors.Is(err, fs.ErrNotExist) && !notFolder(err) {
			return nil, problem.Problem{File: config, What: "can't be read", Want: "a file that SOPS can read"}
		}
		if other := filepath.Join(dir, ".sops.yml"); misnamed == "" && exists(other) {
			misnamed = other
		}
		if filepath.Dir(dir) == dir || dir == top {
			break
		}
		dir = filepath.Dir(dir)
	}
	p := problem.Problem{File: path, What: "no " + ConfigName + " in its folder or above says who may read it", Next: "reggen init DIR --print-rules   # prints the rules for the environment DIR"}
	if misnamed != "" {
		p.What = fmt.Sprintf("SOPS ignores %s", misnamed)
		p.Want = "the name " + ConfigName
		p.Next = fmt.Sprintf("git mv %s %s", misnamed, filepath.Join(filepath.Dir(misnamed), ConfigName))
	}
	return nil, absence{p}
}

// absence is the error of a file above which there is no .sops.yaml.
type absence struct{ problem.Problem }

func (a absence) Unwrap() error { return a.Problem }

// NoConfig says whether an error of Find is that there is no .sops.yaml.
func NoConfig(err error) bool { return errors.As(err, &absence{}) }

// notFolder says that a part of the path is a file: nothing is below it.
func notFolder(err error) bool {
	var e *fs.PathError
	return errors.As(err, &e) && strings.Contains(e.Err.Error(), "not a directory")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readConfig reads a .sops.yaml. A link is followed within the repository, or
// the folder top, alone.
func readConfig(config, top string) ([]byte, error) {
	if info, err := os.Lstat(config); err == nil && info.Mode()&os.ModeSymlink != 0 {
		if top == "" {
			top = bounded.RepositoryOf(filepath.Dir(config))
		}
		if top != "" && bounded.LeadsOut(config, top) {
			return nil, problem.Problem{File: config, What: "leads out of the repository by a link", Want: "a file of the repository"}
		}
	}
	data, err := texts.read(config)
	var p problem.Problem
	if errors.As(err, &p) && strings.Contains(p.What, "too large") {
		p.Want = fmt.Sprintf("at most %d KiB; several environments can have one of their own", maxConfig>>10)
		return nil, p
	}
	return data, err
}

// Shadows is the .sops.yaml further up that would count if the one at config
// were not there; "" when there is none.
func Shadows(config string) string {
	for dir := filepath.Dir(filepath.Dir(config)); ; dir = filepath.Dir(dir) {
		if path := filepath.Join(dir, ConfigName); exists(path) && path != config {
			return path
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}
