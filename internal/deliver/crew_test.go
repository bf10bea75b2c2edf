package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/seen"
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// looker counts how often the disk would be looked at.
func looker() (look func() int) {
	var m seen.Memo[int]
	n := 0
	return func() int {
		v, _ := m.Get("the base", func() (int, error) { n++; return n, nil })
		return v
	}
}

// What a crew reads is read once where it says that it only reads, and else each time.
func TestACrewThatReads(t *testing.T) {
	look := looker()
	w := &Work{Processes: 1}
	for _, c := range []struct {
		reads bool
		want  string
	}{{true, "[1 1 1]"}, {false, "[2 3 4]"}, {true, "[5 5 5]"}} {
		var got []int
		crew := Crew[int, int]{Reads: c.reads, Here: func(int) int { return look() }, Over: func(int) bool { return false }}
		Each(context.Background(), w, crew, 3, func(i int, do func(int) int) { got = append(got, do(i)) })
		if fmt.Sprint(got) != c.want {
			t.Errorf("reads %t: %v, want %s", c.reads, got, c.want)
		}
	}
}

// So it is in a worker, over all of its orders.
func TestAWorkerThatReads(t *testing.T) {
	look := looker()
	var in, out bytes.Buffer
	for _, reads := range []bool{true, true, false, false, true, true} {
		if err := json.NewEncoder(&in).Encode(call{Task: "look", Reads: reads, Order: 0}); err != nil {
			t.Fatal(err)
		}
	}
	repo := &repository.Repository{Dir: t.TempDir()}
	w := &Work{Tell: &terminal.Terminal{Stdin: &in, Stdout: &out, Stderr: &out}, Repo: repo, Keys: &keyring.Keyring{Repo: repo}, Tasks: map[string]Task{
		"look": func(context.Context, json.RawMessage) (any, error) { return look(), nil },
	}}
	if err := w.Work(context.Background()); err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(out.String(), "\n")
	if strings.Join(strings.Fields(got), " ") != "1 1 2 3 4 4" {
		t.Errorf("looked: %s", got)
	}
	if once, again := look(), look(); once == again {
		t.Error("it remembers when its orders are done")
	}
}
