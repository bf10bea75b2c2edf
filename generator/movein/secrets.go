package movein

import (
	"maps"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
)

// secret takes out a secret value. A placeholder is named, and is none.
func (m *move) secret(next string, path ...string) string {
	text := m.in.text(path...)
	if isPlaceholder(text) {
		m.placeholders = true
		m.left(strings.Join(path, "."), "is a placeholder, and is not taken", next)
		return ""
	}
	return text
}

// secrets takes every secret out of the values, whatever the release uses.
func (m *move) secrets() {
	m.made.HTTPSecret = m.secret("reggen makes one", "secrets", "haSharedSecret")
	if what := credential.CheckHTTPSecret(m.made.HTTPSecret); m.made.HTTPSecret != "" && what != "" {
		m.left("secrets.haSharedSecret", what+": a new one is made, which ends uploads under way", "")
		m.made.HTTPSecret = ""
	}
	users := m.in.text("secrets", "htpasswd")
	if m.release.HTPasswd != "" {
		m.htpasswd(m.release.HTPasswd, "the htpasswd file")
	} else {
		m.htpasswd(users, "secrets.htpasswd")
	}
	switch {
	case len(m.made.Users) > 0:
	case m.in.get("configData", "auth", "token") != nil:
		m.left("secrets.htpasswd", "has nobody who could log in: a service gives the release's users tokens, and reggen's registries know users by htpasswd alone", "reggen user add NAME, or keep the release as it is")
	default:
		m.left("secrets.htpasswd", "has nobody who could log in: the release lets everybody push and pull", "reggen user add NAME, or say spec.auth.anonymous: true")
	}
	const set = "reggen credential set "
	fields := func(t credential.Type, of map[string][]string) {
		got := map[string]string{}
		for _, field := range slices.Sorted(maps.Keys(of)) {
			path := of[field]
			if text := m.secret(set+string(t), path...); text != "" {
				got[field] = text
			}
		}
		switch {
		case len(got) == len(of):
			m.made.Credentials[t] = got
		case len(got) > 0:
			m.left("secrets", "holds only a part of what a credential of type "+string(t)+" needs", set+string(t))
		}
	}
	fields(credential.S3, map[string][]string{credential.AccessKey: {"secrets", "s3", "accessKey"}, credential.SecretKey: {"secrets", "s3", "secretKey"}})
	fields(credential.Azure, map[string][]string{credential.AccountKey: {"secrets", "azure", "accountKey"}})
	fields(credential.Swift, map[string][]string{credential.Username: {"secrets", "swift", "username"}, credential.Password: {"secrets", "swift", "password"}})
	if truth(m.in.get("proxy", "enabled")) {
		fields(credential.Proxy, map[string][]string{credential.Username: {"proxy", "username"}, credential.Password: {"proxy", "password"}})
	}
}

// beside takes away what the values hold of a credential where they name a Secret,
// which the chart reads instead.
func (m *move) beside(path string, t credential.Type) {
	if m.made.Credentials[t] != nil {
		delete(m.made.Credentials, t)
		m.left(path, "holds keys that are not carried over: the release reads those of its secretRef", "")
	}
}

// htpasswd takes users over with their hashes: nobody needs a new password.
func (m *move) htpasswd(text, from string) {
	seen := map[string]bool{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, hash, _ := strings.Cut(line, ":")
		wrong := credential.CheckUser(name)
		if wrong == "" {
			_, wrong = credential.CheckHash(hash)
		}
		if wrong == "" && seen[name] {
			wrong = "the user stands there twice; the registry takes the last"
		}
		if wrong != "" {
			m.made.Left.Add(problem.Problem{Path: from, Line: i + 1, What: "a line is not carried over: " + wrong, Next: "reggen user add NAME"})
			continue
		}
		seen[name] = true
		m.made.Users = append(m.made.Users, User{Name: name, Hash: hash})
	}
}
