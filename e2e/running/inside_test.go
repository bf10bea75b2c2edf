//go:build linux

package running

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A pod runs where its image has things, version 2 too, and with a root that
// can't be written: the process writes nothing but what is mounted, which shows
// where the root could be written.
func TestInsideThePod(t *testing.T) {
	t.Parallel()
	for version, host := range map[string]string{"version 2": "inside2.example.com", "version 3": "inside.example.com"} {
		t.Run(version, func(t *testing.T) {
			c := deploy(t, changed(t, "dev", host, map[string]any{"image": versions[version]}))
			p := c.running()[0]
			file := map[string]string{"version 2": "/etc/docker/registry/config.yml", "version 3": "/etc/distribution/config.yml"}[version]
			command, err := os.ReadFile(p.proc("cmdline"))
			must(t, err)
			if got := strings.Join(strings.Split(strings.Trim(string(command), "\x00"), "\x00"), " "); got != "/bin/registry serve "+file {
				t.Errorf("the process is %q", got)
			}
			text, err := os.ReadFile(p.proc("root" + file))
			if err != nil || !strings.Contains(string(text), host) {
				t.Errorf("%s is not the configuration: %v", file, err)
			}
			if writable := p.writable(); strings.Join(writable, " ") != "/tmp /var/lib/registry" {
				t.Errorf("of the mounts can be written: %q", writable)
			}

			// The same with a root that can be written, on a volume of its own.
			spec := *c.objects.deployment.Spec.Template.Spec.DeepCopy()
			spec.Containers[0].SecurityContext.ReadOnlyRootFilesystem = new(bool)
			open := startPod(t, c.objects, c.namespace, "open", spec, t.TempDir(), func() {})
			listening(t, open.address+":5000")
			if writable := open.writable(); len(writable) == 0 || writable[0] != "/" {
				t.Fatalf("of the mounts can be written: %q", writable)
			}
			before := open.files()
			for _, p := range []*pod{p, open} {
				direct, layer := c.direct(p), []byte(strings.Repeat("a layer", 1<<20))
				at, digest := direct.upload("inside"), digestOf(layer)
				status, header, text := direct.do(http.MethodPatch, at, strings.NewReader(string(layer)))
				if status != http.StatusAccepted {
					t.Fatalf("%s: an upload: %d %s", p.name, status, text)
				}
				if status, _, text = direct.do(http.MethodPut, then(direct.where(header), digest), nil); status != http.StatusCreated {
					t.Fatalf("%s: its end: %d %s", p.name, status, text)
				}
				if status, _, text = direct.do(http.MethodGet, "/v2/inside/blobs/"+digest, nil); status != http.StatusOK || text != string(layer) {
					t.Errorf("%s: the layer: %d", p.name, status)
				}
			}
			if after := open.files(); !slices.Equal(before, after) {
				t.Errorf("beside the mounts there was %q, and is %q", before, after)
			}
		})
	}
}

// proc is a file of what the kernel says of the pod's process.
func (p *pod) proc(name string) string { return fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name) }

// mounts are the pod's, with their options.
func (p *pod) mounts() map[string]string {
	p.t.Helper()
	text, err := os.ReadFile(p.proc("mountinfo"))
	must(p.t, err)
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 6 {
			p.t.Fatalf("a mount is %q", line)
		}
		out[fields[4]] = fields[5]
	}
	if out["/"] == "" {
		p.t.Fatal("the pod has no root")
	}
	return out
}

// writable are the mounts that can be written, without devices and /proc.
func (p *pod) writable() (out []string) {
	p.t.Helper()
	for at, options := range p.mounts() {
		if !strings.HasPrefix(at, "/dev/") && at != "/proc" && slices.Contains(strings.Split(options, ","), "rw") {
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return out
}

// files are those of the pod's root, and not of what is mounted in it.
func (p *pod) files() (out []string) {
	p.t.Helper()
	mounts, root := p.mounts(), p.proc("root")+"/"
	must(p.t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		at := "/" + strings.TrimPrefix(path, root)
		if mounts[at] != "" && at != "/" {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		out = append(out, at)
		return err
	}))
	return out
}
