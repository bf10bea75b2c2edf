package probe

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/internal/terminal"
)

// What the real registry shows stands in e2e/probe_test.go; here is what it can't.

var update = flag.Bool("update", false, "write the reference page anew")

func TestReference(t *testing.T) {
	const path = "../../docs/reference/probe.md"
	if *update {
		if err := os.WriteFile(path, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != Reference() {
		t.Errorf("%s is out of date; write it with: go test ./internal/probe -run TestReference -update", path)
	}
}

// Every check is whole, and every step that the code takes is one.
func TestChecksAreWhole(t *testing.T) {
	var ids []string
	for _, c := range Checks {
		if slices.Contains(ids, c.ID) || c.Title == "" || strings.HasSuffix(c.Title, ".") || !strings.HasSuffix(c.Reason, ".") || !strings.HasSuffix(c.Fix, ".") {
			t.Errorf("%s: %q", c.ID, c.Fix)
		}
		if !slices.Contains(check.Severities, c.Severity) {
			t.Errorf("%s: %s", c.ID, c.Severity)
		}
		ids = append(ids, c.ID)
	}
	for _, id := range []string{checkDNS, checkTCP, checkTLS, checkChallenge, checkStrangers, checkPush, checkLocation, checkUser, checkLayers, checkReplicas, checkBody, checkRemoval, checkPullHost} {
		if !slices.Contains(ids, id) {
			t.Errorf("%s is explained nowhere", id)
		}
	}
}

// Where a password may go is decided by the address, whatever the file says.
func TestWherePasswordsGo(t *testing.T) {
	for _, c := range []struct {
		url    string
		sendTo []string
		dial   string
		goes   bool
	}{
		{"", nil, "images.example.com:443", true},
		{"https://images.example.com", nil, "images.example.com:443", true},
		{"https://IMAGES.example.com:8443", nil, "IMAGES.example.com:8443", true},
		{"http://images.example.com", nil, "images.example.com:80", false},
		{"http://images.example.com", []string{"images.example.com"}, "images.example.com:80", true},
		{"https://images.example.com.evil.example", nil, "images.example.com.evil.example:443", false},
		{"http://127.0.0.1:5000", nil, "127.0.0.1:5000", false},
		{"http://127.0.0.1:5000", []string{"127.0.0.1:5000"}, "127.0.0.1:5000", true},
		{"http://127.0.0.1:5000", []string{"127.0.0.1"}, "127.0.0.1:5000", false},
		{"https://[::1]:5000/", nil, "[::1]:5000", false},
	} {
		got, keep, err := targetOf("images.example.com", Options{URL: c.url, SendTo: c.sendTo})
		if err != nil || got.dial != c.dial || (keep == "") != c.goes || got.host != "images.example.com" || got.name != "images.example.com" {
			t.Errorf("%q: %+v, %q, %v", c.url, got, keep, err)
		}
	}
	for _, url := range []string{"127.0.0.1:5000", "ftp://h", "https://", "https://u:p@h", "https://h/path", "https://h?q", "https://h#f", "https://h\x1b", "https://%"} {
		if _, _, err := targetOf("images.example.com", Options{URL: url}); !errors.As(err, &terminal.Misuse{}) {
			t.Errorf("%q is taken: %v", url, err)
		} else if strings.Contains(err.Error(), "u:p") {
			t.Errorf("%v quotes a password", err)
		}
	}
}

func TestAmounts(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "2Mi": 2 << 20, "5Gi": 5 << 30, "100Ki": 100 << 10} {
		if n, err := amount(text); err != nil || n != want {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "Mi", "6Gi", "9999999999999999999", "2MB", "2 Mi", "1.5Gi"} {
		if n, err := amount(text); err == nil {
			t.Errorf("%q is %d", text, n)
		}
	}
}

func TestChallenges(t *testing.T) {
	for header, want := range map[string][2]string{
		`Basic realm="Registry"`: {"basic", "Registry"}, `basic charset="UTF-8", realm="A, b"`: {"basic", "A"}, "": {"", ""},
		`Bearer realm="https://auth",service="x"`: {"bearer", "https://auth"}, "Negotiate": {"negotiate", ""},
	} {
		if scheme, realm := challenged(header); scheme != want[0] || realm != want[1] {
			t.Errorf("%s: %q %q", header, scheme, realm)
		}
	}
}

// The image that stays is the same one each time; others share no part with it,
// so that deleting one takes nothing from another.
func TestImages(t *testing.T) {
	kept, again, other := newImage(keptTag), newImage(keptTag), newImage("probe-0")
	if digest(kept.manifest) != digest(again.manifest) {
		t.Error("the image differs from itself")
	}
	if digest(kept.layer) == digest(other.layer) || digest(kept.config) == digest(other.config) || digest(kept.manifest) == digest(other.manifest) {
		t.Error("two images share a part")
	}
	if kept.bytes() > 8<<10 {
		t.Errorf("%d bytes are not tiny", kept.bytes())
	}
}

// server is a registry for what the real one does not do; probing is a probe of it.
func server(t *testing.T, h http.HandlerFunc) *probing {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	at := s.Listener.Addr().String()
	c := newClient(target{scheme: "https", host: "example.com", name: "example.com", dial: at}, roots, 2*time.Second)
	return &probing{w: &Work{Tell: &terminal.Terminal{Stdout: io.Discard, Stderr: io.Discard, Now: time.Now, Getenv: func(string) string { return "" }}, Random: rand.Reader}, ctx: context.Background(), c: c, r: &Report{Environment: "overlays/prod"}, name: "docker-registry"}
}

// A host for pulling lies at port 443 of a name, which a test has not.
func TestTheHostForPulling(t *testing.T) {
	cancelled := false
	for _, c := range []struct {
		login, push int
		want        string
	}{
		{200, 404, "ok: lets users log in and refuses a push: 404 Not Found"},
		{200, 405, "ok: lets users log in and refuses a push: 405 Method Not Allowed"},
		{200, 202, "failed: takes a push"},
		{200, 503, "failed: a push gets 503 Service Unavailable"},
		{401, 404, "failed: the login that  takes gets 401 Unauthorized"},
	} {
		p := server(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.Method {
			case http.MethodPost:
				w.Header().Set("Location", "/v2/reggen-probe/blobs/uploads/1?_state=x")
				w.WriteHeader(c.push)
			case http.MethodDelete:
				cancelled = true
				w.WriteHeader(204)
			default:
				w.WriteHeader(c.login)
			}
		})
		p.refusesPushes(p.c, "pull.example.com", &login{"alice", "secret"})
		if got := string(p.r.Steps[0].Outcome) + ": " + p.r.Steps[0].Saw; got != c.want {
			t.Errorf("%s; expected %s", got, c.want)
		}
	}
	if !cancelled {
		t.Error("the upload that was begun was not cancelled")
	}
}

// A registry that sends clients elsewhere gets the password itself alone, and
// what it says is shown so that it steers nothing.
func TestRedirectsCarryNoPassword(t *testing.T) {
	asked := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if len(r.Header["Authorization"]) > 0 {
			t.Error("a password went elsewhere")
		}
	}))
	defer elsewhere.Close()
	p := server(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v2/reggen-probe/blobs/") && r.Method == http.MethodGet {
			http.Redirect(w, r, strings.Replace(elsewhere.URL, "http://", "http://user:pass@", 1)+"/x?signature=geheim", http.StatusTemporaryRedirect)
			return
		}
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	as := &login{"alice", "secret"}
	if a := p.c.ask(p.ctx, question{method: http.MethodGet, path: "/v2/", as: as}); a.status != 307 || asked != 0 {
		t.Errorf("%d, asked elsewhere %d times", a.status, asked)
	}
	p.left = newImage("probe-0")
	p.left.pushed = true
	p.layers(as)
	saw := p.r.Steps[0].Saw
	if asked != 1 || strings.Contains(saw, "geheim") || strings.Contains(saw, "pass") || p.r.Steps[0].Outcome != Failed {
		t.Errorf("asked %d times, %q", asked, saw)
	}
}

// An upload goes on at the registry that was asked, wherever its answer points.
func TestAnUploadGoesOnAtTheSameHost(t *testing.T) {
	a := answer{header: http.Header{"Location": {"http://evil.example/v2/x?_state=a%2Bb"}}}
	if path, origin, ok := a.onward(); path != "/v2/x?_state=a%2Bb" || origin != "http://evil.example" || !ok {
		t.Errorf("%q %q %v", path, origin, ok)
	}
	for _, bad := range []string{"", "x", "http://h", "://", "http://h\x1b/"} {
		if path, _, ok := (answer{header: http.Header{"Location": {bad}}}).onward(); ok {
			t.Errorf("%q leads to %q", bad, path)
		}
	}
}

// A stranger's realm, code and header are no way to write to a terminal.
func TestHostileAnswers(t *testing.T) {
	const hostile = "x\x1b[32mok\u202e ::error::owned ##vso[x]"
	p := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="`+hostile+`"`)
		w.WriteHeader(401)
		_, _ = io.WriteString(w, `{"errors": [{"code": "`+hostile+`"}]}`)
	})
	p.challenge(p.c, "")
	for _, form := range []string{"text", "json", "sarif"} {
		out, err := p.w.Written(*p.r, form)
		if err != nil || regexp.MustCompile("\x1b|\u202e|##").Match(out) {
			t.Errorf("%s: %v\n%q", form, err, out)
		}
	}
	if p.r.Count.Failed != 1 {
		t.Errorf("%+v", p.r.Steps)
	}
}

// An answer without an end is read to a bound, and one that never comes is not
// waited for.
func TestAnswersAreBounded(t *testing.T) {
	p := server(t, func(w http.ResponseWriter, r *http.Request) {
		for b := make([]byte, 32<<10); r.Context().Err() == nil; {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	})
	if a := p.c.ask(p.ctx, question{method: http.MethodGet, path: "/v2/"}); len(a.body) != mostRead {
		t.Errorf("%d bytes", len(a.body))
	}
	p = server(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	p.c.timeout = 100 * time.Millisecond
	if a := p.c.ask(p.ctx, question{method: http.MethodGet, path: "/v2/"}); a.said() != "gave no answer in time" {
		t.Error(a.said())
	}
}

// What a resolver says is told in words of our own.
func TestBrokenNames(t *testing.T) {
	for want, err := range map[string]error{
		"there is no such name":                                   &net.DNSError{Err: "no such host " + "x\x1b", IsNotFound: true},
		"the name can't be looked up: no resolver gave an answer": &net.DNSError{Err: "server misbehaving", IsTemporary: true},
		"the connection failed":                                   errors.New("x\x1b"),
	} {
		if got := broken(err); got != want {
			t.Errorf("%q; expected %q", got, want)
		}
	}
}
