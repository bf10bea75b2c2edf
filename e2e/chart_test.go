package e2e

import (
	"path/filepath"
	"testing"
)

// The embedded chart is a Helm chart like any other: the real helm lints it,
// strictly, with its defaults.
func TestHelmLint(t *testing.T) {
	p := bare(t)
	p.ok("", tool("helm"), "lint", "--strict", filepath.Join(repo, "generator", "chart", "default"))
}
