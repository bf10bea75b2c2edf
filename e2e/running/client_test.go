//go:build linux

package running

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// image is an image in a folder, for crane to push.
type image struct {
	dir, digest string
	layers      []string // digests
}

// newImage makes one with layers of these sizes.
func newImage(t *testing.T, sizes ...int64) image {
	t.Helper()
	base := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	out := image{dir: filepath.Join(t.TempDir(), "image")}
	img := mutate.ConfigMediaType(base, types.OCIConfigJSON)
	for _, size := range sizes {
		layer, err := random.Layer(size, types.OCILayer)
		must(t, err)
		img, err = mutate.AppendLayers(img, layer)
		must(t, err)
		digest, err := layer.Digest()
		must(t, err)
		out.layers = append(out.layers, digest.String())
	}
	digest, err := img.Digest()
	must(t, err)
	out.digest = digest.String()
	path, err := layout.Write(out.dir, empty.Index)
	must(t, err)
	must(t, path.AppendImage(img))
	return out
}

// newIndex makes an image for several platforms; only the whole of it gets a tag.
func newIndex(t *testing.T) image {
	t.Helper()
	index, err := random.Index(64<<10, 2, 3)
	must(t, err)
	digest, err := index.Digest()
	must(t, err)
	out := image{dir: filepath.Join(t.TempDir(), "index"), digest: digest.String()}
	path, err := layout.Write(out.dir, empty.Index)
	must(t, err)
	must(t, path.AppendIndex(index))
	return out
}

func finish(t *testing.T, cmd *exec.Cmd, stdin string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatalf("starting %s: %v", cmd.Path, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
