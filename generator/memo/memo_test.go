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
