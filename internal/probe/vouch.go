package probe

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/internal/repository"
)

// The host stands in a file that may be a stranger's, who would like passwords to
// come to a host of theirs. So something has to vouch for each password that a
// stranger can't make: the command line, or a sealed pull secret for this host
// with that very password in it. Another user's pull secret vouches for nothing:
// a stranger can propose a user of their own, whose password they know.

// vouch keeps passwords that were opened from a host that nothing vouches for.
func (p *probing) vouch(people []*person) {
	if p.c.other != "" && slices.Contains(p.sendTo, p.c.other) {
		return
	}
	for _, u := range people {
		if u.login != nil && !p.vouched(p.spec.Host, u) {
			u.login, u.why = nil, unvouched(p.spec.Host)
		}
	}
}

func unvouched(host string) string {
	return "no sealed pull secret has this password for " + host + "; to send it there: " + SendFlag + " " + host
}

// vouched says that the password of a user may go to a host.
func (p *probing) vouched(host string, u *person) bool {
	if slices.Contains(p.sendTo, host) {
		return true
	}
	for _, name := range repository.SortedKeys(p.spec.PullSecrets) {
		if p.spec.PullSecrets[name].User == u.user && p.sealedFor(host, name, *u.login) {
			return true
		}
	}
	return false
}

// sealedFor opens a sealed pull secret and looks for a login at a host.
func (p *probing) sealedFor(host, name string, by login) bool {
	path := filepath.Join(p.e.SealedDir(), name+".yaml")
	raw, err := p.w.Repo.Read(path)
	if err != nil {
		return false
	}
	data, err := p.w.Keys.OpenSealed(p.ctx, path, raw)
	if err != nil {
		return false
	}
	text, err := base64.StdEncoding.DecodeString(data[".dockerconfigjson"])
	if err != nil {
		return false
	}
	var config struct {
		Auths map[string]struct{ Username, Password string }
	}
	if json.Unmarshal(text, &config) != nil {
		return false
	}
	for server, a := range config.Auths {
		at, _, _ := strings.Cut(server, "/")
		if at == host && a.Username == by.user && subtle.ConstantTimeCompare([]byte(a.Password), []byte(by.password)) == 1 {
			return true
		}
	}
	return false
}
