package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// way is how reggen is called beside a plain command whose output is a pipe.
type way struct {
	args     []string
	stdin    string
	env      map[string]string
	terminal bool
}

func (way way) run(e *testEnv) (stdout, stderr string) {
	began := time.Now()
	var out, errs bytes.Buffer
	w := New(way.args, &terminal.Terminal{
		Stdin: strings.NewReader(way.stdin), Stdout: &out, Stderr: &errs, Getenv: func(name string) string { return way.env[name] },
		Now:          func() time.Time { return began }, // however slow the machine is: no progress is shown
		StdoutIsTerm: way.terminal, StderrIsTerm: way.terminal,
	}, &repository.Repository{Dir: e.dir}, Machine{Home: e.t.TempDir(), Random: rand.Reader, Executable: os.Executable})
	w.Seals.Accept = trusted[e.dir]
	Run(context.Background(), w)
	return out.String(), errs.String()
}

// looks are the colours that reggen itself writes, and what it ends them with.
var looks = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// mergedSpec is the spec of e0 with its base, as a plugin or a function gets it.
func mergedSpec(e *testEnv) string {
	merged := map[string]any{}
	for _, path := range []string{"bases/registry/registry.yaml", "overlays/e0/registry/registry.yaml"} {
		var layer map[string]any
		if yaml.Unmarshal([]byte(e.read(path)), &layer) != nil {
			return e.read(path)
		}
		for key, value := range layer {
			below, both := merged[key].(map[string]any)
			if above, is := value.(map[string]any); is && both {
				for k, v := range above {
					below[k] = v
				}
				continue
			}
			merged[key] = value
		}
	}
	text, err := yaml.Marshal(merged)
	if err != nil {
		e.t.Fatal(err)
	}
	return string(text)
}

// otherWays are the ways in that TestHostileTexts leaves out. What they write on
// standard output is looked at where it is not the YAML of kustomize.
func otherWays(e *testEnv) (all map[string]way) {
	all = map[string]way{}
	for _, args := range []string{
		"check", "diff --against .", "user list", "offboard RECIPIENT --dry-run",
	} {
		all[args+", on a terminal"] = way{args: strings.Fields(strings.ReplaceAll(args, "RECIPIENT", e.keys["people"])), terminal: true}
	}
	for _, args := range []string{
		"check --rendered overlays/e0/x.yaml -o json", "check --rendered overlays/e0/x.yaml -o sarif", "offboard RECIPIENT --dry-run -o json",
	} {
		all[args] = way{args: strings.Fields(strings.ReplaceAll(args, "RECIPIENT", e.keys["people"]))}
	}
	for _, args := range []string{"build", "user list --dir", "user remove --dir overlays/e0", "user rotate", "credential show --dir overlays/e0", "offboard", "seal"} {
		all["the completion of "+args] = way{args: append(append([]string{"__complete"}, strings.Fields(args)...), "")}
	}
	merged, items := mergedSpec(e), ""
	config := filepath.Join(e.t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte(merged), 0o600); err != nil {
		e.t.Fatal(err)
	}
	for path, text := range e.files() {
		if strings.HasPrefix(path, "overlays/e0/sealed/") {
			items += "\n- " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
		}
	}
	list := "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:" + items + "\nfunctionConfig:" + strings.ReplaceAll("\n"+strings.TrimSpace(merged), "\n", "\n  ") + "\n"
	for _, secrets := range []string{"", "plain"} {
		all["a plugin, secrets "+secrets] = way{args: []string{config}, env: map[string]string{"KUSTOMIZE_PLUGIN_CONFIG_ROOT": e.path("overlays/e0"), "REGGEN_SECRETS": secrets}}
		all["a function, secrets "+secrets] = way{stdin: list, env: map[string]string{"REGGEN_SECRETS": secrets}}
	}
	return all
}

// TestHostileTextsElsewhere is TestHostileTexts for a terminal, a shell that
// completes, kustomize's two ways in, formats for programs, and for hostile texts
// at the base of a comparison.
func TestHostileTextsElsewhere(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	e.git("init", "-q")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "first")
	good := e.files()
	var logged strings.Builder // kustomize's own
	defer log.SetOutput(log.Writer())
	log.SetOutput(&logged)
	looked, places := 0, 0
	look := func(t *testing.T, name string, w way) {
		t.Helper()
		out, errs := w.run(e)
		looked++
		if strings.Contains(name, "json") || strings.Contains(name, "sarif") {
			if out != "" && !json.Valid([]byte(out)) {
				t.Errorf("%s: no JSON:\n%s", name, out)
			}
		}
		if strings.HasPrefix(name, "a plugin") || strings.HasPrefix(name, "a function") {
			out = ""
		}
		if w.terminal {
			for _, hostile := range []string{"\x1b[32mok", "\x1b[32m\n", "\x1b[32m:", "\x1b[32m/"} {
				if strings.Contains(out+errs, hostile) {
					t.Errorf("%s: steers: %q", name, out+errs)
				}
			}
			out, errs = looks.ReplaceAllString(out, ""), looks.ReplaceAllString(errs, "")
		}
		steersNothing(t, name+", to stdout", out)
		steersNothing(t, name+", to stderr", errs)
		steersNothing(t, name+", to the log", logged.String())
		logged.Reset()
		if strings.Contains(name, "markdown") {
			harmlessMarkdown(t, name, out)
		}
	}
	for place, files := range hostilePlaces(e) {
		if places++; underRace && places > 5 {
			break
		}
		t.Run(place, func(t *testing.T) {
			writable(t, files)
			hostile := func() {
				for path, text := range files {
					e.write(path, text)
				}
			}
			hostile()
			for name, w := range otherWays(e) {
				look(t, name, w)
				putBack(t, e, good)
				hostile()
			}
			e.git("add", "-A", "-f")
			e.git("commit", "-q", "-m", "hostile")
			putBack(t, e, good)
			for _, args := range []string{"diff --from HEAD", "diff --from HEAD -o json", "diff --from HEAD -o markdown", "check --from HEAD"} {
				look(t, args+", to a hostile base", way{args: strings.Fields(args)})
			}
			e.git("reset", "-q", "--hard", "HEAD~1")
		})
	}
	if looked < 15*places {
		t.Errorf("%d looks at %d places", looked, places)
	}
}

// TestHostileTextsFromWorkers: what a worker met is told by the process that
// asked it.
func TestHostileTextsFromWorkers(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	for path, text := range e.files() {
		if rest, below := strings.CutPrefix(path, "overlays/e0/"); below {
			for i := range 11 {
				e.write(fmt.Sprintf("overlays/e%d/%s", i+1, rest), text)
			}
		}
	}
	good := e.files()
	places := 0
	for place, files := range hostilePlaces(e) {
		if places++; underRace && places > 2 {
			break
		}
		t.Run(place, func(t *testing.T) {
			writable(t, files)
			for path, text := range files {
				e.write(path, text)
				if rest, below := strings.CutPrefix(path, "overlays/e0/"); below {
					for i := range 11 {
						e.write(fmt.Sprintf("overlays/e%d/%s", i+1, rest), text)
					}
				}
			}
			out, errs, _ := e.runIn(2, "works", "render", "-o", "out")
			steersNothing(t, "to stdout", out)
			steersNothing(t, "to stderr", errs)
			putBack(t, e, good)
		})
	}
}
