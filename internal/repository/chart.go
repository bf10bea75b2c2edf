package repository

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/problem"
)

// maxChartFiles is how many files a chart may have: the largest public ones have
// some hundreds.
const maxChartFiles = 5_000

// Chart reads the chart of an environment, a folder or an archive of the same
// repository. Nothing outside the chart's own folder is read: a link may lead
// to another file of the chart alone.
func (r *Repository) Chart(root string) func(path string) (chart.Source, error) {
	return func(path string) (chart.Source, error) {
		at := filepath.Join(root, filepath.FromSlash(path))
		if top := bounded.RepositoryOf(root); top != "" && bounded.RepositoryOf(at) != top {
			return chart.Source{}, problem.Problem{File: at, What: "is outside the repository", Want: "a chart in the repository " + top}
		}
		if err := bounded.Inside(at); err != nil {
			return chart.Source{}, err
		}
		info, err := os.Stat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return chart.Source{}, problem.Problem{File: r.Show(at), Path: "spec.chart.path", What: "no such chart", Want: "a folder with a Chart.yaml, or a .tgz, relative to the folder whose kustomization.yaml holds generators",
				Near: r.nearChart(root, path)}
		case err != nil:
			return chart.Source{}, r.FileProblem("can't read", at, err)
		case !info.IsDir():
			data, err := bounded.Read(at, chart.MaxArchive)
			if err != nil {
				return chart.Source{}, r.FileProblem("can't read", at, err)
			}
			return chart.Source{Path: r.Show(at), Archive: data}, nil
		}
		files, err := r.chartFiles(at)
		return chart.Source{Path: r.Show(at), Files: files}, err
	}
}

// nearChart is the path of what was probably meant: another name in the folder.
func (r *Repository) nearChart(root, path string) string {
	var names []string
	dir := filepath.Dir(filepath.Join(root, filepath.FromSlash(path)))
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return problem.Nearest(filepath.Base(path), names)
}

func (r *Repository) chartFiles(dir string) ([]chart.File, error) {
	inside, err := os.OpenRoot(dir)
	if err != nil {
		return nil, r.FileProblem("can't read", dir, err)
	}
	defer func() { _ = inside.Close() }()
	files := []chart.File{}
	size := 0
	err = fs.WalkDir(inside.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		at := filepath.Join(dir, name)
		switch {
		case err != nil:
			return r.FileProblem("can't read", at, err)
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir():
			return nil
		case problem.Steers(name):
			return problem.Problem{File: at, What: "has characters in its name that can't be seen", Next: "rename it"}
		}
		info, err := inside.Stat(name) // follows a link, inside
		switch {
		case err != nil && d.Type()&fs.ModeSymlink != 0:
			return problem.Problem{File: r.Show(at), What: "is a link that leads out of the chart, or to nothing", Want: "the file itself"}
		case err != nil:
			return r.FileProblem("can't read", at, err)
		case info.IsDir():
			return problem.Problem{File: r.Show(at), What: "is a link to a folder, which is not followed", Want: "the folder itself"}
		case !info.Mode().IsRegular():
			return problem.Problem{File: r.Show(at), What: "is no regular file", Want: "a chart of files and folders"}
		}
		if size += int(info.Size()); size > chart.MaxUnpacked || info.Size() > chart.MaxUnpacked || len(files) == maxChartFiles {
			return problem.Problem{File: r.Show(dir), What: "is too large for a chart", Want: fmt.Sprintf("at most %d files and %d MiB", maxChartFiles, chart.MaxUnpacked>>20)}
		}
		data, err := inside.ReadFile(name)
		if err != nil {
			return r.FileProblem("can't read", at, err)
		}
		files = append(files, chart.File{Name: strings.TrimPrefix(filepath.ToSlash(name), "./"), Data: data})
		return nil
	})
	return files, err
}
