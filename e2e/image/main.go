// Command image makes reggen's container image, without a container runtime,
// a registry or a base image: an OCI layout with one image a platform. The
// same commit, Go release and flags give the same digest.
//
// In it are reggen, the kustomize command at the version that reggen embeds,
// and reggen as kustomize's plugin at a fixed place, so that "kustomize build
// --enable-alpha-plugins" works as it is. It runs as any user, on a read-only
// file system and without a home.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func main() {
	o := options{}
	flag.StringVar(&o.out, "o", "", "the folder to write the OCI layout to; it must not exist")
	flag.StringVar(&o.version, "version", "0.0.0-devel", "the version, as reggen version prints it")
	flag.StringVar(&o.revision, "revision", "", "the git commit")
	flag.StringVar(&o.created, "created", "1970-01-01T00:00:00Z", "the time of the commit, RFC 3339")
	flag.StringVar(&o.platforms, "platforms", "linux/amd64,linux/arm64", "for which platforms")
	flag.Parse()
	digest, err := o.build()
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
	fmt.Println(digest)
}

type options struct{ out, version, revision, created, platforms string }

// Where things are in the image.
const (
	program    = "usr/local/bin/reggen"
	kustomize  = "usr/local/bin/kustomize"
	pluginHome = "opt/kustomize/plugin"
	user       = "65532:65532" // nonroot, as distroless images number it
)

func (o options) build() (digest string, err error) {
	created, err := time.Parse(time.RFC3339, o.created)
	if err != nil || o.out == "" {
		return "", errors.New("usage: image -o FOLDER [-version V] [-revision COMMIT] [-created TIME] [-platforms LIST]")
	}
	if _, err := os.Stat(o.out); err == nil {
		return "", fmt.Errorf("%s is there already", o.out)
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for name := range strings.SplitSeq(o.platforms, ",") {
		platform, err := v1.ParsePlatform(name)
		if err != nil {
			return "", err
		}
		image, err := o.image(*platform, created)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	index = mutate.Annotations(index, o.labels()).(v1.ImageIndex)
	path, err := layout.Write(o.out, empty.Index)
	if err != nil {
		return "", err
	}
	if err := path.AppendIndex(index); err != nil {
		return "", err
	}
	hash, err := index.Digest()
	return hash.String(), err
}

// labels are those that registries and scanners read.
func (o options) labels() map[string]string {
	l := map[string]string{
		"org.opencontainers.image.title":         "reggen",
		"org.opencontainers.image.description":   "Private container registries on Kubernetes, from one small spec",
		"org.opencontainers.image.source":        "https://github.com/reggen/reggen",
		"org.opencontainers.image.documentation": "https://github.com/reggen/reggen/blob/main/docs/guide/image.md",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.version":       o.version,
		"org.opencontainers.image.created":       o.created,
	}
	if o.revision != "" {
		l["org.opencontainers.image.revision"] = o.revision
	}
	return l
}

func (o options) image(platform v1.Platform, created time.Time) (v1.Image, error) {
	work, err := os.MkdirTemp("", "reggen-image-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if err := compile(platform, "..", "./cmd/reggen", filepath.Join(work, "reggen"), "-X github.com/reggen/reggen/internal/release.stamped="+o.release()); err != nil {
		return nil, err
	}
	if err := compile(platform, ".", "sigs.k8s.io/kustomize/kustomize/v5", filepath.Join(work, "kustomize"), ""); err != nil {
		return nil, err
	}
	system, err := systemFiles(created)
	if err != nil {
		return nil, err
	}
	programs, err := programFiles(work, created)
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image,
		mutate.Addendum{Layer: system, History: history(created, "certificates, users and folders"), MediaType: types.OCILayer},
		mutate.Addendum{Layer: programs, History: history(created, "reggen and kustomize"), MediaType: types.OCILayer})
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, config(image, platform, created, o.labels()))
}

// release is the version without its v; empty for a development build, which
// says so itself.
func (o options) release() string {
	if o.version == "0.0.0-devel" {
		return ""
	}
	return strings.TrimPrefix(o.version, "v")
}

func history(created time.Time, what string) v1.History {
	return v1.History{Created: v1.Time{Time: created}, CreatedBy: what}
}

func config(image v1.Image, platform v1.Platform, created time.Time, labels map[string]string) *v1.ConfigFile {
	old, err := image.ConfigFile()
	if err != nil {
		return &v1.ConfigFile{}
	}
	c := old.DeepCopy()
	c.OS, c.Architecture, c.Variant, c.Created = platform.OS, platform.Architecture, platform.Variant, v1.Time{Time: created}
	c.Config = v1.Config{
		User:       user,
		Entrypoint: []string{"/" + program},
		WorkingDir: "/work",
		Env:        []string{"PATH=/usr/local/bin", "KUSTOMIZE_PLUGIN_HOME=/" + pluginHome, "SSL_CERT_FILE=/" + certificates},
		Labels:     labels,
	}
	return c
}

// compile builds a package of the module in dir, the same bytes from the same
// source.
func compile(platform v1.Platform, dir, pkg, out, ldflags string) error {
	cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w -buildid= "+ldflags, "-o", out, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+platform.OS, "GOARCH="+platform.Architecture)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, bytes.TrimSpace(text))
	}
	return nil
}
