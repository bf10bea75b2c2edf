package kustomize

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/memo"
	"github.com/reggen/reggen/generator/problem"
)

// Allow is what the command line allows a build to do beyond reading local
// files. What a repository holds may come from a stranger, so nothing in it
// can say any of this. The zero value allows nothing.
type Allow struct {
	Programs bool // run what kustomizations name: Helm, containers, exec functions, installed plugins
	Network  bool // fetch the remote files and bases that they name
	Large    bool // read and build more than the bounds of bounds.go

	memory memory // see Remembering; nil keeps nothing
}

// The flags that say so, for the texts of refusals.
const (
	ProgramsFlag = "--allow-programs"
	NetworkFlag  = "--allow-network"
	LargeFlag    = "--allow-large"
)

// helmFields are the fields of a kustomization that make kustomize run Helm,
// in lower case: kustomize takes them in any.
var helmFields = map[string]string{
	"helmcharts": "helmCharts", "helmchartinflationgenerator": "helmChartInflationGenerator", "helmglobals": "helmGlobals",
}

// refused says what a kustomization file asks for that is not allowed.
func (a Allow) refused(path string, text []byte) (l problem.List) {
	if a.Programs && a.Network {
		return nil
	}
	asks, err := asked.Get(text, func() (asks asking, err error) {
		var fields map[string]any
		if err := yaml.Unmarshal(text, &fields); err != nil {
			return asks, err
		}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if field, is := helmFields[strings.ToLower(name)]; is {
				asks.helm = append(asks.helm, field)
			}
		}
		asks.remote = remoteIn(fields)
		return asks, nil
	})
	if err != nil {
		return nil // kustomize won't take it either
	}
	if !a.Programs {
		for _, field := range asks.helm {
			l.Add(problem.Problem{File: path, Path: field, What: "would run Helm, which runs what the repository says", Want: "the chart's output rendered and committed", Next: programsNext})
		}
	}
	if !a.Network {
		for _, entry := range asks.remote {
			l.Add(remoteProblem(path, entry.field, entry.text))
		}
	}
	return l
}

// asking is what a kustomization asks for that the command line alone allows.
type asking struct {
	helm   []string // fields
	remote []named
}

var asked memo.Of[asking]

const (
	programsNext = "if you trust every file of this build: the same command with " + ProgramsFlag
	networkNext  = "if you trust what it names: the same command with " + NetworkFlag
)

func remoteProblem(path, field, text string) problem.Problem {
	return problem.Problem{File: path, Path: field, What: fmt.Sprintf("names %q, which kustomize would fetch from the network", withoutLogin(text)),
		Want: "files and folders of this repository: commit a copy", Next: networkNext}
}

var login = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(//|^|::)[^/@\s]*@`) })

// withoutLogin takes a password out of a URL.
func withoutLogin(text string) string { return login().ReplaceAllString(text, "$1") }

// named is a path in a kustomization and the field that it stands in.
type named struct{ field, text string }

// pathFields are the fields of a kustomization that hold paths or URLs, or
// mappings and lists with such in them, in lower case.
var pathFields = []string{
	"resources", "bases", "components", "crds", "configurations", "generators", "transformers", "validators", "openapi",
	"patches", "patchesstrategicmerge", "patchesjson6902", "replacements", "configmapgenerator", "secretgenerator",
}

// pathKeys are the keys in those under which a path stands.
var pathKeys = []string{"path", "files", "envs", "env"}

// remoteIn finds what looks remote. What it overlooks meets offline.
func remoteIn(fields map[string]any) (out []named) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(pathFields, strings.ToLower(name)) {
			continue
		}
		var look func(v any, direct bool)
		look = func(v any, direct bool) {
			switch v := v.(type) {
			case string:
				if _, after, is := strings.Cut(v, "="); is && !direct && isRemote(after) {
					v = after // files: [name=path]
				}
				if isRemote(v) {
					out = append(out, named{name, v})
				}
			case []any:
				for _, e := range v {
					look(e, direct)
				}
			case map[string]any:
				for _, key := range slices.Sorted(maps.Keys(v)) {
					if slices.Contains(pathKeys, strings.ToLower(key)) {
						look(v[key], false)
					}
				}
			}
		}
		look(fields[name], true)
	}
	return out
}

// elsewhere matches what kustomize takes for a URL or a git repository
// (NewRepoSpecFromURL of its package git).
var elsewhere = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(git::|gh:|git@|[a-z0-9.-]*github\.com[/:]|[a-z+]+://|[^/\s]+@[^/\s]+[:/])|[?&](ref|version|timeout|submodules)=`)
})

func isRemote(entry string) bool {
	return !strings.Contains(entry, "\n") && (elsewhere().MatchString(entry) || share(entry))
}

// share says whether a path is one on another machine, \\host\share, as only
// Windows has them: who looks whether it is there logs in at that machine.
func share(path string) bool { return len(filepath.VolumeName(path)) > len("C:") }

// isKustomization says whether a path is that of a kustomization file.
func isKustomization(path string) bool { return slices.Contains(names, filepath.Base(path)) }

// functions names the functions below dir that a container would answer. Those
// for exec kustomize leaves out, as it does without --enable-exec; check tells.
func (a Allow) functions(dir string) (l problem.List) {
	for _, f := range a.foreign(dir) {
		if f.how != inContainer {
			continue
		}
		l.Add(f.refusal())
	}
	return l
}

func (f Function) refusal() problem.Problem {
	return problem.Problem{File: f.file, What: fmt.Sprintf("%s %s is a function that would run %s", f.Kind, f.Name, f.how), Want: "what it makes, committed as a file", Next: programsNext}
}

// stopped words what kustomize says when it met a barrier of offline: nothing
// was run and nothing was fetched.
func (a Allow) stopped(dir, text string) (problem.Problem, bool) {
	switch {
	case a.Programs:
	case strings.Contains(text, "enable-helm"):
		return problem.Problem{File: dir, Path: "helmChartInflationGenerator", What: "would run Helm, which runs what the repository says", Want: "the chart's output rendered and committed", Next: programsNext}, true
	case strings.Contains(text, "couldn't execute function"):
		return problem.Problem{File: dir, What: "a function of this build would run a program or a container", Want: "what it makes, committed as a file", Next: programsNext}, true
	default:
		if m := objectCode().FindStringSubmatch(text); m != nil && installed(m[1]) {
			return problem.Problem{File: dir, What: "would run the plugin of kind " + filepath.Base(m[1]) + " that is installed here, as the repository says", Want: "what it makes, committed as a file", Next: programsNext}, true
		}
	}
	if !a.Network && (strings.Contains(text, noGit) || strings.Contains(text, errOffline.Error())) {
		return problem.Problem{File: dir, What: "this build would fetch something from the network", Want: "files and folders of this repository: commit a copy", Next: networkNext}, true
	}
	return problem.Problem{}, false
}

// noGit is what kustomize says when git is not there to clone with.
const noGit = "no 'git' program on path"

// objectCode is kustomize's report of an object that no plugin answers, with
// the plugin's path below the home of plugins, which is then the root folder.
var objectCode = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`expected file with Go object code at: [/\\](\S+)\.so`)
})

// installed says whether the user has a plugin there.
func installed(path string) bool {
	home, found := pluginHome()
	return found && filepath.IsLocal(path) && exists(filepath.Join(home, path))
}

// mentionsFunction says that a text may hold a function's annotation.
func mentionsFunction(data []byte) bool {
	return bytes.Contains(data, []byte(function)) || bytes.Contains(data, []byte(functionOld))
}
