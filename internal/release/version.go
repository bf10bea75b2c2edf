// Package release knows which release of reggen this is.
package release

import (
	"runtime/debug"
	"sync"
)

// stamped is set by the release build: -ldflags "-X .../internal/release.stamped=0.1.0".
var stamped string

// Version is this program's version without a leading v: the release's, the
// module's when it was installed with go install, or 0.0.0-devel.
func Version() string { return version() }

var version = sync.OnceValue(func() string {
	if stamped != "" {
		return stamped
	}
	if info, ok := debug.ReadBuildInfo(); ok && len(info.Main.Version) > 1 && info.Main.Version[0] == 'v' && info.Main.Sum != "" {
		return info.Main.Version[1:]
	}
	return "0.0.0-devel"
})
