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
// come to a host of theirs. So something has to vouch for it that a stranger can't
// make: the command line, or a sealed pull secret for the host with a password
// that its user's credential holds too. Whoever sealed that knew the password.

// vouch keeps passwords that were opened from a host that nothing vouches for.
func (p *probing) vouch(people []*person) {
	opened := slices.ContainsFunc(people, func(u *person) bool { return u.login != nil })
	if !opened || slices.Contains(p.sendTo, p.c.other) && p.c.other != "" || p.vouched(p.spec.Host, people) {
		return
	}
	for _, u := range people {
		if u.login != nil {
			u.login, u.why = nil, unvouched(p.spec.Host)
		}
	}
}

func unvouched(host string) string {
	return "no sealed pull secret shows that passwords are for " + host + "; to send them there: " + SendFlag + " " + host
}

// vouched says that passwords may go to a host.
func (p *probing) vouched(host string, people []*person) bool {
	if slices.Contains(p.sendTo, host) {
		return true
	}
	for _, name := range repository.SortedKeys(p.spec.PullSecrets) {
		i := slices.IndexFunc(people, func(u *person) bool { return u.login != nil && u.user == p.spec.PullSecrets[name].User })
		if i >= 0 && p.sealedFor(host, name, *people[i].login) {
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
