//go:build linux

package running

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var write = flag.Bool("write", false, "write the figures into docs/benchmarks.md")

const (
	pulls, pushes = 50, 20
	layerSize     = 1 << 20
	layerCount    = 4
)

// took is how long the operations of one kind took.
type took struct {
	mu    sync.Mutex
	times []time.Duration
}

func (k *took) add(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.times = append(k.times, d)
}

func (k *took) median() float64 { slices.Sort(k.times); return k.times[len(k.times)/2].Seconds() }
func (k *took) longest() float64 {
	return slices.Max(k.times).Seconds()
}

// 50 pulls and 20 pushes at once, half of each of one image and half of
// different ones, through nginx. No try is repeated, every digest is computed
// anew, and no replica takes more memory than its limit. It runs before the
// tests that run beside each other.
func TestLoad(t *testing.T) {
	c := deployOn(t, changed(t, "staging", "load.example.com", map[string]any{"storage": spaces("blr1")}), "blr1")
	t.Setenv("DOCKER_CONFIG", c.config("default", "regcred").dir)
	once := remote.Backoff{Duration: time.Millisecond, Factor: 1, Steps: 1}
	options := []remote.Option{remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithRetryBackoff(once), remote.WithRetryStatusCodes()}
	ref := func(format string, args ...any) name.Reference {
		r, err := name.ParseReference(c.host() + "/" + fmt.Sprintf(format, args...))
		must(t, err)
		return r
	}
	fresh := func() v1.Image {
		img, err := random.Image(layerSize, layerCount)
		must(t, err)
		return img
	}
	there := []v1.Image{fresh(), fresh(), fresh(), fresh(), fresh(), fresh()} // the first is pulled by half of all
	for i, img := range there {
		must(t, remote.Write(ref("there/%d:1", i), img, options...))
	}
	pushed := []v1.Image{fresh()} // the first is pushed by half of all
	for range pushes / 2 {
		pushed = append(pushed, fresh())
	}

	var all sync.WaitGroup
	start := make(chan struct{})
	var pulled, sent took
	pull := func(r name.Reference, want v1.Image) error {
		img, err := remote.Image(r, options...)
		if err != nil {
			return err
		}
		got, err := img.Digest()
		if err != nil {
			return err
		}
		if wanted, _ := want.Digest(); got != wanted {
			return fmt.Errorf("%s is %s, was pushed as %s", r, got, wanted)
		}
		return validate.Image(img) // reads every layer
	}
	run := func(k *took, f func() error) {
		all.Add(1)
		go func() {
			defer all.Done()
			<-start
			began := time.Now()
			if err := f(); err != nil {
				t.Error(err)
			}
			k.add(time.Since(began))
		}()
	}
	for i := range pulls {
		n := 0
		if i%2 == 1 {
			n = 1 + i%(len(there)-1)
		}
		run(&pulled, func() error { return pull(ref("there/%d:1", n), there[n]) })
	}
	for i := range pushes {
		n := 0
		if i%2 == 1 {
			n = 1 + i/2
		}
		run(&sent, func() error { return remote.Write(ref("new/%d:%d", n, i), pushed[n], options...) })
	}
	began := time.Now()
	close(start)
	all.Wait()
	whole := time.Since(began)
	if len(pulled.times) != pulls || len(sent.times) != pushes {
		t.Fatalf("%d pulls and %d pushes ran", len(pulled.times), len(sent.times))
	}
	for i := range pushes {
		n := 0
		if i%2 == 1 {
			n = 1 + i/2
		}
		must(t, pull(ref("new/%d:%d", n, i), pushed[n]))
	}

	var memory []string
	for _, p := range c.running() {
		peak, limit := p.peak(), p.container.Resources.Limits.Memory().Value()>>20
		memory = append(memory, fmt.Sprintf("%d MiB", peak))
		if peak > limit {
			t.Errorf("%s took %d MiB, its limit is %d MiB", p.name, peak, limit)
		}
	}
	if len(memory) != 2 {
		t.Errorf("%d pods are left", len(memory))
	}
	figures := fmt.Sprintf(`| | at once | median | longest |
|---|---|---|---|
| pull of %[1]d layers of %[2]d MiB, every digest computed | %[3]d | %.2[5]f s | %.2[6]f s |
| push of %[1]d layers of %[2]d MiB | %[4]d | %.2[7]f s | %.2[8]f s |

All of it took %.1[9]f s; peak memory of the replicas: %[10]s, with a limit of %[11]d MiB. %[12]s/%[13]s, %[14]d CPUs, %[15]s.
`, layerCount, layerSize>>20, pulls, pushes, pulled.median(), pulled.longest(), sent.median(), sent.longest(), whole.Seconds(), strings.Join(memory, " and "),
		c.objects.deployment.Spec.Template.Spec.Containers[0].Resources.Limits.Memory().Value()>>20, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	t.Log("\n" + figures)
	if *write && !t.Failed() {
		must(t, record(figures))
	}
}

// peak is the most memory that the program took, in MiB.
func (p *pod) peak() int64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	must(p.t, err)
	var kib int64
	for line := range strings.Lines(string(text)) {
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib >> 10
		}
	}
	p.t.Fatal("the kernel doesn't say how much memory was taken")
	return 0
}

// record puts the figures between their marks in docs/benchmarks.md.
func record(figures string) error {
	path := filepath.Join(repo, "docs/benchmarks.md")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const begin, end = "<!-- e2e/running writes from here -->\n", "<!-- to here: running -->\n"
	before, rest, ok := bytes.Cut(text, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return fmt.Errorf("docs/benchmarks.md has no marks for these figures")
	}
	section := fmt.Sprintf(`## The registry under load

Written by `+"`cd e2e && go test ./running -count=1 -run TestLoad -args -write`"+` on %s. overlays/staging with another host: two replicas
of distribution 3 behind nginx, on an S3 server, all on one machine together with the clients, which are go-containerregistry with the
image pull secret. Half of the pulls and of the pushes are of one image, the others of different ones; layers come from the bucket itself. None
may fail, none is tried again. Times depend on what else the machine does; no test asserts one.

%s`, time.Now().UTC().Format(time.DateOnly), figures)
	return os.WriteFile(path, slices.Concat(before, []byte(begin+section+end), after), 0o644)
}
