package cli

import (
	"strings"
	"testing"
)

// hostileRules are the ways in which a pull request adds a reader: the files it
// changes. %s is the new reader's key.
func hostileRules(e *testEnv, evil string) map[string]map[string]string {
	rules := e.read(".sops.yaml")
	prepend := func(rule string) map[string]string {
		return map[string]string{".sops.yaml": strings.Replace(rules, "creation_rules:\n", "creation_rules:\n"+rule, 1)}
	}
	whole := "creation_rules: [{age: '" + e.keys["people"] + "," + evil + "'}]\n"
	return map[string]map[string]string{
		"a recipient in each rule":            {".sops.yaml": strings.ReplaceAll(rules, "age: ", "age: "+evil+",")},
		"a rule put above":                    prepend("  - path_regex: overlays/e0/\n    age: " + e.keys["people"] + "," + evil + "\n"),
		"a catch-all put above":               prepend("  - age: " + e.keys["people"] + "," + evil + "\n"),
		"a regex changed, and a rule for all": {".sops.yaml": strings.ReplaceAll(rules, "^overlays/e0", "^overlays/eO") + "  - age: " + e.keys["people"] + "," + evil + "\n"},
		"a file in the overlay":               {"overlays/e0/.sops.yaml": whole},
		"a file in both folders":              {"overlays/e0/sealed/.sops.yaml": whole, "overlays/e0/credentials/.sops.yaml": whole},
		"by an alias":                         {".sops.yaml": "keys: [&x " + evil + "]\n" + strings.ReplaceAll(rules, "    age: "+e.keys["people"], "    key_groups: [{age: ["+e.keys["people"]+", *x]}]\n    #")},
	}
}

// Whatever makes somebody new a reader, every command that encrypts stops,
// names who and which file says so, and has written nothing.
func TestNobodyNewReadsUnasked(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	trusted[e.dir] = nil
	stranger := newEnv(t, 0, 0)
	stranger.key("evil")
	evil := stranger.keys["evil"]
	t.Setenv("SOPS_AGE_KEY_FILE", e.dir+"-people.agekey")
	for name, files := range hostileRules(e, evil) {
		t.Run(name, func(t *testing.T) {
			good := e.files()
			for path, text := range files {
				e.write(path, text)
			}
			before := e.files()
			for _, args := range []string{"seal overlays/e0", "seal --rotate-keys overlays/e0", "user add carol --generate", "user rotate puller", "credential set s3 --field secretKey --generate"} {
				_, errs, code := run(t, e.dir, strings.Fields(args)...)
				if code == 0 || !strings.Contains(errs, evil) || !strings.Contains(errs, "--accept-recipients "+evil) || !strings.Contains(errs, "overlays/e0/") {
					t.Errorf("%s: exit %d\n%s", args, code, errs)
				}
				for path := range files {
					if !strings.Contains(errs, path) && len(files) == 1 {
						t.Errorf("%s does not say that %s names the reader:\n%s", args, path, errs)
					}
				}
				if strings.Contains(name, "file in") && !strings.Contains(errs, "counts instead of .sops.yaml") {
					t.Errorf("%s does not say that another file is shadowed:\n%s", args, errs)
				}
			}
			for path, text := range e.files() {
				if before[path] != text {
					t.Errorf("%s was written", path)
				}
			}
			for _, args := range []string{"seal --check overlays/e0", "check overlays/e0"} {
				_, errs, code := run(t, e.dir, strings.Fields(args)...)
				if code == 0 || !strings.Contains(errs, evil) {
					t.Errorf("%s: exit %d\n%s", args, code, errs)
				}
			}
			// Another key than the one that comes says nothing.
			if _, _, code := run(t, e.dir, "seal", "overlays/e0", "--accept-recipients", e.keys["people"]); code == 0 {
				t.Error("the wrong key was taken for a yes")
			}
			_, errs, code := run(t, e.dir, "seal", "overlays/e0", "--accept-recipients", evil)
			if code != 0 || !strings.Contains(errs, evil+": can open ") || !strings.Contains(e.read("overlays/e0/credentials/s3.enc.yaml"), evil) {
				t.Errorf("with a yes: exit %d\n%s", code, errs)
			}
			for path := range e.files() {
				if text, was := good[path]; was {
					e.write(path, text)
				} else {
					e.remove(path)
				}
			}
		})
	}
}

func TestATerminalIsAskedAboutReaders(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	trusted[e.dir] = nil
	stranger := newEnv(t, 0, 0)
	stranger.key("evil")
	t.Setenv("SOPS_AGE_KEY_FILE", e.dir+"-people.agekey")
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), "age: ", "age: "+stranger.keys["evil"]+","))
	for _, answer := range []string{"\n", "no\n", "", "yes\n"} {
		written := answer == "yes\n"
		before := e.read("overlays/e0/credentials/s3.enc.yaml")
		w := e.world()
		var errs strings.Builder
		w.Stderr, w.Stdin, w.StdinIsTerm, w.Args = &errs, strings.NewReader(answer), true, []string{"seal", "overlays/e0"}
		code := Run(t.Context(), w)
		if changed := e.read("overlays/e0/credentials/s3.enc.yaml") != before; changed != written || (code == 0) != written {
			t.Errorf("answer %q: exit %d, written: %t\n%s", answer, code, changed, errs.String())
		}
		if !strings.Contains(errs.String(), "encrypt for this reader? yes or no [no]: ") {
			t.Errorf("asks:\n%s", errs.String())
		}
	}
}

// So does every other command that encrypts, and without a yes it writes nothing.
func TestEveryWriterAsksAboutReaders(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	trusted[e.dir] = nil
	stranger := newEnv(t, 0, 0)
	stranger.key("evil")
	t.Setenv("SOPS_AGE_KEY_FILE", e.dir+"-people.agekey")
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), "age: ", "age: "+stranger.keys["evil"]+","))
	before := e.files()
	for _, args := range []string{"seal --rotate-keys overlays/e0", "user add carol --generate --dir overlays/e0", "user rotate puller --dir overlays/e0", "credential set s3 --field secretKey --generate --dir overlays/e0", "offboard " + e.keys["e0"]} {
		w := e.world()
		var out, errs strings.Builder
		w.Stdout, w.Stderr, w.Stdin, w.StdinIsTerm, w.Args = &out, &errs, strings.NewReader("no\n"), true, strings.Fields(args)
		code := Run(t.Context(), w)
		if code == 0 || !strings.Contains(errs.String(), stranger.keys["evil"]) || !strings.Contains(errs.String(), "encrypt for this reader? yes or no [no]: ") {
			t.Errorf("%s: exit %d\n%s", args, code, errs.String())
		}
		if got := changedFiles(before, e.files()); len(got) > 0 {
			t.Errorf("%s wrote %v", args, got)
		}
	}
}

// A cluster's key is known for sealed files, which makes it no reader of
// credentials.
func TestAClusterKeyIsNewToCredentials(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	trusted[e.dir] = nil
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), "    age: "+e.keys["people"]+"\n", "    age: "+e.keys["people"]+","+e.keys["e0"]+"\n"))
	_, errs, code := run(t, e.dir, "user", "add", "carol", "--generate")
	if code == 0 || !strings.Contains(errs, "rule 1: names "+e.keys["e0"]) {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// Deleting sealed files, which reggen seal makes again, hides no new reader.
func TestDeletedSealedFilesHideNoReader(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	trusted[e.dir] = nil
	stranger := newEnv(t, 0, 0)
	stranger.key("evil")
	t.Setenv("SOPS_AGE_KEY_FILE", e.dir+"-people.agekey")
	e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), e.keys["e0"], e.keys["e0"]+","+stranger.keys["evil"]))
	for path := range e.files() {
		if strings.Contains(path, "/sealed/") {
			e.remove(path)
		}
	}
	_, errs, code := run(t, e.dir, "seal", "overlays/e0")
	if code == 0 || !strings.Contains(errs, stranger.keys["evil"]) {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// Who had to come together with others, and now need not, is a new reader.
func TestALowerThresholdIsANewReader(t *testing.T) {
	e := newEnv(t, 1, 1)
	other := newEnv(t, 0, 0)
	other.key("second")
	t.Setenv("SOPS_AGE_KEY_FILE", e.dir+"-people.agekey")
	trusted[e.dir] = append(trusted[e.dir], other.keys["second"])
	rules := e.read(".sops.yaml")
	both := strings.ReplaceAll(rules, "    age: "+e.keys["people"]+"\n", "    shamir_threshold: 2\n    key_groups: [{age: ["+e.keys["people"]+"]}, {age: ["+e.keys["people"]+", "+other.keys["second"]+"]}]\n")
	e.write(".sops.yaml", both)
	e.ok("seal", "overlays/e0")
	trusted[e.dir] = nil
	e.write(".sops.yaml", strings.ReplaceAll(both, "    shamir_threshold: 2\n    key_groups: [{age: ["+e.keys["people"]+"]}, {age: ["+e.keys["people"]+", "+other.keys["second"]+"]}]\n", "    age: "+e.keys["people"]+","+other.keys["second"]+"\n"))
	_, errs, code := run(t, e.dir, "seal", "overlays/e0")
	if code == 0 || !strings.Contains(errs, other.keys["second"]) {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// A diff puts readers above all else, in every format, though no file was
// written for them yet.
func TestDiffShowsReadersFirst(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	e.git("init", "-q")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "first")
	stranger := newEnv(t, 0, 0)
	stranger.key("evil")
	evil := stranger.keys["evil"]
	for name, files := range hostileRules(e, evil) {
		t.Run(name, func(t *testing.T) {
			good := e.files()
			for path, text := range files {
				e.write(path, text)
			}
			e.write("overlays/e0/registry/registry.yaml", strings.Replace(good["overlays/e0/registry/registry.yaml"], "nyc3", "ams3", 1)) // something else to see
			for _, format := range []string{"text", "markdown", "json", "yaml"} {
				out, errs, code := run(t, e.dir, "diff", "-o", format)
				at := strings.Index(out, "+"+evil)
				switch {
				case code != exitDifferent:
					t.Errorf("exit %d\n%s", code, errs)
				case format == "json" || format == "yaml":
					if !strings.Contains(out, "readers") || strings.Count(out, evil) < 2 {
						t.Errorf("%s:\n%s", format, out)
					}
				case !strings.HasPrefix(strings.ToLower(strings.TrimLeft(out, "*")), "who can read secrets"), at < 0, strings.Index(out, "Deployment") < at, format == "markdown" && strings.Index(out, "<details>") < at:
					t.Errorf("%s:\n%s", format, out)
				}
			}
			for path := range e.files() {
				if text, was := good[path]; was {
					e.write(path, text)
				} else if !strings.HasPrefix(path, ".git/") {
					e.remove(path)
				}
			}
		})
	}
}

// A .sops.yaml that counts instead of the one above is named by whatever looks
// or writes, though it names nobody else.
func TestANestedConfigurationIsNamed(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	e.git("init", "-q")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "first")
	e.write("overlays/e0/.sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), "^overlays/e0/", "^"))
	for _, args := range []string{"diff", "diff -o markdown", "diff -o json", "check", "check -o json", "seal --check", "seal", "seal --rotate-keys", "user add x --generate --dir overlays/e0", "user rotate puller --dir overlays/e0", "credential set s3 --field secretKey --generate --dir overlays/e0"} {
		out, errs, _ := run(t, e.dir, strings.Fields(args)...)
		if !strings.Contains(out+errs, "overlays/e0/.sops.yaml") || !strings.Contains(out+errs, "counts instead of .sops.yaml") {
			t.Errorf("%s:\n%s%s", args, out, errs)
		}
	}
}

// One who is taken out of a rule is told, though no file was written anew yet.
func TestDiffShowsWhoIsTakenOut(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	e.git("init", "-q")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "first")
	e.write(".sops.yaml", strings.Replace(e.read(".sops.yaml"), ","+e.keys["e0"], "", 1))
	for _, format := range []string{"text", "markdown", "json", "yaml"} {
		out, errs, code := run(t, e.dir, "diff", "-o", format)
		if code != exitDifferent || !strings.Contains(out, e.keys["e0"]) || format == "text" && !strings.Contains(out, "sealed files: -"+e.keys["e0"]) {
			t.Errorf("%s: exit %d\n%s%s", format, code, out, errs)
		}
	}
}

// A new environment's readers are all new.
func TestDiffShowsTheReadersOfANewEnvironment(t *testing.T) {
	e := newEnv(t, 2, 1)
	e.ok("seal", "overlays/e0")
	e.git("init", "-q")
	e.git("add", ".sops.yaml", "bases", "overlays/e0")
	e.git("commit", "-q", "-m", "first")
	e.ok("seal", "overlays/e1")
	out, errs, _ := run(t, e.dir, "diff")
	if !strings.Contains(out, "  overlays/e1: sealed files: +"+e.keys["e1"]) && !strings.Contains(out, " +"+e.keys["e1"]) || strings.Contains(out, "+"+e.keys["e0"]) {
		t.Errorf("%s\n%s", out, errs)
	}
}
