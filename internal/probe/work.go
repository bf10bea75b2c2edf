// Package probe asks a live registry what no file can say: whether it is there,
// is who it should be, keeps strangers out, and lets users log in, push and pull.
// It is the one part of reggen that speaks to a registry, and does so only when
// the command line asks for it. Passwords go to the host of the spec alone, or
// where the command line sends them.
package probe

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/keyring"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// Work is what a probe works with.
type Work struct {
	Tell   *terminal.Terminal
	Repo   *repository.Repository
	Keys   *keyring.Keyring
	Random io.Reader
}

// Options say how a registry is reached and what is asked of it.
type Options struct {
	URL      string        // another address than https:// and the spec's host
	SendTo   []string      // hosts that passwords may go to, whatever the files say
	CA       string        // a file of authorities to trust beside the system's
	Output   string        // text, json or sarif
	Wait     time.Duration // how long to try again
	Timeout  time.Duration // for each question
	BodySize string        // of the upload that has to get through
}

// SendFlag is the flag by which passwords go to a host that nothing else vouches for.
const SendFlag = "--send-credentials-to"

// probing is one probe of one registry.
type probing struct {
	w    *Work
	ctx  context.Context
	e    repository.Environment
	spec spec.RegistrySpec
	name string // the release: what objects in the cluster are called by
	c    *client
	size int64
	keep string // why passwords stay here, "" where they may go

	nonce  [8]byte  // of this probe
	names  int      // made up so far
	sendTo []string // the hosts that the command line lets passwords go to
	r      *Report
	left   *image // what was pushed and has to go
}

// Probe tries everything, and again until it holds or the time to wait is over.
// The error is about the options or the environment, not about the registry.
func (w *Work) Probe(ctx context.Context, dir string, o Options) (Report, error) {
	p, err := w.prepare(dir, o)
	if err != nil {
		return Report{}, err
	}
	until, told := w.Tell.Now().Add(o.Wait), ""
	for {
		r := p.once(ctx)
		first, bad := r.first()
		if err := p.interrupted(ctx); err != nil {
			return r, err
		}
		if !bad || !w.Tell.Now().Before(until) {
			return r, nil
		}
		if why := strings.TrimSpace(first.Check+" "+first.On) + ": " + first.Saw; why != told {
			told = why
			w.Tell.Note("not yet: %s; trying until %s", problem.Shown(why), until.Format(time.TimeOnly))
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(3*time.Second, until.Sub(w.Tell.Now()))):
		}
	}
}

// interrupted is the error of a probe that was stopped, and says what of it is left.
func (p *probing) interrupted(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	err := problem.Problem{What: "interrupted; nothing of the probe is left in the registry"}
	if p.left != nil {
		err.What = fmt.Sprintf("interrupted; %s/%s is left in the registry", p.spec.Host, p.left.ref())
	}
	return err
}

// prepare reads the environment and the options.
func (w *Work) prepare(dir string, o Options) (*probing, error) {
	if !slices.Contains([]string{"text", "json", "sarif"}, o.Output) {
		return nil, misuse("--output", "is no format of probe", "text, json or sarif")
	}
	if o.Timeout <= 0 || o.Wait < 0 {
		return nil, misuse("--timeout", "is no time to wait for an answer", "for instance 10s")
	}
	n, err := amount(o.BodySize)
	if err != nil {
		return nil, err
	}
	e, err := w.registry(dir)
	if err != nil {
		return nil, err
	}
	p := &probing{w: w, e: e, spec: e.Spec.Registry.Spec, name: e.Spec.Metadata.Name, size: n}
	t, keep, err := targetOf(p.spec.Host, o)
	if err != nil {
		return nil, err
	}
	known := []string{t.other, p.spec.Host}
	if g := p.spec.Gateway; g != nil {
		known = append(known, g.PullHost)
	}
	for _, host := range o.SendTo {
		if host == "" || !slices.Contains(known, host) {
			return nil, misuse(SendFlag, "names a host that is not asked", "the host of --url, port included, or one of the spec's")
		}
	}
	roots, err := w.roots(o.CA)
	if err != nil {
		return nil, err
	}
	p.c, p.keep, p.sendTo = newClient(t, roots, o.Timeout), keep, o.SendTo
	if _, err := io.ReadFull(w.Random, p.nonce[:]); err != nil {
		return nil, problem.Problem{What: "the operating system gives no random bytes"}
	}
	p.r = &Report{Environment: w.Repo.Show(e.Root), Host: p.spec.Host, Address: o.URL}
	return p, nil
}

// registry is the one Registry of a folder, whatever else is in it.
func (w *Work) registry(dir string) (repository.Environment, error) {
	envs, err := w.Repo.Environments([]string{dir})
	if err != nil {
		return repository.Environment{}, err
	}
	var found []repository.Environment
	var names []string
	for _, e := range envs {
		if e.Spec.Registry != nil {
			found, names = append(found, e), append(names, w.Repo.Show(e.Root)+" "+e.Spec.Metadata.Name)
		}
	}
	switch len(found) {
	case 0:
		return repository.Environment{}, problem.Problem{File: w.Repo.Show(w.Repo.Abs(dir)), What: "has no Registry, and only a registry can be probed", Want: "the registry's environment"}
	case 1:
		return found[0], nil
	}
	return repository.Environment{}, problem.Problem{What: "more than one registry: " + strings.Join(names, ", "), Want: "the folder of one"}
}

// targetOf is where the registry of a host is asked. Whatever the address, the
// name it is asked by and the name in its certificate stay the spec's. keep says
// why no password may go there, whoever vouches for the host.
func targetOf(host string, o Options) (t target, keep string, err error) {
	name, port, _ := strings.Cut(host, ":")
	if port == "" {
		port = "443"
	}
	t = target{scheme: "https", host: host, name: name, dial: net.JoinHostPort(name, port)}
	if o.URL == "" {
		return t, "", nil
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || problem.Steers(o.URL) {
		return t, "", misuse("--url", "is no address of a registry", "https:// or http:// and a host, with a port if need be, for instance http://127.0.0.1:5000")
	}
	if port = u.Port(); port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	t.scheme, t.dial, t.other = u.Scheme, net.JoinHostPort(u.Hostname(), port), u.Host
	switch {
	case slices.Contains(o.SendTo, u.Host):
	case !strings.EqualFold(u.Hostname(), name):
		keep = "--url names another host than the spec, and passwords go to that one alone; to send them there: " + SendFlag + " " + u.Host
	case u.Scheme == "http":
		keep = "--url is plain HTTP, where anybody on the way reads passwords; to send them all the same: " + SendFlag + " " + u.Host
	}
	return t, keep, nil
}

func misuse(path, what, want string) error {
	return terminal.Misuse{Err: problem.Problem{Path: path, What: what, Want: want}}
}

// roots are the authorities to trust, nil for the system's alone.
func (w *Work) roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, name, err := w.Repo.Given(file, w.Tell.ReadInput)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, problem.Problem{File: name, What: "holds no certificate", Want: "authorities in PEM, each from -----BEGIN CERTIFICATE----- on"}
	}
	return pool, nil
}

// mostSent is the largest upload that a probe sends.
const mostSent = 5 << 30

// amount reads a size, for instance 100Mi.
func amount(s string) (int64, error) {
	digits, unit := s, int64(1)
	for suffix, of := range map[string]int64{"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30} {
		if d, is := strings.CutSuffix(s, suffix); is {
			digits, unit = d, of
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || n > mostSent/unit {
		return 0, misuse("--body-size", "is no size of an upload", "a number of bytes from 1 to 5Gi, for instance 100Mi")
	}
	return n * unit, nil
}

// made is a name that nobody has used, each time another.
func (p *probing) made() string {
	p.names++
	return fmt.Sprintf("%x-%d", p.nonce, p.names)
}

// kubectl is a command for whoever has the cluster.
func (p *probing) kubectl(args string) string {
	ns := p.e.Spec.Metadata.Namespace
	if ns == "" {
		return "kubectl " + args
	}
	return "kubectl -n " + ns + " " + args
}

func (p *probing) lookAtFront() string {
	switch {
	case p.spec.Gateway != nil:
		return p.kubectl("get httproute -o yaml")
	case p.spec.Ingress != nil:
		return p.kubectl("describe ingress")
	}
	return p.kubectl("get service,endpointslices")
}
