package revision

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// The bounds of a revision. A build reads 5,000 files at most; the rest is room
// for all else that stands beside them in a repository.
const (
	maxFiles = 100_000
	maxBytes = 512 << 20 // of different files, those that are too large for a build not counted
	maxLink  = 4096
)

// lift is what the errors of the bounds say to do.
const lift = "the same command with --allow-large, if the repository is to be trusted"

// entry is a file of a revision.
type entry struct {
	path string // with slashes
	kind string // its mode in git
	id   string
	size int64
}

const (
	program   = "100755"
	link      = "120000"
	submodule = "160000"
)

// list is what a commit holds, in git's order.
func (r Repository) list(ctx context.Context, commit string) ([]entry, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // a tree that names itself ten times over has no end
	cmd := r.git(ctx, "ls-tree", "-r", "-z", "-l", "--full-tree", commit)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	all, err := r.entries(out)
	if err != nil {
		stop()
		_ = cmd.Wait()
		return nil, err
	}
	if cmd.Wait() != nil {
		return nil, errIncomplete
	}
	return all, nil
}

var errIncomplete error = problem.Problem{Path: "--from", What: "the revision can't be read: this clone lacks some of its files",
	Next: "a clone without --filter and --depth, or the same command with --allow-network"}

func (r Repository) entries(from io.Reader) ([]entry, error) {
	var out []entry
	var bytes int64
	seen := map[string]bool{} // contents counted
	in := bufio.NewReaderSize(from, 1<<16)
	for {
		line, err := in.ReadString(0)
		if errors.Is(err, io.EOF) && line == "" {
			return out, nil
		}
		if err != nil {
			return nil, errIncomplete
		}
		e, ok := parse(strings.TrimSuffix(line, "\x00"))
		if !ok && strings.HasSuffix(strings.SplitN(line, "\t", 2)[0], " BAD") { // git's word for a content that isn't here
			return nil, errIncomplete
		}
		if !ok {
			return nil, problem.Problem{Path: "--from", What: "git's list of the revision can't be read", Want: "git 2.30 or newer"}
		}
		if !proper(e.path) {
			return nil, problem.Problem{Path: "--from", What: fmt.Sprintf("the revision holds a file that no checkout would write: %q", e.path)}
		}
		if out = append(out, e); !seen[e.id] && !r.beyond(e) {
			seen[e.id] = true
			bytes += e.size
		}
		if !r.large && (len(out) > maxFiles || bytes > maxBytes) {
			return nil, problem.Problem{Path: "--from", What: "the revision is too large",
				Want: fmt.Sprintf("at most %d files and %d MiB", maxFiles, maxBytes>>20), Next: lift}
		}
	}
}

// parse reads "MODE TYPE ID SIZE\tPATH".
func parse(line string) (e entry, ok bool) {
	head, path, found := strings.Cut(line, "\t")
	words := strings.Fields(head)
	if !found || len(words) != 4 || words[2] == "" || strings.Trim(words[2], "0123456789abcdef") != "" {
		return e, false
	}
	e = entry{path: path, kind: words[0], id: words[2]}
	if e.kind == submodule {
		return e, true
	}
	var err error
	e.size, err = strconv.ParseInt(words[3], 10, 64)
	return e, err == nil && e.size >= 0
}

// proper says whether git would check a path out: a tree that was made by hand
// can hold any name.
func proper(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." || strings.EqualFold(part, ".git") {
			return false
		}
	}
	return filepath.IsLocal(filepath.FromSlash(path))
}

// beyond says that a file is larger than what a build reads.
func (r Repository) beyond(e entry) bool {
	return !r.large && e.size > bounded.MaxFile
}

// stays says whether a link at path leads to no place outside the folder that
// it is unpacked into, other such links on its way included. A link stands in a
// real folder, so that what leads up at the beginning leads up from there;
// behind a name, which may be a link, nothing may lead up.
func stays(path, target string) bool {
	if target == "" || len(target) > maxLink || strings.ContainsRune(target, 0) || target[0] == '/' {
		return false
	}
	if filepath.VolumeName(target) != "" || filepath.ToSlash(target) != target {
		return false // Windows: of a drive, or with backslashes, which are not looked at here
	}
	depth, down := strings.Count(path, "/"), false
	for part := range strings.SplitSeq(target, "/") {
		switch {
		case part == "" || part == ".":
		case part != "..":
			down = true
		case down || depth == 0:
			return false
		default:
			depth--
		}
	}
	return true
}
