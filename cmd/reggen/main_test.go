package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"reggen":   main,
		"Registry": main, // its name as a plugin
	})
}

// TestScripts drive the real main, each script in an empty folder with a home
// of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, ".home")
			e.Setenv("HOME", home)
			e.Setenv("XDG_CONFIG_HOME", "")
			e.Setenv("USERPROFILE", home) // both of Windows, which Unix doesn't look at
			e.Setenv("AppData", filepath.Join(home, ".config"))
			return os.MkdirAll(home, 0o755)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"snapshot": snapshot, "unchanged": unchanged, "replace": replaceText, "nowhere": nowhere, "dated": dated,
		},
	})
}

// tree is every file below the script's folder but those in stdin/, which hold
// what a script types.
func tree(ts *testscript.TestScript) map[string]string {
	out := map[string]string{}
	root := ts.MkAbs(".")
	ts.Check(filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path == filepath.Join(root, "stdin") {
				return filepath.SkipDir
			}
			return nil
		}
		rel, _ := filepath.Rel(root, path)
		data, err := os.ReadFile(path)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	}))
	return out
}

var snapshots = map[string]map[string]string{}

// snapshot remembers every file; unchanged compares.
func snapshot(ts *testscript.TestScript, _ bool, _ []string) { snapshots[ts.Name()] = tree(ts) }

func unchanged(ts *testscript.TestScript, neg bool, _ []string) {
	old, now := snapshots[ts.Name()], tree(ts)
	var changed []string
	for name, text := range now {
		if old[name] != text {
			changed = append(changed, name)
		}
	}
	for name := range old {
		if _, ok := now[name]; !ok {
			changed = append(changed, "-"+name)
		}
	}
	if !neg && len(changed) > 0 {
		ts.Fatalf("changed: %v", changed)
	}
	if neg && len(changed) == 0 {
		ts.Fatalf("nothing changed")
	}
}

// replaceText puts one text in place of another in a file, \n in the new
// one being a newline: replace OLD NEW FILE.
func replaceText(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	path := ts.MkAbs(args[2])
	data, err := os.ReadFile(path)
	ts.Check(err)
	if !strings.Contains(string(data), args[0]) {
		ts.Fatalf("%s does not hold %q", args[2], args[0])
	}
	ts.Check(os.WriteFile(path, []byte(strings.Replace(string(data), args[0], strings.ReplaceAll(args[1], `\n`, "\n"), 1)), 0o644))
}

var aDay = regexp.MustCompile(`(reggen\.dev/[a-z-]+: .*?)[0-9]{4}-[0-9]{2}-[0-9]{2}`)

// dated puts other days into the annotations of a file, as a clock that was
// turned would have: dated DAY FILE. Who has a key sees it by the MAC.
func dated(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: dated DAY FILE")
	}
	path := ts.MkAbs(args[1])
	data, err := os.ReadFile(path)
	ts.Check(err)
	if !aDay.Match(data) {
		ts.Fatalf("%s holds no day", args[1])
	}
	ts.Check(os.WriteFile(path, aDay.ReplaceAll(data, []byte("${1}"+args[0])), 0o644))
}

// nowhere fails when a text stands in any file, or in what the last command
// printed.
func nowhere(ts *testscript.TestScript, _ bool, args []string) {
	files := tree(ts)
	files["stdout"], files["stderr"] = ts.ReadFile("stdout"), ts.ReadFile("stderr")
	for name, text := range files {
		if strings.Contains(text, args[0]) {
			ts.Fatalf("a secret stands in %s", name)
		}
	}
}

// TestFiveMinutes keeps the README's five-minute start and the script that
// runs it the same: every command of the one stands in the other, in order.
func TestFiveMinutes(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(readme), "## Five minutes")
	if !found {
		t.Fatal("the README has no section of that name")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	follows(t, section, "five-minutes", 6)
}

// TestRotationGuide does the same for a page of the guide.
func TestRotationGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/guide/rotation.md")
	if err != nil {
		t.Fatal(err)
	}
	follows(t, string(page), "rotation-guide", 12)
}

// TestChartsGuide does the same for the page on charts.
func TestChartsGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/guide/charts.md")
	if err != nil {
		t.Fatal(err)
	}
	follows(t, string(page), "charts-guide", 5)
}

// follows fails when a command of a text is not in a script, or in another
// order. What stands before a pipe is the script's stdin, what stands behind
// one is another program's; atLeast so many commands are found.
func follows(t *testing.T, text, script string, atLeast int) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + script + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	text = strings.ReplaceAll(text, "\\\n", " ")
	rest := string(data)
	n := 0
	for _, line := range regexp.MustCompile(`(?m)^    (?:\$ )?((?:.*\| )?reggen .*)$`).FindAllStringSubmatch(text, -1) {
		command := line[1]
		if i := strings.LastIndex(command, "| reggen "); i >= 0 {
			command = command[i+2:]
		}
		command, _, _ = strings.Cut(command, " | ")
		command, _, _ = strings.Cut(command, " #")
		command = strings.Join(strings.Fields(command), " ")
		n++
		_, after, found := strings.Cut(rest, "exec "+command+"\n")
		if !found {
			t.Errorf("the text's command %q is not in the script, or in another order", command)
			continue
		}
		rest = after
	}
	if n < atLeast {
		t.Errorf("only %d commands found in the text", n)
	}
}
