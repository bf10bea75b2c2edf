// Package memo keeps what was made of texts, so that a file that several steps
// read is taken apart once. It is asked by the text itself, not by its name or
// age: what it gives is never out of date. It keeps no text, only its digest.
package memo

import (
	"bytes"
	"crypto/sha256"
	"sync"
)

// most is how many results are kept, those of a large environment, and budget how
// large the texts that they were made of are together: what is made of a text
// takes some ten times as much, but where aliases multiply it (Get).
const (
	most   = 1024
	budget = 4 << 20
)

// Of keeps results of one kind. The zero value is ready; several goroutines may
// use it.
type Of[V any] struct {
	mu      sync.Mutex
	results map[[sha256.Size]byte]V
	order   []kept // the oldest first
	held    int    // bytes
}

type kept struct {
	key  [sha256.Size]byte
	size int
}

// Known is what was made of a text before, if that is kept.
func (m *Of[V]) Known(text []byte) (v V, known bool) {
	key := sha256.Sum256(text)
	m.mu.Lock()
	defer m.mu.Unlock()
	v, known = m.results[key]
	return v, known
}

// Get is what make makes of a text, or made of it before. What went wrong is
// not kept, nor what may be far larger than its text, by an alias of YAML. The
// result is shared: who changes it takes a copy.
func (m *Of[V]) Get(text []byte, make func() (V, error)) (V, error) {
	if len(text) > budget || bytes.IndexByte(text, '*') >= 0 {
		return make()
	}
	key := sha256.Sum256(text)
	m.mu.Lock()
	v, known := m.results[key]
	m.mu.Unlock()
	if known {
		return v, nil
	}
	v, err := make()
	if err != nil {
		return v, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.results[key]; known {
		return v, nil
	}
	if m.results == nil {
		m.results = map[[sha256.Size]byte]V{}
	}
	m.results[key] = v
	m.order, m.held = append(m.order, kept{key, len(text)}), m.held+len(text)
	for len(m.order) > most || m.held > budget {
		delete(m.results, m.order[0].key)
		m.order, m.held = m.order[1:], m.held-m.order[0].size
	}
	return v, nil
}
