package rules

import (
	"os"
	"sync"
	"time"

	"github.com/reggen/reggen/generator/bounded"
)

// texts are the configurations that were read, each as long as its file is the
// same: the one of a thousand environments is asked for each of their files.
var texts = reading{of: map[string]kept{}}

type reading struct {
	mu sync.Mutex
	of map[string]kept
}

type kept struct {
	info os.FileInfo
	text []byte // nobody changes it
}

// settled is how old a change has to be for the next one to show: file systems
// note times by ticks, some of them by two seconds.
const settled = 3 * time.Second

// mostTexts is how many are kept.
const mostTexts = 64

// read is bounded.Read of a configuration. What was read is given again while
// the name leads to the same file, of the same size, last changed at the same
// time, some time before it was read: whoever writes it anew, or puts another
// one in its place, changes one of these.
func (r *reading) read(config string) ([]byte, error) {
	now := time.Now()
	info, err := os.Stat(config)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	s, known := r.of[config]
	r.mu.Unlock()
	if known && os.SameFile(s.info, info) && s.info.Size() == info.Size() && s.info.ModTime().Equal(info.ModTime()) {
		return s.text, nil
	}
	text, err := bounded.Read(config, maxConfig)
	if err != nil || now.Sub(info.ModTime()) < settled {
		return text, err
	}
	after, err := os.Stat(config)
	if err != nil || !os.SameFile(info, after) || !info.ModTime().Equal(after.ModTime()) || after.Size() != int64(len(text)) {
		return text, nil // it is being changed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.of) >= mostTexts {
		clear(r.of)
	}
	r.of[config] = kept{after, text}
	return text, nil
}
