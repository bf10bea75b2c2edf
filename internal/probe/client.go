package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// target is where a registry is asked, and by which name.
type target struct {
	scheme string // https or http
	host   string // of the spec, with its port: the Host header
	name   string // host without its port: the name in the certificate
	dial   string // host:port that is connected to
	other  string // the host of --url, "" without one
}

// origin is the registry as its clients name it.
func (t target) origin() string { return t.scheme + "://" + t.host }

// login is a user's name and password. It goes into one header and nowhere else.
type login struct{ user, password string }

// client asks one registry. It follows no redirect, so that a password never
// leaves for another host, and reads no answer without an end.
type client struct {
	target
	roots   *x509.CertPool // nil: the system's
	timeout time.Duration
	kept    *http.Client // keeps its connection
	fresh   *http.Client // a connection for each request
}

func newClient(t target, roots *x509.CertPool, timeout time.Duration) *client {
	c := &client{target: t, roots: roots, timeout: timeout}
	make := func(fresh bool) *http.Client {
		dialer := &net.Dialer{Timeout: timeout}
		return &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return dialer.DialContext(ctx, network, t.dial)
				},
				TLSClientConfig:     &tls.Config{RootCAs: roots, ServerName: t.name, MinVersion: tls.VersionTLS12},
				TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, ExpectContinueTimeout: time.Second,
				DisableKeepAlives: fresh, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10,
			},
		}
	}
	c.kept, c.fresh = make(false), make(true)
	return c
}

// mostRead is how much of an answer is read.
const mostRead = 256 << 10

// question is one request.
type question struct {
	method, path string // path with its query
	as           *login
	body         io.Reader
	size         int64
	mime, accept string
	fresh        bool          // over a connection of its own
	within       time.Duration // instead of the client's timeout
}

// answer is what came back, or why nothing did.
type answer struct {
	status int
	header http.Header
	body   []byte
	code   string // the registry's own word for an error, "" where it gave none
	err    error
}

// ask puts a question.
func (c *client) ask(ctx context.Context, q question) answer {
	limit := c.timeout
	if q.within > 0 {
		limit = q.within
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, q.method, c.origin()+q.path, q.body)
	if err != nil {
		return answer{err: err}
	}
	if q.body != nil {
		r.ContentLength = q.size
		if q.size > 1<<20 {
			r.Header.Set("Expect", "100-continue") // a refusal comes before the body goes
		}
	}
	if q.mime != "" {
		r.Header.Set("Content-Type", q.mime)
	}
	if q.accept != "" {
		r.Header.Set("Accept", q.accept)
	}
	r.Header.Set("User-Agent", "reggen-probe")
	if q.as != nil {
		r.SetBasicAuth(q.as.user, q.as.password)
	}
	by := c.kept
	if q.fresh {
		by = c.fresh
	}
	res, err := by.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, mostRead))
	a := answer{status: res.StatusCode, header: res.Header, body: body, code: errorCode(body)}
	if err != nil && q.method != http.MethodHead && res.StatusCode < 300 {
		a.err = err
	}
	return a
}

var codeWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z_]{1,40}$`) })

// errorCode is the first code of an error as the distribution spec has them.
func errorCode(body []byte) string {
	var doc struct{ Errors []struct{ Code string } }
	if json.Unmarshal(body, &doc) != nil || len(doc.Errors) == 0 || !codeWord().MatchString(doc.Errors[0].Code) {
		return ""
	}
	return doc.Errors[0].Code
}

// is says that the answer came with one of these statuses.
func (a answer) is(statuses ...int) bool {
	for _, s := range statuses {
		if a.err == nil && a.status == s {
			return true
		}
	}
	return false
}

// said is the answer in a few words. Nothing of a stranger's text is in it.
func (a answer) said() string {
	if a.err != nil {
		return broken(a.err)
	}
	if a.code != "" {
		return strconv.Itoa(a.status) + " " + a.code
	}
	text := strconv.Itoa(a.status)
	if word := http.StatusText(a.status); word != "" {
		text += " " + word
	}
	return text
}

// onward is the path and query of a Location, to be asked at this registry
// whatever host it names, and the origin that it names.
func (a answer) onward() (path, origin string, ok bool) {
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || !strings.HasPrefix(u.Path, "/") {
		return "", "", false
	}
	if u.Host != "" {
		origin = u.Scheme + "://" + u.Host
	}
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String(), origin, true
}
