package inspect

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// CheckCredentials looks for readable values in files, and in the files below
// folders, and counts the credentials it met.
func (w *Work) CheckCredentials(ctx context.Context, paths []string) (count int, err error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var l problem.List
	folders := map[string]bool{}
	for _, path := range paths {
		err := repository.Walk(w.Repo.Abs(path), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				l.Join(w.Repo.FileProblem("can't read", path, err))
				return nil
			case d.IsDir() && d.Name() == ".git":
				return filepath.SkipDir
			case !d.Type().IsRegular():
				return nil // git keeps the name that a link points to, not its content
			}
			n, err := w.readableIn(path, folders)
			count += n
			l.Join(err)
			return terminal.Interrupted(ctx)
		})
		if err != nil {
			return count, err
		}
	}
	return count, terminal.Unique(l).Err()
}

// readableIn looks at one file: how many credential files that is (0 or 1), and
// what is wrong. folders remembers which folders hold credentials.
func (w *Work) readableIn(path string, folders map[string]bool) (int, error) {
	data, err := repository.Peek(path, bounded.MaxFile)
	switch {
	case bounded.IsProblem(err):
		return 0, nil // no credential is as large
	case err != nil:
		return 0, w.Repo.FileProblem("can't read", path, err)
	}
	if holdsCredential(path, data) {
		err := bounded.Secret(w.Repo.Show(path), data)
		if err == nil {
			_, err = credential.Parse(w.Repo.Show(path), data)
		}
		return 1, err
	}
	dir := filepath.Dir(path)
	if filepath.Base(dir) != credentialsFolder {
		return 0, nil
	}
	is, known := folders[dir]
	if !known {
		is = holdsCredentials(dir)
		folders[dir] = is
	}
	if name := filepath.Base(path); !is || harmless(name) {
		return 0, nil
	}
	return 0, problem.Problem{File: w.Repo.Show(path), What: "is no credential, in a folder of credentials",
		Next: "move it away; if it holds a password, take that for leaked if it was ever committed"}
}

// credentialsFolder is the usual name of a folder of credentials, in which other
// files are looked at too. A folder that a spec names otherwise is known to
// reggen check alone, which reads the spec.
const credentialsFolder = "credentials"

// harmless names files that belong beside credentials.
func harmless(name string) bool {
	return name == "README.md" || strings.HasPrefix(name, ".git") || name == "kustomization.yaml" || name == "kustomization.yml"
}

func holdsCredentials(dir string) bool {
	for _, e := range repository.Entries(dir) {
		path := filepath.Join(dir, e.Name())
		if data, err := repository.Peek(path, bounded.MaxSecret); err == nil && holdsCredential(path, data) {
			return true
		}
	}
	return false
}

var (
	kindLine = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^[\s"'{,-]*kind["']?\s*:\s*["']?` + spec.KindCredential + `\b`)
	})
	yamlName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\.(ya?ml|json)`) })
)

// holdsCredential says whether a file is, or is meant to be, a credential of
// ours: any of its YAML documents is one, or has one in it, as a List has. A
// file that is no YAML (an unfinished merge, a slip), or holds too much of it,
// counts when its name says that it should be and its text has the kind.
func holdsCredential(path string, data []byte) bool {
	if !bytes.Contains(data, []byte(spec.KindCredential)) {
		return false
	}
	if bounded.Secret(path, data) != nil { // reading it would cost too much
		return yamlName().MatchString(filepath.Base(path)) && kindLine().Match(data)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		switch err := d.Decode(&doc); {
		case err == io.EOF:
			return false
		case err != nil:
			return yamlName().MatchString(filepath.Base(path)) && kindLine().Match(data)
		case hasCredential(&doc):
			return true
		}
	}
}

func hasCredential(n *yaml.Node) bool {
	if n.Kind == yaml.MappingNode && isCredential(n) {
		return true
	}
	for _, c := range n.Content {
		if hasCredential(c) {
			return true
		}
	}
	return false
}

// isCredential tells a credential from a mapping that only names the kind, as
// the target of a patch does, and from somebody else's kind of that name.
func isCredential(m *yaml.Node) bool {
	var kind, api string
	has := map[string]bool{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := m.Content[i].Value, m.Content[i+1].Value
		has[key] = true
		switch key {
		case "kind":
			kind = value
		case "apiVersion":
			api = value
		}
	}
	group, _, _ := strings.Cut(spec.APIVersion, "/")
	return kind == spec.KindCredential && (strings.HasPrefix(api, group+"/") || api == "" && (has["stringData"] || has["data"]))
}
