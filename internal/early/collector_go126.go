//go:build go1.26 && !go1.27

package early

import _ "unsafe" // for go:linkname

// setGCPercent is what debug.SetGCPercent calls.
//
//go:linkname setGCPercent runtime/debug.setGCPercent
func setGCPercent(percent int32) (before int32)

func init() {
	before := int(setGCPercent(-1))
	Percent = &before
}
