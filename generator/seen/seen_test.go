package seen_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/reggen/reggen/generator/seen"
)

// times says how often a memo looks when it is asked twice.
func times[V any](m *seen.Memo[V], path string, v V, err error) (looked int) {
	for range 2 {
		_, _ = m.Get(path, func() (V, error) { looked++; return v, err })
	}
	return looked
}

func TestMemo(t *testing.T) {
	var m seen.Memo[string]
	if n := times(&m, "a", "A", nil); n != 2 {
		t.Errorf("looked %d times where nobody remembers", n)
	}
	forget := seen.Remember()
	if n := times(&m, "a", "A", nil); n != 1 {
		t.Errorf("looked %d times", n)
	}
	if n := times(&m, "broken", "", errors.New("broken")); n != 2 {
		t.Errorf("looked %d times at what gives an error", n)
	}
	if v, err := m.Get("a", nil); v != "A" || err != nil {
		t.Errorf("a is %q, %v", v, err)
	}
	if v, known := m.Known("a"); v != "A" || !known {
		t.Errorf("known is %q, %t", v, known)
	}
	if _, known := m.Known("broken"); known {
		t.Error("an error is known")
	}

	inner := seen.Remember()
	inner()
	inner() // a second time does nothing
	if v, known := m.Known("a"); v != "A" || !known {
		t.Error("work within the work made it forget")
	}
	forget()
	if _, known := m.Known("a"); known {
		t.Error("known when the work is done")
	}
	defer seen.Remember()()
	if n := times(&m, "a", "B", nil); n != 1 {
		t.Errorf("looked %d times in other work", n)
	}
	if v, _ := m.Known("a"); v != "B" {
		t.Errorf("other work was given %q", v)
	}
}

// What was looked for by work that has ended is not kept for other work.
func TestMemoOfEndedWork(t *testing.T) {
	var m seen.Memo[string]
	forget := seen.Remember()
	_, _ = m.Get("a", func() (string, error) {
		forget()
		t.Cleanup(seen.Remember())
		return "old", nil
	})
	if v, known := m.Known("a"); known {
		t.Errorf("kept %q", v)
	}
}

func TestMemoIsBounded(t *testing.T) {
	defer seen.Remember()()
	var texts seen.Memo[[]byte]
	if n := times(&texts, "first", []byte("first"), nil); n != 1 {
		t.Errorf("looked %d times at the first", n)
	}
	if n := times(&texts, "large", make([]byte, 9<<20), nil); n != 2 {
		t.Errorf("looked %d times at what is too large to be kept", n)
	}
	kept := 0
	for i := range 20 {
		if times(&texts, string(rune('a'+i)), make([]byte, 0, 1<<20), nil) == 1 {
			kept++
		}
	}
	if kept != 7 { // and the first
		t.Errorf("%d MiB are kept", kept)
	}
	if _, known := texts.Known("first"); !known {
		t.Error("the first was dropped for others")
	}
}

func TestMemoFromSeveralGoroutines(t *testing.T) {
	var m seen.Memo[int]
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 200 {
				forget := seen.Remember()
				if v, err := m.Get(string(rune('a'+i%4)), func() (int, error) { return i % 4, nil }); v != i%4 || err != nil {
					t.Errorf("%d, %d: %d, %v", g, i, v, err)
				}
				forget()
			}
		})
	}
	all.Wait()
}
