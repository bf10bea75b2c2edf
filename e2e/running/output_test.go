//go:build linux

package running

import (
	"bytes"
	"fmt"
	"sync"
)

// output is what a program printed.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *output) end() string {
	text := o.String()
	if n := 3000; len(text) > n {
		text = fmt.Sprintf("[%d bytes before]", len(text)-n) + text[len(text)-n:]
	}
	return text
}
