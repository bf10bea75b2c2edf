package bounded

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/problem"
)

// bomb is YAML whose aliases stand for width to the power of levels nodes.
func bomb(levels, width int) []byte {
	var b bytes.Buffer
	b.WriteString("a0: &a0 [x]\n")
	for i := 1; i <= levels; i++ {
		item := fmt.Sprintf("*a%d", i-1)
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(item+", ", width), ", "))
	}
	return b.Bytes()
}

// nested are mappings and lists within each other, a list in its key's column.
func nested(levels, indent int) (text string) {
	for i := range levels {
		at := strings.Repeat(" ", i*indent)
		text += at + "a:\n" + at + "-\n"
	}
	return text
}

// utf16 is a text as Windows likes to write it.
func utf16(text string) []byte {
	out := []byte{0xff, 0xfe}
	for _, c := range []byte(text) {
		out = append(out, c, 0)
	}
	return out
}

// What is nested as deep as it may be passes, and one level more does not, however
// it is written.
func TestDepth(t *testing.T) {
	for name, c := range map[string]struct {
		deep func(levels int) string
		most int
	}{
		"brackets": {func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }, MaxDepth},
		"dashes":   {func(n int) string { return strings.Repeat("- ", n) + "a" }, MaxDepth - 1},
		"lines":    {func(n int) string { return nested(n, 1) }, (MaxDepth - 2) / 2},
		"UTF-16":   {func(n int) string { return string(utf16(nested(n, 1))) }, (MaxDepth - 2) / 2},
		"pairs":    {func(n int) string { return strings.Repeat("[a: ", n) + strings.Repeat("]", n) }, MaxDepth/2 - 1},
	} {
		for n := 1; n < MaxDepth+50; n++ {
			err := YAML("f", []byte(c.deep(n)))
			if total, _, broken := measured([]byte(c.deep(n)), MaxNodes, 0, 0); broken || (err == nil) != (total <= MaxNodes) {
				t.Errorf("%s, %d levels: %v, and measured to %d (broken: %v)", name, n, err, total, broken)
			}
			if (err == nil) != (n <= c.most) {
				t.Errorf("%s, %d levels: %v", name, n, err)
			}
		}
	}
}

func TestYAMLInBounds(t *testing.T) {
	for name, text := range map[string][]byte{
		"empty": nil, "no YAML": []byte("a: [\n"), "aliases": []byte("a: &x {b: c}\nd: *x\ne: [*x, *x]\n"),
		"few levels": bomb(3, 9), "documents": []byte(strings.Repeat("---\na: b\n", 100)),
		"a merge": []byte("a: &x {b: c}\nd: {<<: *x}\n"),
	} {
		if err := YAML("f", text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestYAMLOutOfBounds(t *testing.T) {
	for name, text := range map[string][]byte{
		"nine by nine": bomb(9, 9), "many levels": bomb(60, 2), "deep": []byte(strings.Repeat("[", 200) + strings.Repeat("]", 200)),
		"an alias in itself": []byte("a: &x [*x]\n"), "documents": []byte(strings.Repeat("---\na: b\n", MaxDocuments+1)),
		"deep by aliases": bomb(MaxDepth, 1), "behind a good document": append([]byte("a: b\n---\n"), bomb(9, 9)...),
	} {
		began := time.Now()
		err := YAML("f", text)
		var p problem.Problem
		if !errors.As(err, &p) || p.File != "f" {
			t.Errorf("%s: %v", name, err)
		}
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("%s: took %s", name, d)
		}
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := Read(path, 4); err != nil || string(data) != "text" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := Read(path, 3); !IsProblem(err) {
		t.Errorf("a large one: %v", err)
	}
	if _, err := Read(filepath.Join(dir, "nothing"), 100); !os.IsNotExist(err) {
		t.Errorf("a missing one: %v", err)
	}
	if _, err := Read(dir, 100); err == nil || IsProblem(err) || os.IsNotExist(err) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Read(os.DevNull, 100); !IsProblem(err) {
		t.Errorf("a device: %v", err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := Read(empty, 0); err != nil || len(data) > 0 {
		t.Errorf("an empty one: %q, %v", data, err)
	}
}

// How long a file takes beside os.ReadFile.
func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, 2<<10), 0o600); err != nil {
		b.Fatal(err)
	}
	for name, read := range map[string]func(string) ([]byte, error){
		"bounded": func(path string) ([]byte, error) { return Read(path, MaxFile) },
		"os":      os.ReadFile,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if data, err := read(path); err != nil || len(data) != 2<<10 {
					b.Fatal(len(data), err)
				}
			}
		})
	}
}

// A text that could hold too many nodes is not decoded to find out, nor is what
// stands behind a mistake left out.
func TestYAMLIsMeasuredBeforeItIsDecoded(t *testing.T) {
	for name, text := range map[string]string{
		"a list": strings.Repeat("- \n", MaxNodes+1), "in one line": "[" + strings.Repeat("a,", MaxNodes) + "]", "nested": strings.Repeat("- ", MaxNodes+1),
		"keys": strings.Repeat("? a\n", MaxNodes+1), "behind a mistake": "}\n---\n" + strings.Repeat("a: b\n", MaxNodes),
	} {
		if allocated := testing.AllocsPerRun(1, func() {
			if YAML("f", []byte(text)) == nil {
				t.Errorf("%s passes", name)
			}
		}); allocated > 1000 {
			t.Errorf("%s: %v allocations", name, allocated)
		}
	}
	if !Text("a: b\n") || Text(strings.Repeat(" ", MaxText+1)) || Text(strings.Repeat("- a\n", MaxSecretNodes+1)) {
		t.Error("the bounds of a text")
	}
	if Secret("f", []byte(strings.Repeat("- a\n", MaxSecretNodes+1))) == nil || YAML("f", []byte(strings.Repeat("- a\n", MaxSecretNodes+1))) != nil {
		t.Error("the bounds of a secret")
	}
}

// What passes is small: its nodes are counted by expanding it.
func FuzzYAML(f *testing.F) {
	f.Add(bomb(2, 3))
	f.Add([]byte("a: &x {b: *x}\n"))
	f.Add([]byte("- &a [1]\n- [*a, *a]\n---\n*a\n"))
	f.Add([]byte(strings.Repeat("- ", MaxDepth)))
	f.Add([]byte(strings.Repeat("[", MaxDepth)))
	f.Add([]byte(strings.Repeat("[a:\n", MaxDepth-6)))
	f.Add(utf16(nested(2*MaxDepth, 1)))
	f.Add([]byte("a:\n- b:\n  - c:\n    - d: {e: [f]}\n"))
	f.Add([]byte(nested(MaxDepth/2, 1)))
	f.Add([]byte(nested(MaxDepth/2-1, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<12 {
			return
		}
		if total, documents, _ := measured(data, MaxNodes, 0, 0); flat(data) && (total > perMark*longest(data) || total > MaxNodes || documents > MaxDocuments) {
			t.Errorf("flat, and it has %d nodes in %d documents", total, documents)
		}
		if YAML("f", data) != nil {
			return
		}
		if n := expanded(data); n > MaxNodes {
			t.Errorf("%d nodes passed", n)
		}
	})
}

// Whatever YAML takes for the end of a line, and whatever may stand beside a
// colon in brackets, is counted before anything is decoded; and so is what
// stands behind a mistake, for libraries that take a stream apart first.
func TestNothingIsDecodedUncounted(t *testing.T) {
	for name, text := range map[string]string{
		"items by CR": "a:\r" + strings.Repeat("-\r", MaxNodes+1), "pairs by CR": strings.Repeat(" a:\r", MaxNodes+1), "pairs by LS": strings.Repeat("a:\u2028", MaxNodes+1), "items by NEL": strings.Repeat("-\u0085", MaxNodes+1),
		"pairs in brackets": "[" + strings.Repeat("&a:b ", MaxNodes+1) + "]",
	} {
		if n := testing.AllocsPerRun(1, func() {
			if YAML("f", []byte(text)) == nil {
				t.Errorf("%s passes", name)
			}
		}); n > 100 {
			t.Errorf("%s: decoded, %.0f allocations", name, n)
		}
	}
	for name, text := range map[string]string{"a bomb": "a: [\n---\n" + string(bomb(9, 9)), "another end": "a: }\n...\n" + string(bomb(9, 9)), "documents": "a: [\n" + strings.Repeat("---\na: b\n", MaxDocuments+1)} {
		if YAML("f", []byte(text)) == nil {
			t.Errorf("behind a mistake: %s passes", name)
		}
	}
}

// No node comes without a mark.
func FuzzLongest(f *testing.F) {
	f.Add([]byte("a: [b, {c: d}]\n- e\n"))
	f.Add([]byte("[&a:b, *a :c, ?d]\r- f"))
	f.Add([]byte("{\"a\":b, c:\u0085d}\n---\n- - - a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<12 {
			return
		}
		if n, most := expanded(bytes.ReplaceAll(data, []byte("*"), []byte("x"))), 3*longest(data); n > most {
			t.Errorf("%d nodes, expected at most %d", n, most)
		}
	})
}
