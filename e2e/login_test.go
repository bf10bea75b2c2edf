package e2e

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Apache's htpasswd accepts each demo user's password against the file that
// the cluster gets, and no other password.
func TestHtpasswdAcceptsDemoUsers(t *testing.T) {
	verify := htpasswd(t)
	for _, overlay := range []string{"dev", "staging", "prod"} {
		t.Run(overlay, func(t *testing.T) {
			p := examples(t).withKey(demoKey("people"))
			dir := filepath.Join("overlays", overlay)
			file, users := htpasswdFile(t, p, dir)
			if len(users) == 0 {
				t.Fatal("no users")
			}
			tested := 0
			for _, user := range users {
				r := p.run("", tool("reggen"), "credential", "show", user, "--field", "password", "--secrets", "plain", "--dir", dir)
				if r.code != 0 {
					t.Logf("%s has no password to test (a person known by a hash only)", user)
					continue
				}
				tested++
				password := strings.TrimSuffix(string(r.stdout), "\n")
				p.ok("", verify, "-vb", file, user, password)
				if r := p.run("", verify, "-vb", file, user, password+"x"); r.code == 0 {
					t.Errorf("htpasswd accepts a wrong password of %s", user)
				}
			}
			if tested == 0 {
				t.Error("no user had a password")
			}
		})
	}
}

// htpasswdFile writes the htpasswd content of a plain build to a file.
func htpasswdFile(t *testing.T, p *project, dir string) (file string, users []string) {
	t.Helper()
	for _, data := range p.payloads(dir) {
		text, ok := data["htpasswd"]
		if !ok {
			continue
		}
		file = filepath.Join(p.tmp, "htpasswd")
		must(t, os.WriteFile(file, []byte(text), 0o600))
		for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
			name, _, ok := strings.Cut(s.Text(), ":")
			if !ok {
				t.Fatal("a line of the htpasswd file has no colon")
			}
			users = append(users, name)
		}
		return file, users
	}
	t.Fatalf("%s has no Secret with an htpasswd", dir)
	return "", nil
}

// Names and passwords with awkward content reach htpasswd exactly.
func TestHtpasswdAcceptsAwkwardPasswords(t *testing.T) {
	verify := htpasswd(t)
	e := newEnvironment(t, nil)
	e.s3("AKIA0012345", "#secret: key")
	want := map[string]string{}
	for i, c := range logins {
		e.user(file(i), c.User, c.Password, 5)
		want[c.User] = c.Password
	}
	e.reggen("seal", "env")
	path, users := htpasswdFile(t, e.project, "env")
	if len(users) != len(want) {
		t.Errorf("the htpasswd file has %d users; expected %d", len(users), len(want))
	}
	for user, password := range want {
		e.ok("", verify, "-vb", path, user, password)
	}
}
