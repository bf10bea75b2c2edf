package kustomize

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// kustomize has switches for Helm and for exec functions. It has none for
// containers, which it starts with docker, for git, with which it clones, and
// for fetching files. What a kustomization asks for can be made by a patch, an
// escape or a replacement, so that looking for it in files finds what people
// write, not what an attacker does. So, while kustomize works, the programs
// are not to be found and there is no way to the network.

var errOffline = errors.New("reggen does not ask the network here")

// offline is an http.RoundTripper that answers no request.
type offline struct{}

func (offline) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, errOffline
}

// barrier is what stands while kustomize works.
type barrier struct {
	allow     Allow
	path      string // the search path as it was
	wasSet    bool
	closed    string // the search path with the barrier up
	transport http.RoundTripper
	scratch   string // a folder to be removed, "" for none
}

// raise puts the barrier up. The caller lets it down again.
func (a Allow) raise() (*barrier, error) {
	b := &barrier{allow: a, transport: http.DefaultTransport}
	b.path, b.wasSet = os.LookupEnv(pathVariable)
	var hidden []string
	if !a.Programs {
		hidden = append(hidden, "docker", "helm")
	}
	if !a.Network {
		hidden = append(hidden, "git")
	}
	if err := b.hide(hidden); err != nil {
		return nil, err
	}
	b.up()
	return b, nil
}

const pathVariable = "PATH"

// hide decides on the search path: as it is, none, or with programs that do
// nothing in front.
func (b *barrier) hide(programs []string) error {
	switch {
	case len(programs) == 0:
		b.closed = b.path
		return nil
	case !b.allow.Programs && !b.allow.Network:
		return nil // kustomize needs no program then
	}
	nothing, err := failing()
	if err != nil {
		return err
	}
	if b.scratch, err = os.MkdirTemp("", "reggen-none-"); err != nil {
		return fmt.Errorf("making a folder of programs that do nothing: %w", err)
	}
	for _, name := range programs {
		if err := nothing(filepath.Join(b.scratch, name)); err != nil {
			_ = os.RemoveAll(b.scratch)
			return fmt.Errorf("hiding %s: %w", name, err)
		}
	}
	b.closed = b.scratch + string(filepath.ListSeparator) + b.path
	return nil
}

func (b *barrier) up() {
	_ = os.Setenv(pathVariable, b.closed)
	if !b.allow.Network {
		http.DefaultTransport = offline{}
	}
}

// down restores what was, for what is not kustomize's work.
func (b *barrier) down() {
	if b.wasSet {
		_ = os.Setenv(pathVariable, b.path)
	} else {
		_ = os.Unsetenv(pathVariable)
	}
	http.DefaultTransport = b.transport
}

// remove lets the barrier down for good.
func (b *barrier) remove() {
	b.down()
	if b.scratch != "" {
		_ = os.RemoveAll(b.scratch)
	}
}
