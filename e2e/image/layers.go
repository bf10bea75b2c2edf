package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/reggen/reggen/generator/spec"
	plugins "github.com/reggen/reggen/internal/kustomize"
)

const certificates = "etc/ssl/certs/ca-certificates.crt"

// entry is one file, folder (its mode has ModeDir) or link of a layer.
type entry struct {
	path string
	mode os.FileMode
	data []byte
	link string
}

func folder(path string) entry { return entry{path: path, mode: os.ModeDir | 0o755} }

// systemFiles is the layer that changes rarely: what programs expect of a
// system. The certificates are Mozilla's, at the version that go.mod pins.
func systemFiles(created time.Time) (v1.Layer, error) {
	var roots bytes.Buffer
	for r := range bundle.Roots() {
		if err := pem.Encode(&roots, &pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate}); err != nil {
			return nil, err
		}
	}
	return layer(created, []entry{
		folder("etc"), folder("etc/ssl"), folder("etc/ssl/certs"),
		{path: certificates, mode: 0o644, data: roots.Bytes()},
		{path: "etc/passwd", mode: 0o644, data: []byte("root:x:0:0:root:/:/sbin/nologin\nargocd:x:999:999:argocd:/tmp:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n")},
		{path: "etc/group", mode: 0o644, data: []byte("root:x:0:\nargocd:x:999:\nnonroot:x:65532:\n")},
		folder("opt"), folder("opt/kustomize"),
		{path: "tmp", mode: os.ModeDir | os.ModeSticky | 0o777},
		folder("usr"), folder("usr/local"), folder("usr/local/bin"), folder("usr/share"), folder("usr/share/doc"), folder("usr/share/doc/reggen"),
		folder("work"),
	})
}

// programFiles is the layer with the programs, their licenses, and reggen where
// kustomize looks for the plugins of its kinds.
func programFiles(work string, created time.Time) (v1.Layer, error) {
	var entries []entry
	for _, f := range []struct {
		from, to string
		mode     os.FileMode
	}{
		{filepath.Join(work, "reggen"), program, 0o755},
		{filepath.Join(work, "kustomize"), kustomize, 0o755},
		{"../LICENSE", "usr/share/doc/reggen/LICENSE", 0o644},
	} {
		data, err := os.ReadFile(f.from)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{path: f.to, mode: f.mode, data: data})
	}
	made := map[string]bool{}
	for _, kind := range spec.Kinds {
		name := filepath.ToSlash(plugins.PluginPath(pluginHome, kind))
		var above []string
		for dir := path.Dir(name); !made[dir] && strings.HasPrefix(dir, pluginHome); dir = path.Dir(dir) {
			made[dir] = true
			above = append([]string{dir}, above...)
		}
		for _, dir := range above {
			entries = append(entries, folder(dir))
		}
		entries = append(entries, entry{path: name, link: strings.Repeat("../", strings.Count(name, "/")) + program})
	}
	return layer(created, entries)
}

// layer packs entries, all root's and of one time.
func layer(created time.Time, entries []entry) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.path, Mode: int64(e.mode.Perm()), ModTime: created, Format: tar.FormatPAX}
		switch {
		case e.link != "":
			h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.link, 0o777
		case e.mode.IsDir():
			h.Typeflag = tar.TypeDir
			h.Name += "/"
			if e.mode&os.ModeSticky != 0 {
				h.Mode |= 0o1000
			}
		default:
			h.Typeflag, h.Size = tar.TypeReg, int64(len(e.data))
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
}
