package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// canaries are secret values that nothing else contains. The first and last
// characters are ones that YAML, JSON and URLs would rewrite.
var canaries = map[string]string{
	"password":  "#Kanarienvogel-pW7qTz5mXr2vB9/&",
	"hash-only": "Zaunkoenig-hK3wYc8nLf6jD1s",
	"accessKey": "AKIAROTKEHLCHEN4GQ9",
	"secretKey": "Goldhaehnchen+eR5tZu1iOp/aS7d=",
}

// needles are the forms in which a value could come to light: as it is, a
// longer piece of either end, encoded, escaped.
func needles(value string) (out []string) {
	out = []string{value, value[:len(value)*2/3], value[len(value)/3:], hex.EncodeToString([]byte(value)), strings.Trim(fmt.Sprintf("%q", value), `"`)}
	for shift := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + value))
		out = append(out, text[4:len(text)-4])
	}
	return out
}

// watch looks for canaries in what processes print and leave behind.
type watch struct {
	environment
	t *testing.T
}

// everywhere searches every file under the project, HOME and TMPDIR.
func (w watch) everywhere(when string) {
	w.t.Helper()
	for _, dir := range []string{w.dir, w.home, w.tmp} {
		for path, data := range tree(w.t, dir) {
			w.search(when, path, data)
			w.search(when, "a file's name", []byte(path))
		}
	}
}

func (w watch) search(when, where string, data []byte) {
	w.t.Helper()
	for name, value := range canaries {
		for i, needle := range needles(value) {
			if bytes.Contains(data, []byte(needle)) {
				w.t.Errorf("%s: %s holds the canary %s (form %d)", when, where, name, i)
			}
		}
	}
}

// quiet runs reggen, whatever its exit status, and searches what it said.
func (w watch) quiet(when, stdin string, args ...string) result {
	w.t.Helper()
	r := w.run(stdin, tool("reggen"), args...)
	w.search(when+": reggen "+strings.Join(args, " "), "stdout", r.stdout)
	w.search(when+": reggen "+strings.Join(args, " "), "stderr", r.stderr)
	w.everywhere(when + ": reggen " + strings.Join(args, " "))
	return r
}

// commands runs all that a person may run on an environment, and counts the
// failures.
func (w watch) commands(when string) (failed int) {
	w.t.Helper()
	for _, args := range [][]string{
		{"build", "env"}, {"build", "--secrets", "redacted", "env"}, {"build", "--secrets", "omit", "env"},
		{"build", "--stale", "warn", "env"}, {"seal", "--check", "env"}, {"seal", "env"}, {"check", "env"},
		{"user", "list", "--dir", "env"}, {"render", "env", "-o", "rendered"}, {"render", "env", "-o", "rendered", "--check"},
		{"diff", "env", "--against", "rendered", "--exit-zero"},
	} {
		if w.quiet(when, "", args...).code != 0 {
			failed++
		}
	}
	for _, args := range [][]string{{"build", "nowhere"}, {"seal", "--nonsense", "env"}} {
		if w.quiet(when, "", args...).code == 0 {
			w.t.Errorf("reggen %v succeeded", args)
		}
	}
	return failed
}

func canaryEnvironment(t *testing.T) watch {
	t.Helper()
	e := newEnvironment(t, map[string]pull{"regcred": {User: "bird"}})
	e.s3(canaries["accessKey"], canaries["secretKey"])
	e.user("bird", "bird", canaries["password"], 5)
	e.user("wren", "wren", canaries["hash-only"], 10)
	return watch{e, t}
}

// Point 6: secrets come to light nowhere but in what --secrets plain printed.
func TestCanary(t *testing.T) {
	t.Run("success", func(t *testing.T) {
		w := canaryEnvironment(t)
		w.quiet("first seal", "", "seal", "env")
		if n := w.commands("sealed"); n > 0 {
			t.Errorf("%d commands failed on a good environment", n)
		}
		r := w.run("", tool("reggen"), "build", "--secrets", "plain", "env")
		if r.code != 0 {
			t.Fatalf("the plain build failed:\n%s", r.stderr)
		}
		w.search("plain", "stderr", r.stderr)
		w.everywhere("plain")
		// The search finds what is there to be found.
		for _, name := range []string{"password", "accessKey", "secretKey"} {
			found := false
			for _, needle := range needles(canaries[name]) {
				found = found || bytes.Contains(r.stdout, []byte(needle))
			}
			if !found && !revealed(t, r.stdout, canaries[name]) {
				t.Errorf("the plain build does not hold the canary %s: this test would miss it elsewhere too", name)
			}
		}
	})
	t.Run("typed by a person", func(t *testing.T) {
		w := canaryEnvironment(t)
		w.quiet("add", canaries["password"]+"\n", "user", "add", "finch", "--dir", "env", "--password-stdin")
		w.quiet("add twice", canaries["password"]+"\n", "user", "add", "finch", "--dir", "env", "--password-stdin")
		w.quiet("bad name", canaries["password"]+"\n", "user", "add", "fi:nch", "--dir", "env", "--password-stdin")
		w.quiet("too long", strings.Repeat(canaries["password"], 3)+"\n", "user", "add", "long", "--dir", "env", "--password-stdin")
		w.quiet("no hash", canaries["password"]+"\n", "user", "add", "hash", "--dir", "env", "--hash-stdin")
		w.quiet("bad field", canaries["password"]+"\n", "credential", "set", "bird", "--field", "pasword", "--stdin", "--dir", "env")
		w.quiet("set", canaries["password"]+"\n", "credential", "set", "bird", "--field", "password", "--stdin", "--dir", "env")
		w.quiet("seal", "", "seal", "env")
	})
	// Each of these breaks something; every command is then run on it.
	for name, spoil := range map[string]func(w watch){
		"stale":               func(w watch) { w.password("bird", canaries["password"]+"!") },
		"no key":              func(w watch) { w.env[len(w.env)-1] = "NOTHING=" },
		"wrong key":           func(w watch) { w.env[len(w.env)-1] = "SOPS_AGE_KEY_FILE=" + w.cluster },
		"nonsense for a key":  func(w watch) { w.env[len(w.env)-1] = "SOPS_AGE_KEY=" + canaries["password"] },
		"key file is no file": func(w watch) { w.env[len(w.env)-1] = "SOPS_AGE_KEY_FILE=/dev" },
		"readable credential": func(w watch) { w.edit("credentials/bird.enc.yaml", decrypted) },
		"readable value":      func(w watch) { w.edit("credentials/bird.enc.yaml", readable) },
		"cut off": func(w watch) {
			w.edit("credentials/bird.enc.yaml", func(_ watch, s string) string { return s[:len(s)/2] })
		},
		"flipped ciphertext": func(w watch) { w.edit("credentials/bird.enc.yaml", flip("password: ENC[AES256_GCM,data:")) },
		"flipped mac":        func(w watch) { w.edit("credentials/bird.enc.yaml", flip("mac: ENC[AES256_GCM,data:")) },
		"not YAML": func(w watch) {
			w.edit("credentials/bird.enc.yaml", func(_ watch, s string) string { return "\t{" + s })
		},
		"doubled key": func(w watch) {
			w.edit("credentials/bird.enc.yaml", func(_ watch, s string) string { return s + "type: user\n" })
		},
		"conflict": func(w watch) {
			w.edit("credentials/bird.enc.yaml", func(_ watch, s string) string { return "<<<<<<< a\n" + s + "=======\n" + s + ">>>>>>> b\n" })
		},
		"sealed conflict": func(w watch) {
			w.edit("sealed/regcred.yaml", func(_ watch, s string) string { return "<<<<<<< a\n" + s + "=======\n" + s + ">>>>>>> b\n" })
		},
		"sealed cut off": func(w watch) {
			w.edit("sealed/regcred.yaml", func(_ watch, s string) string { return s[:len(s)*2/3] })
		},
		"sealed readable": func(w watch) { w.edit("sealed/regcred.yaml", decrypted) },
		"no rules": func(w watch) {
			must(w.t, os.Remove(filepath.Join(w.dir, ".sops.yaml")))
			must(w.t, os.Remove(filepath.Join(w.dir, "env", "sealed", "regcred.yaml")))
		},
		"misspelt rule": func(w watch) {
			text := string(w.read(".sops.yaml"))
			w.write(".sops.yaml", strings.ReplaceAll(text, "encrypted_regex", "encrypted-regex"))
		},
		"bad spec": func(w watch) {
			w.edit("registry/registry.yaml", func(_ watch, s string) string { return strings.Replace(s, "  host:", "  hots:", 1) })
		},
		"a file for a folder": func(w watch) { // root writes to read-only folders, so they prove nothing
			must(w.t, os.RemoveAll(filepath.Join(w.dir, "env", "sealed")))
			w.write("env/sealed", "in the way\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := canaryEnvironment(t)
			w.quiet("first seal", "", "seal", "env")
			spoil(w)
			if strings.HasPrefix(name, "readable") || name == "sealed readable" || name == "nonsense for a key" {
				// The test itself put the value into that file (or variable):
				// only what is printed or written beside it counts.
				w.spoken(name)
				return
			}
			if w.commands(name) == 0 {
				t.Error("nothing failed")
			}
		})
	}
	stopSeals(t, canaryEnvironment, func(w watch, i int) { w.password("bird", fmt.Sprintf("%s%d", canaries["password"], i)) }, 15, 12*time.Millisecond,
		syscall.SIGKILL, syscall.SIGINT, syscall.SIGTERM)
}

// stopSeals stops seals by signals, each at another moment after a change, and
// looks for canaries; the next seal finishes what was stopped.
func stopSeals(t *testing.T, environment func(*testing.T) watch, change func(watch, int), times int, step time.Duration, signals ...syscall.Signal) {
	t.Helper()
	for _, signal := range signals {
		t.Run("signal "+signal.String(), func(t *testing.T) {
			w := environment(t)
			w.quiet("first seal", "", "seal", "env")
			for i := range times {
				change(w, i)
				cmd := w.command("", tool("reggen"), "seal", "env")
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				must(t, cmd.Start())
				time.Sleep(time.Duration(i) * step)
				_ = cmd.Process.Signal(signal)
				_ = cmd.Wait()
				w.search("killed", "its output", out.Bytes())
				w.everywhere("killed")
			}
			w.quiet("after", "", "seal", "env")
			if w.quiet("after", "", "build", "env").code != 0 {
				t.Error("what was stopped is not finished by the next seal")
			}
		})
	}
}

// spoken is commands, but only what is printed is searched, and no file other
// than those that held a canary before may hold one.
func (w watch) spoken(when string) {
	w.t.Helper()
	holds := func() map[string]bool {
		out := map[string]bool{}
		for _, dir := range []string{w.dir, w.home, w.tmp} {
			for path, data := range tree(w.t, dir) {
				for _, value := range canaries {
					for _, needle := range needles(value) {
						if bytes.Contains(data, []byte(needle)) {
							out[path] = true
						}
					}
				}
			}
		}
		return out
	}
	before := holds()
	failed := 0
	for _, args := range [][]string{{"build", "env"}, {"seal", "--check", "env"}, {"seal", "env"}, {"check", "env"}, {"user", "list", "--dir", "env"},
		{"render", "env", "-o", "rendered"}, {"diff", "env", "--against", "before"}} {
		r := w.run("", tool("reggen"), args...)
		if r.code != 0 {
			failed++
		}
		w.search(when, "stdout of reggen "+args[0], r.stdout)
		w.search(when, "stderr of reggen "+args[0], r.stderr)
	}
	if failed == 0 {
		w.t.Error("nothing failed")
	}
	for path := range holds() {
		if !before[path] {
			w.t.Errorf("%s: %s now holds a canary", when, path)
		}
	}
}

func (w watch) edit(path string, change func(watch, string) string) {
	w.t.Helper()
	path = filepath.Join("env", path)
	old := string(w.read(path))
	text := change(w, old)
	if text == old {
		w.t.Fatalf("nothing to spoil in %s", path)
	}
	w.write(path, text)
}

// decrypted is the whole file in the clear, as somebody might commit it.
func decrypted(w watch, text string) string {
	return string(w.ok(text, tool("sops"), "decrypt", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin"))
}

// readable is one value in the clear in a file that is otherwise encrypted.
func readable(w watch, text string) string {
	at := strings.Index(text, "password: ENC[")
	end := strings.Index(text[at:], "\n")
	return text[:at] + "password: \"" + canaries["password"] + "\"" + text[at+end:]
}

// flip changes the letter behind a marker.
func flip(marker string) func(watch, string) string {
	return func(_ watch, text string) string {
		at := strings.Index(text, marker)
		if at < 0 {
			return text
		}
		at += len(marker)
		letter := byte('A')
		if text[at] == 'A' {
			letter = 'B'
		}
		return text[:at] + string(letter) + text[at+1:]
	}
}

// revealed says whether a Secret of a plain build holds the value.
func revealed(t *testing.T, build []byte, value string) bool {
	t.Helper()
	_, objects := documents(t, build)
	for _, o := range objects {
		if o["kind"] != "Secret" {
			continue
		}
		for _, text := range decode(t, o) {
			if strings.Contains(text, value) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte("bird:"+value))) {
				return true
			}
		}
	}
	return false
}
