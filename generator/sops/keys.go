package sops

import (
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/pgp"

	"github.com/reggen/reggen/generator/rules"
)

// Keys says which keys a file may be opened with. The zero value takes what
// lies on this machine and asks nobody: a file names its key services itself,
// with their addresses, and a file may come from a stranger who would like to
// see the token that goes there.
type Keys struct {
	// Network lets a key service be asked (a cloud's KMS, Vault), where Rule
	// names it.
	Network bool
	// Rule is the creation rule for the file's path; nil where there is none.
	Rule *rules.Rule
}

// usable are the recipients of a file that may be tried: keys of age and PGP
// on this machine, the latter where the rule names them, since gpg is started
// for each (without any rule, which who deletes it brings about, on request); and
// key services that the rule names, on request. The groups stay, though one may
// be empty.
func (k Keys) usable(groups []sops.KeyGroup) (out []sops.KeyGroup, left bool) {
	for _, group := range groups {
		var kept sops.KeyGroup
		for _, key := range group {
			if k.takes(key) {
				kept = append(kept, key)
			} else {
				left = left || !rules.Local(key)
			}
		}
		out = append(out, kept)
	}
	return out, left
}

func (k Keys) takes(key keys.MasterKey) bool {
	named := k.Rule != nil && slices.Contains(k.Rule.Recipients(), k.Rule.Named([]string{key.ToString()})[0])
	switch key.(type) {
	case *age.MasterKey:
		return true
	case *pgp.MasterKey:
		return named || k.Rule == nil && k.Network
	}
	return k.Network && named && !exposed(key.ToString())
}

// exposed says whether the name of a key service is an address to which a
// token and data keys would go in the clear, to another machine.
func exposed(id string) bool {
	u, err := url.Parse(id)
	if err != nil || !strings.EqualFold(u.Scheme, "http") {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host != "localhost" && (ip == nil || !ip.IsLoopback())
}

// errNetwork is the error of a key service that may not be asked.
var errNetwork = errors.New("key services on the network may not be asked")

// NetworkFlag is the flag by which a command may ask key services.
const NetworkFlag = "--allow-network"
