// Package memo keeps what was made of texts, so that a file that several steps
// read is taken apart once. It is asked by the text itself, not by its name or
// age: what it gives is never out of date. It keeps no text, only its digest.
package memo

import (
	"crypto/sha256"
	"sync"
)

// most is how many results are kept: those of a large environment.
const most = 1024

// Of keeps results of one kind. The zero value is ready; several goroutines may
// use it.
type Of[V any] struct {
	mu      sync.Mutex
	results map[[sha256.Size]byte]V
	order   [most][sha256.Size]byte
	next    int
}

// Get is what make makes of a text, or made of it before. What went wrong is
// not kept. The result is shared: who changes it takes a copy.
func (m *Of[V]) Get(text []byte, make func() (V, error)) (V, error) {
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
	if m.results == nil {
		m.results = map[[sha256.Size]byte]V{}
	}
	if _, known := m.results[key]; !known {
		delete(m.results, m.order[m.next])
		m.order[m.next], m.next = key, (m.next+1)%most
	}
	m.results[key] = v
	return v, nil
}
