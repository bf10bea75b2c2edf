//go:build linux

package running

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// verify reads all of a pulled image and computes each digest anew.
func verify(t *testing.T, dir string, want image) {
	t.Helper()
	index, err := layout.ImageIndexFromPath(dir)
	must(t, err)
	manifest, err := index.IndexManifest()
	must(t, err)
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].Digest.String() != want.digest {
		t.Fatalf("pulled something else than %s", want.digest)
	}
	img, err := index.Image(manifest.Manifests[0].Digest)
	must(t, err)
	must(t, validate.Image(img))
	layers, err := img.Layers()
	must(t, err)
	for i, layer := range layers {
		if digest, err := layer.Digest(); err != nil || digest.String() != want.layers[i] {
			t.Errorf("layer %d is another one: %v", i, err)
		}
	}
}
