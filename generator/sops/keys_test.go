package sops

import (
	"testing"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/pgp"
)

// Whoever deletes .sops.yaml has no gpg started.
func TestWithoutARuleGPGIsNotStarted(t *testing.T) {
	groups := []sops.KeyGroup{{pgp.NewMasterKeyFromFingerprint("FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4")}}
	for network, want := range map[bool]int{false: 0, true: 1} {
		if got, _ := (Keys{Network: network}).usable(groups); len(got) != 1 || len(got[0]) != want {
			t.Errorf("%v: %v", network, got)
		}
	}
}
