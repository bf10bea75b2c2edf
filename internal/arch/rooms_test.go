package arch

import (
	"bytes"
	"go/ast"
	"os"
	"path/filepath"
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
	"collector":  {"early"},
	"pages":      nil,
	"diff":       nil,
	"layers":     nil,
	"kustomize":  {"layers"},
	"revision":   {"kustomize"},
	"repository": {"kustomize", "layers", "revision"},
	"keyring":    {"repository"},
	"deliver":    {"keyring", "kustomize", "release", "repository", "terminal"},
	"compare":    {"deliver", "diff", "keyring", "kustomize", "repository", "revision", "terminal"},
	"seal":       {"deliver", "keyring", "repository", "terminal"},
	"people":     {"keyring", "repository", "seal", "terminal"},
	"sarif":      nil,
	"inspect":    {"compare", "deliver", "keyring", "kustomize", "people", "release", "repository", "sarif", "seal", "terminal"},
	"access":     {"compare", "deliver", "inspect", "release", "repository", "revision", "sarif", "terminal"},
	"probe":      {"keyring", "release", "repository", "sarif", "terminal"},
	"start":      {"deliver", "keyring", "kustomize", "people", "repository", "seal", "terminal"},
	"watch":      {"deliver", "kustomize", "repository", "revision", "terminal"},
	"cli":        {"access", "compare", "deliver", "inspect", "keyring", "kustomize", "people", "probe", "release", "repository", "seal", "start", "terminal", "watch"},
	"cases":      nil,
	"needs":      nil,
}

// parts are those of generator/, likewise. ARCHITECTURE.md says what each owns.
var parts = map[string][]string{
	"problem":        nil,
	"secret":         nil,
	"memo":           nil,
	"seen":           nil,
	"bounded":        {"problem", "seen"},
	"strict":         {"problem"},
	"syntax":         {"problem"},
	"codec":          nil,
	"object":         {"codec", "problem"},
	"mint":           {"secret"},
	"chart":          {"codec", "mint", "problem", "secret"},
	"rules":          {"bounded", "problem", "seen"},
	"sops":           {"bounded", "memo", "problem", "rules", "seen"},
	"storage":        {"problem", "syntax"},
	"spec":           {"memo", "problem", "storage", "strict", "syntax"},
	"schema":         {"problem", "spec", "storage", "strict", "syntax"},
	"edit":           {"spec"},
	"credential":     {"memo", "problem", "secret", "spec", "syntax"},
	"sealed":         {"codec", "memo", "problem", "secret", "spec"},
	"krm":            {"problem", "sealed", "spec"},
	"inplace":        {"bounded", "object"},
	"refuse":         {"object", "problem", "spec", "syntax"},
	"images":         {"problem", "spec"},
	"values":         {"object", "refuse", "secret", "spec", "storage"},
	"takeover":       {"bounded", "object", "problem", "refuse"},
	"movein":         {"chart", "credential", "problem", "refuse", "secret", "spec", "syntax", "values"},
	"kubernetes":     {"bounded", "object"},
	"configuration":  {"bounded", "codec", "problem"},
	"release":        nil,
	"strength/words": nil,
	"strength":       {"strength/words"},
	"age":            {"credential", "sealed", "spec", "syntax"},
	"rendered":       {"bounded", "codec", "configuration", "kubernetes", "object", "release"},
	"check":          {"object", "problem", "rendered", "spec"},
}

func TestRoomsImportWhatIsBelowThem(t *testing.T) {
	for _, house := range []struct {
		top   string
		rooms map[string][]string
	}{{"internal/", rooms}, {"generator/", parts}} {
		for _, s := range sources(t) {
			room, is := strings.CutPrefix(s.dir, house.top)
			if !is || strings.HasPrefix(room, "chart/") {
				continue
			}
			allowed, known := house.rooms[room]
			if !known && room != "arch" {
				t.Errorf("%s is no room: say in rooms_test.go what it may import", s.dir)
			}
			for _, path := range imports(s.file) {
				if other, is := strings.CutPrefix(path, module+house.top); is && !slices.Contains(allowed, other) {
					t.Errorf("%s/%s imports %s%s, which is not below it", s.dir, s.name, house.top, other)
				}
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
}

// reading are the functions by which files and folders are opened, by import path.
// Asking whether something is there is none of them.
var reading = map[string][]string{
	"os":                         {"Open", "ReadFile", "ReadDir", "Readlink", "DirFS"},
	"path/filepath":              {"Walk", "WalkDir", "Glob"},
	"syscall":                    {"Open"},
	module + "generator/bounded": {"Read"},
}

// readers are what may use them.
var readers = map[string]string{
	"internal/repository":      "reads the user's files",
	"internal/kustomize":       "reads what a build can reach before kustomize does",
	"internal/start keys.go":   "reads the user's own key, which no repository holds",
	"internal/start plugin.go": "reads this program to copy it",
	"internal/cases":           "is for tests",
	"internal/cli root.go":     "reads what kustomize hands to a plugin",
	"generator/bounded":        "opens the one file that it is told to read",
	"generator/rules":          "looks for .sops.yaml on the way up",
	"generator/sops":           "reads key files, as SOPS does",
}

func TestOneRoomWritesTheUsersFiles(t *testing.T) {
	oneRoom(t, writers, func(path, name string) bool { return path == "os" && slices.Contains(writing, name) })
}

func TestOneRoomReadsTheUsersFiles(t *testing.T) {
	oneRoom(t, readers, func(path, name string) bool { return slices.Contains(reading[path], name) })
}

// oneRoom holds who uses which functions against those who may.
func oneRoom(t *testing.T, may map[string]string, one func(path, name string) bool) {
	t.Helper()
	used := map[string]bool{}
	for _, s := range sources(t) {
		names := imports(s.file)
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok || pkg.Obj != nil || !one(names[pkg.Name], sel.Sel.Name) {
				return true
			}
			for _, who := range []string{s.dir, s.dir + " " + s.name} {
				if may[who] != "" {
					used[who] = true
					return true
				}
			}
			t.Errorf("%s/%s uses %s.%s: the user's files are internal/repository's", s.dir, s.name, pkg.Name, sel.Sel.Name)
			return true
		})
	}
	for who := range may {
		if !used[who] {
			t.Errorf("%s does so nowhere: the rule is dead", who)
		}
	}
}

// Use cases return what happened and tell what goes on; what is printed is for
// the commands.
func TestUseCasesPrintNothing(t *testing.T) {
	for _, s := range sources(t) {
		room := strings.TrimPrefix(s.dir, "internal/")
		if !slices.Contains([]string{"repository", "keyring", "compare", "seal", "people", "inspect", "access", "probe", "start"}, room) {
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

// A room that outgrows these bounds holds two things, and so does a file.
const (
	largestRoom = 3_000 // lines of a package, without its tests
	largestFile = 350
	medianFile  = 150
	// Commands are thin: a file reads flags, calls one function, prints.
	largestCommand = 150
	allCommands    = 2_500
)

func TestRoomsAndFilesAreSmall(t *testing.T) {
	rooms := map[string]int{}
	var sizes []int
	for _, s := range sources(t) {
		text, err := os.ReadFile(filepath.Join("../..", s.dir, s.name))
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(text, []byte("\n"))
		sizes = append(sizes, lines)
		if rooms[s.dir] += lines; lines > largestFile {
			t.Errorf("%s/%s has %d lines, more than %d", s.dir, s.name, lines, largestFile)
		}
		if s.dir == "internal/cli" && lines > largestCommand {
			t.Errorf("%s/%s has %d lines, more than %d: a command is thin", s.dir, s.name, lines, largestCommand)
		}
	}
	for dir, lines := range rooms {
		if lines > largestRoom {
			t.Errorf("%s has %d lines, more than %d", dir, lines, largestRoom)
		}
	}
	if rooms["internal/cli"] > allCommands {
		t.Errorf("internal/cli has %d lines, more than %d", rooms["internal/cli"], allCommands)
	}
	slices.Sort(sizes)
	if median := sizes[len(sizes)/2]; median > medianFile {
		t.Errorf("half of the files have more than %d lines", median)
	}
}
