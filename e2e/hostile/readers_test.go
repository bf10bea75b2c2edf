package hostile

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// The stranger of these tests: a key made with reggen's own init, elsewhere.
func stranger(t *testing.T) (recipient, keyFile string) {
	t.Helper()
	home := t.TempDir()
	cmd := exec.Command(reggen, "init", "overlays/x", "--host", "x.example.com", "--size", "1Gi")
	cmd.Dir, cmd.Env = t.TempDir(), []string{"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"), "PATH=" + bin}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	keyFile = filepath.Join(home, ".config", "sops", "age", "keys.txt")
	text, err := os.ReadFile(keyFile)
	must(t, err)
	for line := range strings.Lines(string(text)) {
		if public, is := strings.CutPrefix(strings.TrimSpace(line), "# public key: "); is {
			return public, keyFile
		}
	}
	t.Fatal("no public key")
	return "", ""
}

// inBlock changes the age recipients of an encrypted file.
func inBlock(t *testing.T, text string, change func(entries []any) []any) string {
	t.Helper()
	var doc map[string]any
	must(t, yaml.Unmarshal([]byte(text), &doc))
	block := doc["sops"].(map[string]any)
	block["age"] = change(block["age"].([]any))
	out, err := yaml.Marshal(doc)
	must(t, err)
	return string(out)
}

// TestDataKeys: what is written into a stranger's file, the stranger struck out
// of it, the stranger can't read.
func TestDataKeys(t *testing.T) {
	evil, keyFile := stranger(t)
	const path = "overlays/prod/credentials/alice.enc.yaml"
	for _, args := range []string{"credential set alice --field password --generate --dir overlays/prod", "seal --rotate-keys overlays/prod"} {
		// Made by the program itself, for both: then the stranger is struck out.
		maker := newRepository(t, nil)
		maker.write(".sops.yaml", strings.ReplaceAll(maker.read(".sops.yaml"), "age: ", "age: "+evil+","))
		if out := maker.reggen("credential set alice --field password --generate --dir overlays/prod --accept-recipients " + evil); out.code != 0 {
			t.Fatal(out.stderr)
		}
		var entry any
		r := newRepository(t, nil)
		trap := inBlock(t, maker.read(path), func(entries []any) (left []any) {
			for _, e := range entries {
				if e.(map[string]any)["recipient"] == evil {
					entry = e
				} else {
					left = append(left, e)
				}
			}
			return left
		})
		r.write(path, trap)
		if out := r.reggen(args); out.code != 0 {
			t.Fatalf("reggen %s: exit status %d\n%s", args, out.code, out.stderr)
		}
		got := inBlock(t, r.read(path), func(entries []any) []any { return append(entries, entry) })
		r.write(path, got)
		r.key = keyFile
		if out := r.reggen("credential show alice --secrets plain --dir overlays/prod"); out.code == 0 || strings.Contains(out.stdout, "password:") {
			t.Errorf("reggen %s wrote with a data key that the stranger knows", args)
		}
	}
}

// TestLayouts: no layout of a file, nothing in the place of a sealed one, and no
// machine credential lets a stranger read unasked.
func TestLayouts(t *testing.T) {
	evil, _ := stranger(t)
	good := newRepository(t, nil)
	rules := good.read(".sops.yaml")
	credentials := strings.Replace(rules, "age: "+people+"\n", "age: "+people+","+evil+"\n", 1)
	sealed := strings.ReplaceAll(rules, clust, clust+","+evil)
	quoted, other, none := attack{".sops.yaml": credentials}, attack{".sops.yaml": sealed}, attack{".sops.yaml": sealed}
	for _, name := range []string{"alice", "machine", "puller", "s3"} {
		path := "overlays/prod/credentials/" + name + ".enc.yaml"
		quoted[path] = strings.Replace(good.read(path), "\nsops:", "\n\"sops\":", 1)
	}
	for _, name := range []string{"docker-registry-htpasswd", "docker-registry-http", "docker-registry-s3", "regcred"} {
		path := "overlays/prod/sealed/" + name + ".yaml"
		other[path] = strings.Replace(good.read(path), "\nsops:", "\n\"sops\":", 1)
		none[path] = "x: y\n"
	}
	for name, c := range map[string]struct {
		attack   attack
		commands []string
	}{
		"quoted credentials":  {quoted, []string{"seal overlays/prod", "seal --rotate-keys overlays/prod", "user add carol --generate --dir overlays/prod", "user rotate puller --dir overlays/prod", "credential set s3 --field secretKey --generate --dir overlays/prod", "offboard " + clust}},
		"quoted sealed files": {other, []string{"seal overlays/prod", "seal --rotate-keys overlays/prod", "offboard " + clust}},
		"no sealed files":     {none, []string{"seal overlays/prod", "seal --rotate-keys overlays/prod"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, args := range c.commands {
				r := newRepository(t, c.attack)
				out := r.reggen(args)
				if out.code == 0 || !strings.Contains(out.stderr, evil) {
					t.Errorf("reggen %s: exit status %d, names nobody\n%s", args, out.code, out.stderr)
				}
				for _, path := range r.changed() {
					if strings.Contains(r.read(path), evil) && c.attack[path] == "" {
						t.Errorf("reggen %s encrypted %s for the stranger", args, path)
					}
				}
			}
		})
	}
}

// TestForgedBlocks: a name that was written into blocks and rule asks nothing,
// but whatever is written for it says so.
func TestForgedBlocks(t *testing.T) {
	evil, _ := stranger(t)
	good := newRepository(t, nil)
	a := attack{".sops.yaml": strings.Replace(good.read(".sops.yaml"), "age: "+people+"\n", "age: "+people+","+evil+"\n", 1)}
	for _, name := range []string{"alice", "machine", "puller", "s3"} {
		path := "overlays/prod/credentials/" + name + ".enc.yaml"
		a[path] = inBlock(t, good.read(path), func(entries []any) []any {
			return append(entries, map[string]any{"recipient": evil, "enc": entries[0].(map[string]any)["enc"]})
		})
	}
	for _, args := range []string{"user add carol --generate --dir overlays/prod", "user rotate puller --dir overlays/prod", "seal --rotate-keys overlays/prod", "diff"} {
		if out := newRepository(t, a).reggen(args); !strings.Contains(out.stderr+out.stdout, evil) {
			t.Errorf("reggen %s names nobody\n%s%s", args, out.stdout, out.stderr)
		}
	}
}

// A credential that the real sops made for the public recipients says nothing of
// who made it: a seal takes it, and names it.
func TestAStrangersCredentialIsNamed(t *testing.T) {
	r := newRepository(t, nil)
	file := filepath.Join(r.dir, "overlays/prod/credentials/s3.enc.yaml")
	plainText := "apiVersion: reggen.dev/v1alpha1\nkind: RegistryCredential\nmetadata:\n  name: s3\n  annotations: {config.kubernetes.io/local-config: \"true\"}\ntype: s3\nstringData:\n  accessKey: AKIAEVIL\n  secretKey: of-the-stranger\n"
	cmd := exec.Command(filepath.Join(bin, "sops"), "--config", "/dev/null", "encrypt", "--age", people, "--encrypted-regex", "^(data|stringData)$", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin")
	cmd.Stdin, cmd.Env = strings.NewReader(plainText), []string{"HOME=" + r.home, "PATH=" + bin}
	text, err := cmd.Output()
	must(t, err)
	must(t, os.WriteFile(file, text, 0o644))
	if out := r.reggen("check overlays/prod"); out.code == 0 || !strings.Contains(out.stderr, "docker-registry-s3.yaml") {
		t.Errorf("check: exit status %d\n%s", out.code, out.stderr)
	}
	out := r.reggen("seal overlays/prod")
	if out.code != 0 || !strings.Contains(out.stderr, "changed since the last seal, and not by this one") || !strings.Contains(out.stderr, "s3.enc.yaml") {
		t.Errorf("seal: exit status %d\n%s", out.code, out.stderr)
	}
}
