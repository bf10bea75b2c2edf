package memo

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestGet(t *testing.T) {
	var m Of[int]
	made := 0
	one := func() (int, error) { made++; return made, nil }
	for _, want := range []int{1, 1} {
		if got, err := m.Get([]byte("a"), one); got != want || err != nil {
			t.Errorf("%d, %v", got, err)
		}
	}
	if got, known := m.Known([]byte("a")); got != 1 || !known {
		t.Errorf("known: %d, %t", got, known)
	}
	if got, known := m.Known([]byte("b")); got != 0 || known {
		t.Errorf("known before it was made: %d, %t", got, known)
	}
	if got, _ := m.Get([]byte("b"), one); got != 2 {
		t.Errorf("another text has the result of the first: %d", got)
	}
	if _, err := m.Get([]byte("c"), func() (int, error) { return 9, errors.New("wrong") }); err == nil {
		t.Error("no error")
	}
	if got, err := m.Get([]byte("c"), one); got != 3 || err != nil {
		t.Errorf("what went wrong was kept: %d, %v", got, err)
	}
}

// It stays small, and the newest stay in it.
func TestGetForgets(t *testing.T) {
	var m Of[int]
	var all sync.WaitGroup
	for g := range 2 {
		all.Go(func() {
			for i := range 3 * most {
				if got, _ := m.Get(fmt.Append(nil, i), func() (int, error) { return i, nil }); got != i {
					t.Errorf("goroutine %d: %d is %d", g, i, got)
				}
			}
		})
	}
	all.Wait()
	if len(m.results) > most {
		t.Errorf("%d results", len(m.results))
	}
	if _, err := m.Get(fmt.Append(nil, 3*most-1), func() (int, error) { return 0, errors.New("made again") }); err != nil {
		t.Error(err)
	}
}

// Few large texts are kept, and none that is larger than the budget or may come to
// more than it says.
func TestGetForgetsLargeTexts(t *testing.T) {
	var m Of[int]
	large := make([]byte, budget/4)
	for i := range 9 {
		large[0] = byte(i)
		if got, _ := m.Get(large, func() (int, error) { return i, nil }); got != i {
			t.Errorf("%d is %d", i, got)
		}
	}
	if len(m.results) != 4 || len(m.order) != 4 || m.held != budget {
		t.Errorf("%d results, %d in order, of %d bytes", len(m.results), len(m.order), m.held)
	}
	alias := []byte("a: &a [x, x]\nb: [*a, *a]\n")
	for _, text := range [][]byte{make([]byte, budget+1), alias} {
		if got, err := m.Get(text, func() (int, error) { return 7, nil }); got != 7 || err != nil || len(m.results) != 4 || m.held != budget {
			t.Errorf("%d, %v: %d results of %d bytes", got, err, len(m.results), m.held)
		}
	}
}
