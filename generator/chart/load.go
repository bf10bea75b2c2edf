package chart

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	helm "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/ignore"

	"github.com/reggen/reggen/generator/problem"
)

// File is a file of a chart, named from the chart's folder, with slashes.
type File struct {
	Name string
	Data []byte
}

// MaxArchive is what a chart may come to, as an archive and unpacked: Helm's own
// limit is 100 MiB unpacked.
const (
	MaxArchive  = 20 << 20
	MaxUnpacked = 100 << 20
	MaxRendered = 10 << 20 // what all its templates give
)

// Files makes a chart of the files of its folder, as Helm does: what its
// .helmignore names is left out. A file or subchart that can't be read is an
// error that names it.
func Files(files []File) (*Chart, error) {
	rules := ignore.Empty()
	for _, f := range files {
		if f.Name == ignore.HelmIgnore {
			r, err := ignore.Parse(bytes.NewReader(f.Data))
			if err != nil {
				return nil, problem.Problem{File: f.Name, What: "can't be read as rules of what to leave out"}
			}
			rules = r
		}
	}
	rules.AddDefaults()
	var taken []*archive.BufferedFile
	for _, f := range files {
		if ignored(rules, f.Name, int64(len(f.Data))) {
			continue
		}
		taken = append(taken, &archive.BufferedFile{Name: f.Name, Data: bytes.TrimPrefix(f.Data, []byte("\xEF\xBB\xBF"))})
	}
	return load(taken)
}

// ignored says whether a rule matches a file or a folder that it is in, as a
// walk would find.
func ignored(rules *ignore.Rules, name string, size int64) bool {
	parts := strings.Split(name, "/")
	for i := range parts[:len(parts)-1] {
		if rules.Ignore(strings.Join(parts[:i+1], "/"), info{name: parts[i], dir: true}) {
			return true
		}
	}
	return rules.Ignore(name, info{name: parts[len(parts)-1], size: size})
}

// Archive makes a chart of a .tgz, with Helm's own reader and its limits.
func Archive(data []byte) (*Chart, error) {
	files, err := archive.LoadArchiveFiles(bytes.NewReader(data))
	if err != nil {
		return nil, problem.Problem{What: "the chart's archive can't be read: " + whyArchive(err.Error()), Want: "a .tgz as helm package makes it, of at most 100 MiB unpacked"}
	}
	return load(files)
}

// whyArchive is what of Helm's reason can be passed on: none of it is the
// archive's own text.
func whyArchive(text string) string {
	for _, known := range []string{"illegally contains absolute paths", "illegally references parent directory", "illegally contains content outside the base directory",
		"illegally named files", "larger than the maximum size", "not in base directory"} {
		if strings.Contains(text, known) {
			return "it " + strings.Replace(strings.Replace(known, "larger", "is larger", 1), "not in", "has a Chart.yaml not in", 1)
		}
	}
	return "it is no gzip of a tar, or is cut off"
}

// Load makes a chart of the files of a file system.
func Load(fsys fs.FS) (*Chart, error) {
	files, err := read(fsys)
	if err != nil {
		return nil, err
	}
	return Files(files)
}

// Embedded are the files of the embedded chart.
func Embedded() ([]File, error) {
	sub, err := fs.Sub(embedded, "default")
	if err != nil {
		return nil, err
	}
	return read(sub)
}

func read(fsys fs.FS) (files []File, err error) {
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		files = append(files, File{name, data})
		return err
	})
	if err != nil {
		return nil, problem.Problem{What: "the chart can't be read"}
	}
	return files, nil
}

func load(files []*archive.BufferedFile) (*Chart, error) {
	slices.SortFunc(files, func(a, b *archive.BufferedFile) int { return strings.Compare(a.Name, b.Name) })
	h, err := loader.LoadFiles(files)
	if err != nil {
		return nil, unreadable(err)
	}
	if h.Metadata.Type == "library" {
		return nil, problem.Problem{File: "Chart.yaml", What: "is a library chart, which renders nothing by itself", Want: "a chart that uses it"}
	}
	if len(h.Templates) == 0 && len(h.Dependencies()) == 0 {
		return nil, problem.Problem{File: "templates", What: "the chart has no templates"}
	}
	return &Chart{helm: h}, nil
}

// unreadable finds which of a chart's own files Helm could not read.
func unreadable(err error) error {
	text := err.Error()
	for _, file := range []string{"Chart.yaml", "values.yaml", "Chart.lock", "requirements.yaml", "requirements.lock"} {
		switch {
		case strings.Contains(text, file+" file is missing"):
			return problem.Problem{File: file, What: "is missing or names no chart"}
		case strings.Contains(text, "cannot load "+file):
			p := problem.Problem{File: file, What: "is not the YAML that a chart has there"}
			if _, sub, of := strings.Cut(text, "error unpacking subchart "); of {
				name, _, _ := strings.Cut(sub, " in ")
				p.File = "charts/" + name + "/" + file
			}
			return p
		}
	}
	if _, sub, of := strings.Cut(text, "error unpacking subchart "); of {
		name, _, _ := strings.Cut(sub, " in ")
		return problem.Problem{File: "charts/" + name, What: "is a subchart that can't be read"}
	}
	var invalid helm.ValidationError
	if errors.As(err, &invalid) {
		return problem.Problem{File: "Chart.yaml", What: "is missing or names no chart", Want: "apiVersion, name and version as Helm asks for"}
	}
	return problem.Problem{What: "the chart can't be read"}
}
