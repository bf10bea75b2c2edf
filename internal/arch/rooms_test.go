package arch

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// rooms are the parts of internal/ and which of the others each may import. A
// room is above those it names; no arrow points up.
var rooms = map[string][]string{
	"terminal":   nil,
	"release":    nil,
	"early":      nil,
	"diff":       nil,
	"kustomize":  nil,
	"revision":   {"kustomize"},
	"repository": {"kustomize", "revision"},
	"keyring":    {"repository"},
	"deliver":    {"keyring", "kustomize", "release", "repository", "terminal"},
	"compare":    {"deliver", "diff", "keyring", "kustomize", "repository", "revision", "terminal"},
	"seal":       {"deliver", "keyring", "repository", "terminal"},
	"people":     {"keyring", "repository", "seal", "terminal"},
	"inspect":    {"compare", "deliver", "keyring", "kustomize", "people", "release", "repository", "seal", "terminal"},
	"start":      {"keyring", "kustomize", "people", "repository", "seal", "terminal"},
	"cli":        {"compare", "deliver", "inspect", "keyring", "kustomize", "people", "release", "repository", "seal", "start", "terminal"},
	"cases":      nil,
}

func TestRoomsImportWhatIsBelowThem(t *testing.T) {
	for _, s := range sources(t) {
		room, is := strings.CutPrefix(s.dir, "internal/")
		if !is {
			continue
		}
		allowed, known := rooms[room]
		if !known && room != "arch" {
			t.Errorf("%s is no room: say in rooms what it may import", s.dir)
		}
		for _, path := range imports(s.file) {
			if other, is := strings.CutPrefix(path, module+"internal/"); is && !slices.Contains(allowed, other) {
				t.Errorf("%s/%s imports internal/%s, which is not below it", s.dir, s.name, other)
			}
		}
	}
}

// writing are the functions of package os by which files come, change and go.
var writing = []string{"Chmod", "Chown", "Chtimes", "Create", "CreateTemp", "Link", "Mkdir", "MkdirAll", "MkdirTemp", "OpenFile", "Remove", "RemoveAll", "Rename", "Symlink", "Truncate", "WriteFile"}

// writers are what may use them: the repository on disk for the user's files, and
// the others for what stands beside them.
var writers = map[string]string{
	"internal/repository":       "writes the user's files, whole or not at all",
	"internal/compare sides.go": "makes and removes the temporary folder of a revision",
	"internal/kustomize":        "hides programs behind a temporary folder",
	"internal/start keys.go":    "makes the folder of a key file, for its owner alone",
	"internal/start plugin.go":  "makes the folder of kustomize's plugin",
	"generator/bounded":         "opens the one file that it is told to read",
}

func TestOneRoomWritesTheUsersFiles(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		names := imports(s.file)
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok || pkg.Obj != nil || names[pkg.Name] != "os" || !slices.Contains(writing, sel.Sel.Name) {
				return true
			}
			for _, who := range []string{s.dir, s.dir + " " + s.name} {
				if writers[who] != "" {
					used[who] = true
					return true
				}
			}
			t.Errorf("%s/%s uses os.%s: files are written by internal/repository", s.dir, s.name, sel.Sel.Name)
			return true
		})
	}
	for who := range writers {
		if !used[who] {
			t.Errorf("%s writes nothing: the rule is dead", who)
		}
	}
}

// Use cases return what happened and tell what goes on; what is printed is for
// the commands.
func TestUseCasesPrintNothing(t *testing.T) {
	for _, s := range sources(t) {
		room := strings.TrimPrefix(s.dir, "internal/")
		if !slices.Contains([]string{"repository", "keyring", "compare", "seal", "people", "inspect", "start"}, room) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Stdout" {
				t.Errorf("%s/%s writes to standard output", s.dir, s.name)
			}
			return true
		})
	}
}
