package e2e

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// inImage is every path of the container image, with its mode; nothing else
// may get in.
var inImage = map[string]string{
	"etc/": "0755", "etc/ssl/": "0755", "etc/ssl/certs/": "0755", "etc/ssl/certs/ca-certificates.crt": "0644", "etc/passwd": "0644", "etc/group": "0644",
	"opt/": "0755", "opt/kustomize/": "0755", "opt/kustomize/plugin/": "0755", "opt/kustomize/plugin/reggen.dev/": "0755",
	"opt/kustomize/plugin/reggen.dev/v1alpha1/": "0755", "opt/kustomize/plugin/reggen.dev/v1alpha1/registry/": "0755",
	"opt/kustomize/plugin/reggen.dev/v1alpha1/registry/Registry": "0777", "opt/kustomize/plugin/reggen.dev/v1alpha1/chart/": "0755", "opt/kustomize/plugin/reggen.dev/v1alpha1/chart/Chart": "0777",
	"opt/kustomize/plugin/reggen.dev/v1alpha1/imagepullsecrets/": "0755", "opt/kustomize/plugin/reggen.dev/v1alpha1/imagepullsecrets/ImagePullSecrets": "0777",
	"tmp/": "01777", "usr/": "0755", "usr/local/": "0755", "usr/local/bin/": "0755", "usr/local/bin/kustomize": "0755", "usr/local/bin/reggen": "0755",
	"usr/share/": "0755", "usr/share/doc/": "0755", "usr/share/doc/reggen/": "0755", "usr/share/doc/reggen/LICENSE": "0644", "work/": "0755",
}

// The container image, as a layout on disk: who runs what in it, what is in it
// and nothing else, the same digest twice, and its programs at work.
func TestImage(t *testing.T) {
	dir := t.TempDir()
	assemble := func(name, platforms string) v1.ImageIndex {
		cmd := exec.Command("go", "run", "-buildvcs=false", "./image", "-o", filepath.Join(dir, name), "-platforms", platforms,
			"-version", "1.2.3", "-revision", "0123abc", "-created", "2026-01-02T03:04:05Z")
		if r := finish(t, cmd); r.code != 0 {
			t.Fatalf("making the image: %s", r.stderr)
		}
		path, err := layout.FromPath(filepath.Join(dir, name))
		must(t, err)
		outer, err := path.ImageIndex()
		must(t, err)
		m, err := outer.IndexManifest()
		must(t, err)
		if len(m.Manifests) != 1 {
			t.Fatalf("%d entries in the layout", len(m.Manifests))
		}
		index, err := outer.ImageIndex(m.Manifests[0].Digest)
		must(t, err)
		return index
	}
	here := "linux/" + runtime.GOARCH
	index := assemble("both", "linux/amd64,linux/arm64")
	m, err := index.IndexManifest()
	must(t, err)
	var platforms []string
	var image v1.Image
	for _, d := range m.Manifests {
		platforms = append(platforms, d.Platform.String())
		i, err := index.Image(d.Digest)
		must(t, err)
		checkConfig(t, i, *d.Platform)
		if d.Platform.String() == here {
			image = i
		}
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("platforms: %v", platforms)
	}
	if image == nil {
		t.Fatalf("no image for %s", here)
	}
	again, err := assemble("again", here).IndexManifest()
	must(t, err)
	if digest, _ := image.Digest(); digest != again.Manifests[0].Digest {
		t.Error("the second image of the same commit has another digest")
	}
	root := filepath.Join(dir, "root")
	unpackImage(t, image, root)
	if runtime.GOOS == "linux" {
		runImage(t, root)
	}
}

func checkConfig(t *testing.T, image v1.Image, platform v1.Platform) {
	t.Helper()
	c, err := image.ConfigFile()
	must(t, err)
	if c.OS != platform.OS || c.Architecture != platform.Architecture || c.Created.Format("2006-01-02T15:04:05Z") != "2026-01-02T03:04:05Z" {
		t.Errorf("%s/%s of %v as %s", c.OS, c.Architecture, c.Created, platform.String())
	}
	// A number, so that Kubernetes can see that it isn't root.
	if !regexp.MustCompile(`^[1-9]\d+:[1-9]\d+$`).MatchString(c.Config.User) {
		t.Errorf("user %q", c.Config.User)
	}
	if !slices.Equal(c.Config.Entrypoint, []string{"/usr/local/bin/reggen"}) || len(c.Config.Cmd) > 0 {
		t.Errorf("entry point %q %q", c.Config.Entrypoint, c.Config.Cmd)
	}
	if want := []string{"PATH=/usr/local/bin", "KUSTOMIZE_PLUGIN_HOME=/opt/kustomize/plugin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"}; !slices.Equal(c.Config.Env, want) {
		t.Errorf("environment %q", c.Config.Env)
	}
	for name, want := range map[string]string{"version": "1.2.3", "revision": "0123abc", "licenses": "Apache-2.0", "source": "https://github.com/reggen/reggen", "title": "reggen"} {
		if got := c.Config.Labels["org.opencontainers.image."+name]; got != want {
			t.Errorf("label %s: %q", name, got)
		}
	}
}

// unpackImage writes an image's files and checks that they are those expected.
func unpackImage(t *testing.T, image v1.Image, root string) {
	t.Helper()
	layers, err := image.Layers()
	must(t, err)
	found := map[string]string{}
	var needles []string
	keys, err := filepath.Glob(filepath.Join(repo, "testdata", "keys", "*.agekey"))
	must(t, err)
	for _, k := range keys {
		text, err := os.ReadFile(k)
		must(t, err)
		needles = append(needles, regexp.MustCompile(`AGE-SECRET-KEY-1[A-Z0-9]+`).FindString(string(text)))
	}
	if len(needles) < 3 || slices.Contains(needles, "") {
		t.Fatalf("the demo keys: %d", len(needles))
	}
	must(t, os.Mkdir(root, 0o755))
	for _, l := range layers {
		r, err := l.Uncompressed()
		must(t, err)
		for files := tar.NewReader(r); ; {
			h, err := files.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
			found[h.Name] = fmt.Sprintf("0%o", h.Mode)
			if h.Uid != 0 || h.Gid != 0 || h.ModTime.UTC().Format("2006-01-02") != "2026-01-02" {
				t.Errorf("%s is of %d:%d, %v", h.Name, h.Uid, h.Gid, h.ModTime)
			}
			data, err := io.ReadAll(files)
			must(t, err)
			for _, n := range needles {
				if bytes.Contains(data, []byte(n)) {
					t.Errorf("%s holds a private key", h.Name)
				}
			}
			to := filepath.Join(root, h.Name)
			switch h.Typeflag {
			case tar.TypeDir:
				must(t, os.MkdirAll(to, 0o755))
				must(t, os.Chmod(to, os.FileMode(h.Mode&0o777)))
			case tar.TypeSymlink:
				must(t, os.Symlink(h.Linkname, to))
			default:
				must(t, os.MkdirAll(filepath.Dir(to), 0o755))
				must(t, os.WriteFile(to, data, os.FileMode(h.Mode)))
			}
		}
	}
	if !maps.Equal(found, inImage) {
		t.Errorf("in the image: %v\nexpected: %v", found, inImage)
	}
}

// runImage runs the image's programs as a container would: as a user who owns
// nothing and without a home; as root also with nothing but the image's files.
func runImage(t *testing.T, root string) {
	t.Helper()
	p := examples(t)
	for _, name := range []string{"bases", "overlays"} {
		copyTree(t, filepath.Join(p.dir, name), filepath.Join(root, "work", name))
	}
	for dir := root; dir != filepath.Dir(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755) // another user has to get there
	}
	in := func(uid uint32, program string, args ...string) result {
		cmd := exec.Command(filepath.Join(root, program), args...)
		cmd.Dir = filepath.Join(root, "work")
		cmd.Env = []string{"KUSTOMIZE_PLUGIN_HOME=" + filepath.Join(root, "opt/kustomize/plugin")}
		if os.Geteuid() == 0 {
			cmd = exec.Command(program, args...)
			cmd.Path, cmd.Dir = program, "/work"
			cmd.Err = nil
			cmd.Env = []string{"PATH=/usr/local/bin", "KUSTOMIZE_PLUGIN_HOME=/opt/kustomize/plugin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"}
			cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		}
		return finish(t, cmd)
	}
	want := p.reggen("build", "overlays/staging")
	for _, uid := range []uint32{65532, 999, 123456} {
		r := in(uid, "/usr/local/bin/kustomize", "build", "--enable-alpha-plugins", "overlays/staging")
		if r.code != 0 || !bytes.Equal(r.stdout, want) {
			t.Errorf("kustomize as %d: exit status %d\n%s", uid, r.code, r.stderr)
		}
	}
	if r := in(999, "/usr/local/bin/reggen", "version"); r.code != 0 || !bytes.Contains(r.stdout, []byte("1.2.3")) {
		t.Errorf("version: %s%s", r.stdout, r.stderr)
	}
	if r := in(999, "/usr/local/bin/kustomize", "version"); string(bytes.TrimSpace(r.stdout)) != strings.TrimSpace(string(p.ok("", tool("kustomize"), "version"))) {
		t.Errorf("kustomize version: %s%s", r.stdout, r.stderr)
	}
	// reggen itself needs no temporary folder either.
	must(t, os.RemoveAll(filepath.Join(root, "tmp")))
	for _, uid := range []uint32{65532, 999, 123456} {
		if r := in(uid, "/usr/local/bin/reggen", "build", "overlays/staging"); r.code != 0 || !bytes.Equal(r.stdout, want) {
			t.Errorf("reggen as %d: exit status %d\n%s", uid, r.code, r.stderr)
		}
	}
}
