//go:build linux

package running

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// api speaks the registry's protocol, to a pod as nginx would or through nginx.
type api struct {
	t              *testing.T
	base, host     string
	user, password string
}

// direct is one pod's.
func (c *cluster) direct(p *pod) api {
	c.t.Helper()
	user, password := c.login()
	return api{c.t, "http://" + net.JoinHostPort(p.address, "5000"), c.host(), user, password}
}

// through is the whole registry's.
func (c *cluster) through() api {
	c.t.Helper()
	user, password := c.login()
	return api{c.t, "https://" + c.host(), c.host(), user, password}
}

func (c *cluster) host() string { return c.objects.ingresses[0].Spec.Rules[0].Host }

// login is the image pull secret's.
func (c *cluster) login() (user, password string) {
	c.t.Helper()
	var config struct {
		Auths map[string]struct{ Username, Password string }
	}
	must(c.t, json.Unmarshal(c.objects.secrets["default/regcred"].Data[".dockerconfigjson"], &config))
	one, there := config.Auths[c.host()]
	if !there {
		c.t.Fatalf("the image pull secret is not for %s", c.host())
	}
	return one.Username, one.Password
}

// do sends one request and reads the answer.
func (a api) do(method, path string, body io.Reader) (status int, header http.Header, text string) {
	a.t.Helper()
	status, header, text, err := a.try(method, path, body)
	must(a.t, err)
	return status, header, text
}

func (a api) try(method, path string, body io.Reader) (status int, header http.Header, text string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, a.base+path, body)
	if err != nil {
		return 0, nil, "", err
	}
	r.Host = a.host
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("Content-Type", "application/octet-stream")
	r.SetBasicAuth(a.user, a.password)
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, nil, "", err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	return answer.StatusCode, answer.Header, string(raw), err
}

// where is the path and the query of a Location, which has to name the host
// that clients know.
func (a api) where(header http.Header) string {
	a.t.Helper()
	u, err := url.Parse(header.Get("Location"))
	must(a.t, err)
	if u.Scheme != "https" || u.Host != a.host {
		a.t.Errorf("Location is at %s://%s, clients know https://%s", u.Scheme, u.Host, a.host)
	}
	return u.RequestURI()
}

// upload begins an upload and says where it goes on.
func (a api) upload(name string) string {
	a.t.Helper()
	status, header, text := a.do(http.MethodPost, "/v2/"+name+"/blobs/uploads/", nil)
	if status != http.StatusAccepted {
		a.t.Fatalf("beginning an upload: %d %s", status, text)
	}
	return a.where(header)
}

func digestOf(parts ...[]byte) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(bytes.Join(parts, nil)))
}

// then adds a digest to where an upload goes on.
func then(path, digest string) string {
	u, err := url.Parse(path)
	if err != nil {
		panic(err)
	}
	q := u.Query()
	q.Set("digest", digest)
	u.RawQuery = q.Encode()
	return u.RequestURI()
}
