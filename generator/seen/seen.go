// Package seen remembers what one piece of work has seen of the disk. Work on many
// environments asks the same of the same files for each of them: where a folder
// really is, which .sops.yaml is above a file, what the base says.
package seen

import "sync"

// most bounds what is remembered, in bytes. What all environments share is seen with
// the first of them, and so is among it.
const most = 8 << 20

// entry is about what one takes beside its path and its text.
const entry = 128

// work is what is under way: how many have begun to remember and not ended, and
// since they began what number that has, how many bytes are kept and what drops
// them.
var work struct {
	mu     sync.Mutex
	users  int
	number int
	held   int
	drop   []func()
}

// Remember has every Memo keep what it is given, until what it returns is called:
// for work that reads alone, and for which all it reads may stay as it was read
// first.
func Remember() (forget func()) {
	work.mu.Lock()
	defer work.mu.Unlock()
	work.users++
	return sync.OnceFunc(func() {
		work.mu.Lock()
		defer work.mu.Unlock()
		if work.users--; work.users > 0 {
			return
		}
		for _, drop := range work.drop {
			drop()
		}
		work.number, work.held, work.drop = work.number+1, 0, nil
	})
}

// Memo is what was seen, by path. The zero value is ready; it may be used from
// several goroutines. What it gives is shared: nobody may change it. Texts count for
// what is kept, and what says by a method Size how large it is; all else is small.
type Memo[V any] struct{ of map[string]V }

// Get is what look gives, without asking it again while Remember holds. Its errors
// are not kept. Who asks at the same time may look too.
func (m *Memo[V]) Get(path string, look func() (V, error)) (V, error) {
	v, known, number := m.known(path)
	if known {
		return v, nil
	}
	v, err := look()
	if err == nil {
		m.keep(path, v, number)
	}
	return v, err
}

// Known is what is remembered for a path.
func (m *Memo[V]) Known(path string) (v V, known bool) {
	v, known, _ = m.known(path)
	return v, known
}

func (m *Memo[V]) known(path string) (v V, known bool, number int) {
	work.mu.Lock()
	defer work.mu.Unlock()
	v, known = m.of[path]
	return v, known, work.number
}

// keep keeps what was seen by the work of a number.
func (m *Memo[V]) keep(path string, v V, number int) {
	work.mu.Lock()
	defer work.mu.Unlock()
	size := entry + len(path)
	switch v := any(v).(type) {
	case []byte:
		size += cap(v)
	case string:
		size += len(v)
	case interface{ Size() int }:
		size += v.Size()
	}
	if work.users == 0 || work.number != number || work.held+size > most {
		return
	}
	if m.of == nil {
		m.of = map[string]V{}
		work.drop = append(work.drop, func() { m.of = nil })
	}
	if _, known := m.of[path]; !known {
		m.of[path] = v
		work.held += size
	}
}
