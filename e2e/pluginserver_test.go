package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// pluginConfig is plugin.yaml. It is no custom resource; the fields are those
// of PluginConfig in cmpserver/plugin/config.go of Argo CD 3.6.
type pluginConfig struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version  string        `json:"version"`
		Init     pluginCommand `json:"init"`
		Generate pluginCommand `json:"generate"`
		Discover struct {
			Find struct {
				pluginCommand
				Glob string `json:"glob"`
			} `json:"find"`
			FileName string `json:"fileName"`
		} `json:"discover"`
		Parameters       map[string]any `json:"parameters"`
		PreserveFileMode bool           `json:"preserveFileMode"`
		ProvideGitCreds  bool           `json:"provideGitCreds"`
	} `json:"spec"`
}

type pluginCommand struct {
	Command []string `json:"command"`
	Args    []string `json:"args"`
}

// application is what an Argo CD user controls.
type application struct {
	name, namespace string
	path            string
	env             [][2]string // spec.source.plugin.env
	parameters      []parameter // spec.source.plugin.parameters
}

type parameter struct {
	Name   string            `json:"name,omitempty"`
	String *string           `json:"string,omitempty"`
	Array  []string          `json:"array,omitempty"`
	Map    map[string]string `json:"map,omitempty"`
}

// environ is what Argo CD makes of an application (newEnv and
// getPluginParamEnvs in reposerver/repository, Environ of
// ApplicationSourcePluginParameters).
func (a application) environ(t testing.TB) []string {
	t.Helper()
	env := []string{
		"ARGOCD_APP_NAME=" + a.name, "ARGOCD_APP_NAMESPACE=" + a.namespace, "ARGOCD_APP_PROJECT_NAME=registries",
		"ARGOCD_APP_REVISION=4f2a", "ARGOCD_APP_SOURCE_PATH=" + a.path, "ARGOCD_APP_SOURCE_REPO_URL=https://git.example.com/x.git",
		"ARGOCD_APP_SOURCE_TARGET_REVISION=main", "KUBE_VERSION=1.34.0", "KUBE_API_VERSIONS=v1,apps/v1",
	}
	for _, e := range a.env {
		env = append(env, "ARGOCD_ENV_"+e[0]+"="+e[1])
	}
	text, err := json.Marshal(a.parameters)
	must(t, err)
	env = append(env, "ARGOCD_APP_PARAMETERS="+string(text))
	escaped := func(s string) string {
		return regexp.MustCompile("[^A-Z0-9_]").ReplaceAllString(strings.ToUpper(s), "_")
	}
	for _, p := range a.parameters {
		name := "PARAM_" + escaped(p.Name)
		if p.String != nil {
			env = append(env, name+"="+*p.String)
		}
		for k, v := range p.Map {
			env = append(env, name+"_"+escaped(k)+"="+v)
		}
		for i, v := range p.Array {
			env = append(env, fmt.Sprintf("%s_%d=%s", name, i, v))
		}
	}
	return env
}

// pluginServer plays argocd-cmp-server in the sidecar, as cmpserver/plugin of
// Argo CD 3.6 does it.
type pluginServer struct {
	t        testing.TB
	config   pluginConfig
	env      []string      // the sidecar's own environment
	deadline time.Duration // of a request
	prepare  func(copied string)
}

// sidecar makes the server of one of the components: its plugin.yaml, and the
// environment that its patch gives to the container, key files moved to where
// this machine has them.
func sidecar(t testing.TB, component, key string) pluginServer {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repo, component, "plugin.yaml"))
	must(t, err)
	s := pluginServer{t: t, deadline: time.Minute}
	must(t, yaml.UnmarshalStrict(text, &s.config))
	s.env = []string{"PATH=" + bin, "HOME=/", "HOSTNAME=argocd-repo-server-0"} // user 999 has no home
	for _, o := range deployed(t, component) {
		if o["kind"] != "Deployment" {
			continue
		}
		for _, c := range at(o, "spec", "template", "spec", "containers").([]any) {
			c := c.(map[string]any)
			if c["name"] != s.config.Metadata.Name {
				continue
			}
			env, _ := c["env"].([]any)
			for _, e := range env {
				e := e.(map[string]any)
				value := e["value"].(string)
				if e["name"] == "SOPS_AGE_KEY_FILE" {
					value = key
				}
				s.env = append(s.env, e["name"].(string)+"="+value)
			}
		}
	}
	return s
}

func at(o any, path ...string) any {
	for _, key := range path {
		m, _ := o.(map[string]any)
		o = m[key]
	}
	return o
}

// response is what repo-server gets: objects, or an error that reaches the UI
// with all of stderr in it.
type response struct {
	objects []map[string]any
	stdout  []byte
	stderr  string
	err     error
}

// generate answers a request for manifests of a repository.
func (s pluginServer) generate(source string, a application) response {
	s.t.Helper()
	work := s.t.TempDir()
	receive(s.t, source, work, s.config.Spec.PreserveFileMode)
	if s.prepare != nil {
		s.prepare(work)
	}
	before := tree(s.t, work)
	ctx, cancel := context.WithTimeout(context.Background(), s.deadline)
	defer cancel()
	dir := filepath.Join(work, a.path)
	if !strings.HasPrefix(dir, work) {
		return response{err: errors.New("illegal appPath: out of workDir bound")}
	}
	r := s.run(ctx, s.config.Spec.Generate, dir, a.environ(s.t))
	if after := tree(s.t, work); len(after) != len(before) {
		s.t.Errorf("the plugin left files: %d, before %d", len(after), len(before))
	}
	if r.err != nil {
		r.err = fmt.Errorf("`%s` failed %w: %s", strings.Join(s.config.Spec.Generate.Command, " "), r.err, strings.TrimSpace(r.stderr))
		return r
	}
	r.objects, r.err = splitYAML(r.stdout)
	return r
}

// run is runCommand: no stdin, a process group, and at the deadline a SIGKILL
// for the process (exec.CommandContext), a SIGTERM for the group, and five
// seconds later a SIGKILL for what is left of it.
func (s pluginServer) run(ctx context.Context, c pluginCommand, dir string, env []string) response {
	words := append(slices.Clone(c.Command), c.Args...)
	cmd := exec.CommandContext(ctx, filepath.Join(bin, words[0]), words[1:]...)
	cmd.Args[0] = words[0]
	cmd.Env, cmd.Dir = append(slices.Clone(s.env), env...), dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return response{err: err}
	}
	over := make(chan struct{})
	go func() {
		select {
		case <-over:
		case <-ctx.Done():
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
			select {
			case <-over:
			case <-time.After(5 * time.Second):
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			}
		}
	}()
	err := cmd.Wait()
	close(over)
	return response{stdout: stdout.Bytes(), stderr: stderr.String(), err: err}
}

// receive is ReceiveRepoStream: a fresh copy, in which a file has the mode
// 0644 whatever it was.
func receive(t testing.TB, from, to string, preserve bool) {
	t.Helper()
	must(t, filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, path)
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if info, err := d.Info(); err == nil && preserve {
			mode = info.Mode()
		}
		return os.WriteFile(target, data, mode)
	}))
}

// splitYAML is SplitYAML of gitops-engine: a stream of objects, empty documents
// left out.
func splitYAML(text []byte) ([]map[string]any, error) {
	d := kubeyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	var out []map[string]any
	for {
		var raw runtime.RawExtension
		if err := d.Decode(&raw); err != nil {
			if errors.Is(err, io.EOF) {
				return out, nil
			}
			return out, fmt.Errorf("failed to unmarshal manifest: %w", err)
		}
		raw.Raw = bytes.TrimSpace(raw.Raw)
		if len(raw.Raw) == 0 || bytes.Equal(raw.Raw, []byte("null")) {
			continue
		}
		var o map[string]any
		if err := yaml.Unmarshal(raw.Raw, &o); err != nil {
			return out, fmt.Errorf("failed to unmarshal manifest: %w", err)
		}
		out = append(out, o)
	}
}
