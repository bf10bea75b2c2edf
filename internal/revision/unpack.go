package revision

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
)

// Left is a file that was not unpacked. In its place is something that is there
// and can't be read; for a submodule, an empty folder.
type Left struct {
	Path string // with slashes, in the repository
	Why  string
}

const (
	whySubmodule = "a submodule"
	whyPointer   = "a pointer of Git LFS"
	whyLink      = "a link that leads out"
	whyNoLinks   = "a link, which this user can't make here"
)

// Unpack writes the files of a commit into the empty folder at dir. Links are
// written where they stay within it. It says what it left out.
func (r Repository) Unpack(ctx context.Context, commit, dir string) ([]Left, error) {
	all, err := r.list(ctx, commit)
	if err != nil {
		return nil, told(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, told(err)
	}
	u := &unpacking{repository: r, root: root, first: map[string]string{}, links: map[string]string{}}
	err = u.files(ctx, all)
	if err == nil {
		err = u.rest(all)
	}
	if closing := u.close(); err == nil {
		err = closing
	}
	return u.left, told(err)
}

// told is an error in words that are ours.
func told(err error) error {
	var p problem.Problem
	if err == nil || errors.As(err, &p) {
		return err
	}
	if errors.Is(err, fs.ErrExist) {
		return problem.Problem{Path: "--from", What: "the revision holds two files whose names are one here"}
	}
	return problem.Problem{Path: "--from", What: "the revision can't be unpacked into a temporary folder", Want: "git, and room in " + os.TempDir()}
}

type unpacking struct {
	repository Repository
	root       *os.Root
	at         *os.Root          // the folder that was written to last
	name       string            // its name
	first      map[string]string // a content: the file that has it already
	links      map[string]string // a content: the target that it is, of links
	left       []Left
	large      string // one that was left out as a file that is too large
}

func (u *unpacking) close() error {
	if u.at != nil {
		_ = u.at.Close()
	}
	return u.root.Close()
}

// files writes every regular file and reads the links. A content is asked of
// git once.
func (u *unpacking) files(ctx context.Context, all []entry) error {
	var asked []entry
	seen := map[string]bool{}
	for _, e := range all {
		wanted := e.kind != submodule && !u.repository.beyond(e) && (e.kind != link || e.size <= maxLink)
		if key := e.kind[:2] + e.id; wanted && !seen[key] {
			seen[key] = true
			asked = append(asked, e)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	cmd := u.repository.git(ctx, "cat-file", "--batch")
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		w := bufio.NewWriter(in)
		for _, e := range asked {
			_, _ = w.WriteString(e.id + "\n") // where git has ended, its answers end too
		}
		_ = w.Flush()
		_ = in.Close()
	}()
	err = u.answers(bufio.NewReaderSize(out, 1<<16), asked)
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return err
	}
	if cmd.Wait() != nil {
		return errIncomplete
	}
	return nil
}

// answers reads "ID blob SIZE\n", the content and a line end for each file.
func (u *unpacking) answers(from *bufio.Reader, asked []entry) error {
	for _, e := range asked {
		head, err := from.ReadSlice('\n')
		if err != nil {
			return errIncomplete
		}
		words := strings.Fields(string(head))
		if len(words) != 3 || words[0] != e.id || words[1] != "blob" || words[2] != strconv.FormatInt(e.size, 10) {
			return errIncomplete
		}
		if err := u.content(e, from); err != nil {
			return err
		}
		if _, err := from.Discard(1); err != nil {
			return errIncomplete
		}
	}
	return nil
}

// content takes the content of one file.
func (u *unpacking) content(e entry, from io.Reader) error {
	if e.kind == link {
		target := make([]byte, e.size)
		_, err := io.ReadFull(from, target)
		u.links[e.id] = string(target)
		return err
	}
	body := io.LimitReader(from, e.size)
	if e.size <= longestPointer {
		text := make([]byte, e.size)
		if _, err := io.ReadFull(body, text); err != nil {
			return err
		}
		if bytes.HasPrefix(text, []byte(pointer)) {
			u.first[e.id] = ""
			return nil // rest leaves it out, wherever it stands
		}
		body = bytes.NewReader(text)
	}
	u.first[e.id] = e.path
	return u.write(e, func(f *os.File) error {
		n, err := io.Copy(f, body)
		if err == nil && n != e.size {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
}

// What git-lfs writes in the place of a file.
const (
	pointer        = "version https://git-lfs.github.com/spec/"
	longestPointer = 1024
)

// rest writes what takes no answer of git's: files that are as others, or too
// large to be read, what is left out, and then, when nothing is written through
// them any more, the links.
func (u *unpacking) rest(all []entry) error {
	for _, e := range all {
		same, known := u.first[e.id]
		var err error
		switch {
		case e.kind == link:
		case e.kind == submodule:
			u.left = append(u.left, Left{e.path, whySubmodule})
			err = u.root.MkdirAll(e.path, 0o755)
		case u.repository.beyond(e): // a reader says that it is too large
			err = u.write(e, tooLarge)
		case known && same == "":
			err = u.leave(e.path, whyPointer)
		case same != e.path:
			err = u.again(same, e)
		}
		if err != nil {
			return err
		}
	}
	for _, e := range all {
		target, known := u.links[e.id]
		var err error
		switch {
		case e.kind != link:
		case known && stays(e.path, target):
			err = u.place(e.path, func(in *os.Root, name string) error { return in.Symlink(target, name) })
			if err != nil && !errors.Is(err, fs.ErrExist) { // Windows lets few do it
				err = u.leave(e.path, whyNoLinks)
			}
		default:
			err = u.leave(e.path, whyLink)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// place does something in the folder of a path, which it makes. No link is
// there yet that could lead elsewhere, and os.Root would not follow it.
func (u *unpacking) place(at string, do func(in *os.Root, name string) error) error {
	dir, name := path.Split(at)
	if dir = path.Clean(dir); u.at == nil || dir != u.name {
		if err := u.root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		next, err := u.root.OpenRoot(dir)
		if err != nil {
			return err
		}
		if u.at != nil {
			_ = u.at.Close()
		}
		u.at, u.name = next, dir
	}
	return do(u.at, name)
}

func (u *unpacking) write(e entry, fill func(*os.File) error) error {
	mode := os.FileMode(0o644)
	if e.kind == program {
		mode = 0o755
	}
	return u.place(e.path, func(in *os.Root, name string) error {
		f, err := in.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		err = fill(f)
		if closing := f.Close(); err == nil {
			err = closing
		}
		return err
	})
}

// again writes a file that has the content of another.
func (u *unpacking) again(same string, e entry) error {
	return u.place(e.path, func(_ *os.Root, _ string) error { return u.root.Link(same, e.path) })
}

// leave leaves a file out: a link to itself is there, and can't be read; where no
// links can be made, a file that is too large.
func (u *unpacking) leave(at, why string) error {
	u.left = append(u.left, Left{at, why})
	err := u.place(at, func(in *os.Root, name string) error { return in.Symlink(name, name) })
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if u.large != "" && u.again(u.large, entry{path: at}) == nil {
		return nil // one is enough: it takes its size where files have no holes
	}
	if err = u.write(entry{path: at}, tooLarge); err == nil {
		u.large = at
	}
	return err
}

// tooLarge makes a file one that a reader refuses.
func tooLarge(f *os.File) error { return f.Truncate(bounded.MaxFile + 1) }

// mostLeft is how many files a hint names.
const mostLeft = 10

// Hint names what was left out, for an error that may be due to it; "" where
// that is nothing.
func Hint(left []Left) string {
	var out []string
	for i, l := range left {
		if i == mostLeft {
			out = append(out, fmt.Sprintf("and %d more", len(left)-i))
			break
		}
		out = append(out, fmt.Sprintf("%s (%s)", problem.Shown(l.Path), l.Why))
	}
	return strings.Join(out, ", ")
}
