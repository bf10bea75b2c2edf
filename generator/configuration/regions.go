package configuration

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed regions.txt
var regionsFile string

// regions are those that the registry's S3 driver takes where no endpoint is
// named. The file is derived from the SDK that it is built with by
// TestKnownRegions of e2e/pitfalls.
var regions = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(regionsFile) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out[line] = true
		}
	}
	return out
})
