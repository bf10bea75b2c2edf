package start

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/kustomize"
	"github.com/reggen/reggen/internal/repository"
)

// InstallPlugin puts this program where kustomize looks for the plugins of our
// kinds.
func (w *Work) InstallPlugin(home string, copied bool) error {
	if home == "" {
		home, _ = kustomize.PluginHome(w.Tell.Getenv, w.Home)
	}
	if home == "" {
		return problem.Problem{What: "no plugin home: neither KUSTOMIZE_PLUGIN_HOME nor HOME is set", Want: "--plugin-home"}
	}
	program, err := w.Executable()
	if err != nil {
		return problem.Problem{What: "can't find this program's own file", Next: "put reggen on PATH and call it by its whole path"}
	}
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	for _, kind := range spec.Kinds {
		if err := w.installAs(kustomize.PluginPath(w.Repo.Abs(home), kind), program, copied); err != nil {
			return err
		}
	}
	if used, _ := kustomize.PluginHome(w.Tell.Getenv, w.Home); used != home {
		w.Tell.Note("note: kustomize looks in %s unless KUSTOMIZE_PLUGIN_HOME=%s is set", used, home)
	}
	w.Tell.Note("next: kustomize build --enable-alpha-plugins DIR")
	return nil
}

// installAs puts the program, or a link to it, at a path.
func (w *Work) installAs(path, program string, copied bool) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return w.Repo.FileProblem("can't make the folder of", path, err)
	}
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return problem.Problem{File: path, What: "is a folder; expected a program or nothing"}
	}
	temporary := strings.HasPrefix(program, os.TempDir()+string(filepath.Separator)) || strings.Contains(filepath.ToSlash(program), "/go-build")
	how := "links to " + program
	if copied || temporary || runtime.GOOS == "windows" {
		data, err := os.ReadFile(program)
		if err != nil {
			return w.Repo.FileProblem("can't read", program, err)
		}
		files := map[string][]byte{path: data}
		if runtime.GOOS == "windows" { // kustomize looks for the one and starts the other
			files = map[string][]byte{path: []byte("The program is the .exe beside this file.\n"), path + ".exe": data}
		}
		for name, content := range files {
			if err := repository.Replace(name, content, 0o755); err != nil {
				return w.Repo.FileProblem("can't write", name, err)
			}
		}
		how = "a copy of this program; run this command again after an upgrade"
	} else if err := repository.Link(program, path); err != nil {
		return w.Repo.FileProblem("can't link", path, err)
	}
	w.Tell.Note("%s: %s", filepath.ToSlash(path), how)
	return nil
}
