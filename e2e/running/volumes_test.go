//go:build linux

package running

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// volume is a volume's folder on the node.
func (p *pod) volume(name, claims string) string {
	for _, v := range p.spec.Volumes {
		if v.Name == name && v.PersistentVolumeClaim != nil {
			return filepath.Join(claims, v.PersistentVolumeClaim.ClaimName)
		}
	}
	return filepath.Join(p.dir, "volumes", name)
}

// fill makes the volumes, or brings those of ConfigMaps and Secrets up to date
// in a running pod.
func (p *pod) fill(o *objects, namespace, claims string) {
	p.t.Helper()
	group := -1
	if s := p.spec.SecurityContext; s != nil && s.FSGroup != nil && !singleUser() {
		group = int(*s.FSGroup)
	}
	for _, v := range p.spec.Volumes {
		dir := p.volume(v.Name, claims)
		must(p.t, os.MkdirAll(dir, 0o755))
		files := map[string][]byte{}
		var items []corev1.KeyToPath
		switch {
		case v.ConfigMap != nil:
			m, there := o.configMaps[v.ConfigMap.Name]
			if !there {
				p.t.Fatalf("%s: no ConfigMap %s: the kubelet would not start it", p.name, v.ConfigMap.Name)
			}
			for k, text := range m.Data {
				files[k] = rewritten.ReplaceAll([]byte(text), []byte("${1}"+p.address+"${2}"))
				for _, found := range rewritten.FindAllString(text, -1) {
					if p.cmd != nil { // it was said when the pod started
						continue
					}
					p.t.Logf("rewritten in %s of %s: %q listens on %s", k, p.name, strings.TrimSpace(found), p.address)
				}
			}
			items = v.ConfigMap.Items
		case v.Secret != nil:
			maps.Copy(files, p.secret(o, namespace, v.Secret.SecretName).Data)
			items = v.Secret.Items
		case v.EmptyDir != nil, v.PersistentVolumeClaim != nil:
			if group >= 0 {
				must(p.t, os.Chown(dir, -1, group))
			}
			must(p.t, os.Chmod(dir, 0o777|fs.ModeSetgid))
			continue
		default:
			p.t.Fatalf("%s: a volume %s that this runner doesn't know", p.name, v.Name)
		}
		if len(items) > 0 {
			chosen := map[string][]byte{}
			for _, item := range items {
				content, there := files[item.Key]
				if !there {
					p.t.Fatalf("%s: the volume %s wants a key %s, which is not there", p.name, v.Name, item.Key)
				}
				chosen[item.Path] = content
			}
			files = chosen
		}
		project(p.t, dir, files, group)
	}
}

// project lays files the way the kubelet does: in a folder of their own, which
// a link then points to, so that a reader sees all of the old or all of the new.
func project(t *testing.T, dir string, files map[string][]byte, group int) {
	t.Helper()
	if same(filepath.Join(dir, "..data"), files) {
		return
	}
	fresh, err := os.MkdirTemp(dir, "..")
	must(t, err)
	must(t, os.Chmod(fresh, 0o755))
	for name, content := range files {
		path := filepath.Join(fresh, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, content, 0o644))
		if group >= 0 {
			must(t, os.Chown(path, 0, group))
		}
	}
	must(t, os.Symlink(filepath.Base(fresh), filepath.Join(dir, "..data_tmp")))
	must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	for name := range files {
		first, _, _ := strings.Cut(name, "/")
		if err := os.Symlink(filepath.Join("..data", first), filepath.Join(dir, first)); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
}

func same(dir string, files map[string][]byte) bool {
	for name, content := range files {
		if have, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(have, content) {
			return false
		}
	}
	return true
}
