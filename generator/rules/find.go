package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/seen"
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
	for dir := range upwards(top, path) {
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
	}
	p := problem.Problem{File: path, What: "no " + ConfigName + " in its folder or above says who may read it", Next: "reggen init DIR --print-rules   # prints the rules for the environment DIR"}
	if other := misnamed(top, path); other != "" {
		p.What = fmt.Sprintf("SOPS ignores %s", other)
		p.Want = "the name " + ConfigName
		p.Next = fmt.Sprintf("git mv %s %s", other, filepath.Join(filepath.Dir(other), ConfigName))
	}
	return nil, absence{p}
}

// misnamed is the first file of a name that SOPS doesn't look for, where Find looks.
func misnamed(top, path string) string {
	for dir := range upwards(top, path) {
		if other := filepath.Join(dir, ".sops.yml"); exists(other) {
			return other
		}
	}
	return ""
}

// upwards are the folders in which the .sops.yaml for a file may be.
func upwards(top, path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		dir := filepath.Dir(path)
		for range maxUp {
			if !yield(dir) || filepath.Dir(dir) == dir || dir == top {
				return
			}
			dir = filepath.Dir(dir)
		}
	}
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

// configs are the texts of .sops.yaml, and shadowed what Shadows says of them.
var (
	configs  seen.Memo[configuration]
	shadowed seen.Memo[string]
)

// configuration is the text of a .sops.yaml, or that there is none.
type configuration struct {
	text []byte
	none error
}

// Size is how much of it is remembered, in bytes.
func (c configuration) Size() int { return len(c.text) }

// readConfig reads a .sops.yaml. A link is followed within the repository, or
// the folder top, alone.
func readConfig(config, top string) ([]byte, error) {
	c, err := configs.Get(top+"\n"+config, func() (configuration, error) {
		text, err := readConfigNow(config, top)
		if errors.Is(err, fs.ErrNotExist) {
			return configuration{none: err}, nil
		}
		return configuration{text: text}, err
	})
	if err == nil {
		err = c.none
	}
	return c.text, err
}

func readConfigNow(config, top string) ([]byte, error) {
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
	next, _ := shadowed.Get(config, func() (string, error) { return above(config), nil })
	return next
}

// above is the next .sops.yaml above one.
func above(config string) string {
	for dir := filepath.Dir(filepath.Dir(config)); ; dir = filepath.Dir(dir) {
		if path := filepath.Join(dir, ConfigName); exists(path) && path != config {
			return path
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}
