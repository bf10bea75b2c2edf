package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
)

var plainName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,60}[a-z0-9])?$`)

// fileName is the file and metadata.name of a user's credential: the user's
// name where every file system takes it, otherwise what is left of it and a
// few letters of its hash.
func fileName(user string) string {
	if plainName.MatchString(user) {
		return user
	}
	sum := sha256.Sum256([]byte(user))
	var b strings.Builder
	for _, r := range strings.ToLower(user) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	stem := strings.Trim(b.String(), "-")
	if stem == "" {
		stem = "user"
	}
	return stem + "-" + hex.EncodeToString(sum[:4])
}

// quoteArg writes a name as a shell takes it.
func quoteArg(s string) string {
	if problem.Steers(s) { // as bash and zsh read it
		return "$'" + strings.ReplaceAll(problem.Shown(strings.ReplaceAll(s, `\`, `\\`)), "'", `\'`) + "'"
	}
	if regexp.MustCompile(`^[A-Za-z0-9_./@%+=:,-]+$`).MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// credentials reads the public side of an environment's credentials.
func (w *World) credentials(e environment) (credential.Set, error) {
	var l problem.List
	var all []credential.Public
	for _, dir := range e.registry.Spec.Secrets.Credentials {
		_, files, err := w.folder(e.root)(dir)
		if err != nil && !os.IsNotExist(err) {
			l.Join(w.fileProblem("can't read", e.root+"/"+dir, err))
		}
		for _, f := range files {
			p, err := credential.Parse(f.Path, f.Data)
			if err != nil {
				l.Join(err)
				continue
			}
			all = append(all, p)
		}
	}
	if err := l.Err(); err != nil {
		return credential.Set{}, err
	}
	return credential.Collect(all)
}

// replace writes a file by way of a temporary name, whatever stood there, a
// link included.
func replace(path string, data []byte, mode os.FileMode) error {
	return renameio.WriteFile(path, data, mode, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(mode))
}

// link makes path a symbolic link to target, replacing what stood there.
func link(target, path string) error { return renameio.Symlink(target, path) }
