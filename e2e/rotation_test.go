package e2e

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// A rotation as a script: both passwords open the registry while both users
// are there, the pull secret holds the new one from the seal on, and after the
// retirement only the new one opens it. Apache's htpasswd is the judge.
func TestRotation(t *testing.T) {
	verify := htpasswd(t)
	e := newEnvironment(t, map[string]pull{"regcred": {User: "ci"}})
	e.s3("AKIA0012345", "secret")
	e.user("ci", "ci", "the old one", 5)
	e.reggen("seal", "env")
	password := map[string]string{"ci": "the old one"}
	stage := func(when, puller string, users ...string) {
		t.Helper()
		e.reggen("seal", "env")
		e.reggen("check", "env")
		file, have := htpasswdFile(t, e.project, "env")
		if strings.Join(have, " ") != strings.Join(users, " ") {
			t.Errorf("%s: the htpasswd file has the users %v; expected %v", when, have, users)
		}
		for user, p := range password {
			r := e.run("", verify, "-vb", file, user, p)
			if want := strings.Contains(" "+strings.Join(users, " ")+" ", " "+user+" "); (r.code == 0) != want {
				t.Errorf("%s: the password of %s: accepted %v; expected %v", when, user, r.code == 0, want)
			}
		}
		var config struct {
			Auths map[string]struct{ Username, Password, Auth string }
		}
		must(t, json.Unmarshal([]byte(e.payloads("env")["regcred"][".dockerconfigjson"]), &config))
		login := config.Auths["registry.example.com"]
		if login.Username != puller || login.Password != password[puller] ||
			login.Auth != base64.StdEncoding.EncodeToString([]byte(puller+":"+password[puller])) {
			t.Errorf("%s: the pull secret is not that of %s", when, puller)
		}
	}
	made := func(user string) {
		t.Helper()
		text := e.reggen("credential", "show", user, "--field", "password", "--secrets", "plain", "--dir", "env")
		password[user] = strings.TrimSuffix(string(text), "\n")
	}
	stage("before", "ci", "ci")
	for _, step := range []struct{ old, new string }{{"ci", "ci-2"}, {"ci-2", "ci-3"}} {
		e.reggen("user", "rotate", step.old, "--dir", "env")
		made(step.new)
		if password[step.new] == password[step.old] {
			t.Fatal("the new password is the old one")
		}
		stage("rotated", step.new, step.old, step.new)
		e.reggen("user", "retire", step.old, "--dir", "env")
		stage("retired", step.new, step.new)
	}
}
