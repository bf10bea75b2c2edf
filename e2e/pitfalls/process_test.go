package pitfalls

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/object"
)

// patience is how long a program may take on a busy machine.
const patience = 60 * time.Second

// process is the real registry, started with what a build gives its pod.
type process struct {
	t       testing.TB
	addr    string
	dir     string // stands for the container's file system
	program string
	cmd     *exec.Cmd
	log     *output
	ended   chan struct{}
}

type output struct {
	sync.Mutex
	bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.Lock()
	defer o.Unlock()
	return o.Buffer.Write(p)
}

func (o *output) text() string {
	o.Lock()
	defer o.Unlock()
	return o.String()
}

// container is what a build's Deployment starts: its configuration, its
// variables with what Secrets give them, and the users' file.
func container(t testing.TB, text string) (config string, env []string, users string) {
	t.Helper()
	secrets := map[string]map[string]any{}
	var pod map[string]any
	for _, o := range parse(t, text) {
		switch o.Kind() {
		case "ConfigMap":
			if c, ok := o.Map("data")["config.yml"].(string); ok {
				config = c
			}
		case "Secret":
			secrets[o.Name()] = o.Map("stringData")
			if u, ok := o.Map("stringData")["htpasswd"].(string); ok {
				users = u
			}
		case "Deployment":
			pod = o.Map("spec", "template", "spec")
		}
	}
	containers, _ := pod["containers"].([]any)
	if config == "" || len(containers) == 0 {
		t.Fatal("no registry in the build")
	}
	variables, _ := containers[0].(map[string]any)["env"].([]any)
	for _, v := range variables {
		entry := object.Object(v.(map[string]any))
		value, literal := entry["value"].(string)
		if ref := entry.Map("valueFrom", "secretKeyRef"); !literal {
			value, _ = secrets[ref["name"].(string)][ref["key"].(string)].(string)
		}
		env = append(env, entry["name"].(string)+"="+value)
	}
	return config, env, users
}

// launch starts the registry of a build. Its paths lie in a folder, and the
// port where it listens is a free one.
func launch(t testing.TB, text string, more ...string) *process {
	t.Helper()
	return launchIn(t, folder(t), text, more...)
}

// program is the registry that a build's image holds.
func program(text string) string {
	if strings.Contains(text, "image: registry:2.8.3\n") {
		return filepath.Join(bin, "registry2")
	}
	return filepath.Join(bin, "registry")
}

// folder is a temporary one whose name YAML takes for text.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "reggen-pitfall-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func launchIn(t testing.TB, dir, text string, more ...string) *process {
	t.Helper()
	config, env, users := container(t, text)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, addr: l.Addr().String(), dir: dir, program: program(text), log: &output{}, ended: make(chan struct{})}
	l.Close()
	moved := strings.NewReplacer(" :5000", " "+p.addr, "/var/lib/registry", dir+"/var/lib/registry", "/auth/", dir+"/auth/", "/tls/", dir+"/tls/", "/elsewhere", dir+"/elsewhere")
	for i := range env {
		env[i] = moved.Replace(env[i])
	}
	file := filepath.Join(dir, "config-"+p.addr+".yml")
	p.write(file, moved.Replace(config))
	if users != "" {
		p.write(filepath.Join(dir, "auth", "htpasswd"), users)
	}
	p.cmd = exec.Command(p.program, "serve", file)
	p.cmd.Env = append(append(env, "HOME="+dir, "AWS_EC2_METADATA_DISABLED=true"), more...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

func (p *process) write(file, text string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// serves waits until the registry answers.
func (p *process) serves() *process {
	p.t.Helper()
	p.until("it listens", func() bool {
		c, err := net.Dial("tcp", p.addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return p
}

// until waits for something while the registry runs.
func (p *process) until(what string, is func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !is(); {
		select {
		case <-p.ended:
			p.t.Fatalf("the registry ended before %s:\n%s", what, p.log.text())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s: not in %s\n%s", what, patience, p.log.text())
		}
	}
}

// ends waits for the registry's end, which is no good one, and for what it says.
func (p *process) ends(says string) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("the registry runs:\n%s", p.log.text())
	}
	if p.cmd.ProcessState.ExitCode() == 0 || !strings.Contains(p.log.text(), says) {
		p.t.Errorf("exit status %d, without %q:\n%s", p.cmd.ProcessState.ExitCode(), says, p.log.text())
	}
}

// answer is what the registry says to a request.
type answer struct {
	code   int
	header http.Header
	body   string
}

// ask sends a request as a user, "" being nobody.
func (p *process) ask(as, method, path, body string) answer {
	p.t.Helper()
	a, err := p.try(as, method, path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func (p *process) try(as, method, path string, body io.Reader) (answer, error) {
	if u, err := url.Parse(path); err == nil && u.Host != "" { // it names itself as the world knows it
		path = u.RequestURI()
	}
	r, err := http.NewRequest(method, "http://"+p.addr+path, body)
	if err != nil {
		return answer{}, err
	}
	switch as {
	case user:
		r.SetBasicAuth(user, password)
	case puller:
		r.SetBasicAuth(puller, pullerPass)
	case "":
	default:
		r.Header.Set("Authorization", as)
	}
	r.Header.Set("Accept", "*/*, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json")
	if method == http.MethodPut && strings.Contains(path, "/manifests/") {
		r.Header.Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		if strings.HasSuffix(path, "/platforms") {
			r.Header.Set("Content-Type", "application/vnd.oci.image.index.v1+json")
		}
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(text)}, err
}

// wants compares the answer to a request.
func (p *process) wants(code int, as, method, path, body string) answer {
	p.t.Helper()
	a := p.ask(as, method, path, body)
	if a.code != code {
		p.t.Errorf("%s %s as %q: %d, want %d: %s", method, path, as, a.code, code, a.body)
	}
	return a
}

func digest(content string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(content))) }

// upload begins an upload and says where it goes on.
func (p *process) upload(as string) string {
	p.t.Helper()
	return p.wants(http.StatusAccepted, as, http.MethodPost, "/v2/app/blobs/uploads/", "").header.Get("Location")
}

// blob pushes one, as a user.
func (p *process) blob(as, content string) {
	p.t.Helper()
	p.wants(http.StatusCreated, as, http.MethodPut, p.upload(as)+"&digest="+digest(content), content)
}

// manifest is an image's, with a configuration and no layer.
func manifest(config string) string {
	return fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":%d},"layers":[]}`, digest(config), len(config))
}

// index is an image for one platform at least, a part of which is that manifest.
func index(manifest string) string {
	return fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":%d,"platform":{"architecture":"arm64","os":"linux"}}]}`, digest(manifest), len(manifest))
}

// basic is the header of a login.
func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}
