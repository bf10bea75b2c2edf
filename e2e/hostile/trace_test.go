package hostile

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// outcome is what a process left behind and what it did.
type outcome struct {
	r              *repository
	args           string
	stdout, stderr string
	code           int
	trace          string
	seconds        float64
	peak           int64 // KiB of memory
}

var (
	started   = regexp.MustCompile(`execve\("([^"]+)".* = 0$`)
	connected = regexp.MustCompile(`(?:connect|sendto)\(\d+<[^>]*>, .*\{sa_family=(AF_INET6?), (.*?)\}`)
	opened    = regexp.MustCompile(`open(?:at)?\((?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)", (\S+?)[,)].* = \d+`)
	removed   = regexp.MustCompile(`(?:unlink|unlinkat|rename|renameat|renameat2)\((?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"(?:, (?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)")?.* = 0$`)
)

// made are the calls beside open and rename by which something comes or
// changes, with a folder and a path in it, or a path.
var made = []*regexp.Regexp{
	regexp.MustCompile(`^(?:mkdirat|fchmodat)\((?:AT_FDCWD|\d+)<([^>]*)>, "([^"]*)".* = 0$`),
	regexp.MustCompile(`^(?:symlinkat)\("[^"]*", (?:AT_FDCWD|\d+)<([^>]*)>, "([^"]*)".* = 0$`),
	regexp.MustCompile(`^linkat\(.*, (?:AT_FDCWD|\d+)<([^>]*)>, "([^"]*)", [^"]* = 0$`),
	regexp.MustCompile(`^(?:mkdir|chmod|truncate)\(()"([^"]*)".* = 0$`),
	regexp.MustCompile(`^(?:symlink|link)\("[^"]*", ()"([^"]*)"\) += 0$`),
}

// at is a path of a call, which may be relative to a folder.
func (r *repository) at(dir, path string) string {
	switch {
	case filepath.IsAbs(path):
		return filepath.Clean(path)
	case dir == "":
		dir = r.dir
	}
	return filepath.Join(dir, path)
}

// within holds what the process did against its entry.
func (o outcome) within(t *testing.T, may touches) {
	t.Helper()
	say := func(format string, args ...any) {
		t.Helper()
		t.Errorf("reggen %s: "+format, append([]any{o.args}, args...)...)
	}
	first := true
	for line := range strings.Lines(o.trace) {
		line = strings.TrimSuffix(line, "\n")
		if m := started.FindStringSubmatch(line); m != nil {
			if name := filepath.Base(m[1]); !first && !slices.Contains(may.programs, name) && !(slices.Contains(may.programs, "git") && strings.Contains(m[1], "git")) {
				say("started %s", m[1])
			}
			first = false
		}
		if m := connected.FindStringSubmatch(line); m != nil && (may.asks == "" || m[2] != may.asks) {
			say("asked the network: %s", m[2])
		}
		if m := opened.FindStringSubmatch(line); m != nil {
			path := o.r.at(m[1], m[2])
			switch writing := strings.Contains(m[3], "O_WRONLY") || strings.Contains(m[3], "O_RDWR") || strings.Contains(m[3], "O_CREAT"); {
			case writing && !o.mayWrite(path, may):
				say("wrote %s", path)
			case !writing && !o.mayRead(path, may):
				say("read %s", path)
			}
		}
		for _, call := range made {
			if m := call.FindStringSubmatch(line); m != nil && !o.mayWrite(o.r.at(m[1], m[2]), may) {
				say("made or changed %s", o.r.at(m[1], m[2]))
			}
		}
		if m := removed.FindStringSubmatch(line); m != nil {
			for _, path := range []string{o.r.at(m[1], m[2]), o.r.at(m[3], m[4])} {
				if m[2] != "" && path != o.r.dir && !o.mayWrite(path, may) {
					say("removed or renamed %s", path)
				}
			}
		}
	}
	if first {
		t.Fatalf("reggen %s was not traced", o.args)
	}
	o.harmless(t, may)
}

// harmless looks at what a process said and took.
func (o outcome) harmless(t *testing.T, may touches) {
	t.Helper()
	say := func(format string, args ...any) {
		t.Helper()
		t.Errorf("reggen %s: "+format, append([]any{o.args}, args...)...)
	}
	for _, secret := range o.r.secrets(may) {
		if strings.Contains(o.stderr, secret) || strings.Contains(o.stdout, secret) {
			say("shows a secret")
		}
	}
	if o.trace == "" && (o.seconds > 5*patience || o.peak > 500<<10) {
		say("took %.1f s and %d MiB", o.seconds, o.peak>>10)
	}
}

// patience is for machines that are busy with something else. What is counted
// is the processor's time, not that on the wall.
const patience = 1.4

// system are the places that every process, and git, may look into.
var system = []string{"/proc", "/sys", "/dev", "/etc", "/lib", "/lib64", "/usr", "/bin", "/run"}

func (o outcome) mayRead(path string, may touches) bool {
	switch {
	case path == o.r.key || strings.HasPrefix(path, o.r.home+"/.config/sops") || strings.HasPrefix(path, o.r.home+"/.ssh"):
		return may.key
	case below(path, o.r.dir), below(path, o.r.tmp), below(path, filepath.Dir(reggen)), below(path, bin), strings.HasPrefix(o.r.dir, path), strings.HasPrefix(o.r.tmp, path):
		return true
	}
	for _, dir := range may.reads {
		if below(path, filepath.Join(o.r.home, dir)) {
			return true
		}
	}
	if slices.Contains(may.programs, "git") && strings.Contains(path, "git") {
		return true
	}
	return slices.ContainsFunc(system, func(dir string) bool { return below(path, dir) })
}

func (o outcome) mayWrite(path string, may touches) bool {
	if below(path, "/dev") || below(path, "/proc") {
		return true
	}
	for _, place := range may.writes {
		switch {
		case place == "$TMP":
			if below(path, o.r.tmp) {
				return true
			}
		case place == "$HOME":
			if below(path, o.r.home) {
				return true
			}
		case below(path, filepath.Join(o.r.dir, place)), strings.HasPrefix(filepath.Base(path), "."+place) && filepath.Dir(path) == o.r.dir:
			return true
		}
	}
	return false
}

func below(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// timed is a process's own time and memory, its children's among them.
func timed(state *os.ProcessState) (seconds float64, peak int64) {
	return (state.UserTime() + state.SystemTime()).Round(time.Millisecond).Seconds(), usage(state)
}
