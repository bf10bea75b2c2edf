package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// bad is one mistake: what is done to a sealed repository, and the command
// that meets it. The whole message stands in testdata/bad-inputs.txt.
type bad struct {
	name  string
	do    func(e *testEnv)
	args  string // split at spaces
	stdin string
	code  int // 1 unless said
}

// inSpec replaces text in the environment's spec.
func inSpec(old, new string) func(*testEnv) {
	return inFile("overlays/e0/registry/registry.yaml", old, new)
}

func inFile(file, old, new string) func(*testEnv) {
	return func(e *testEnv) {
		text := e.read(file)
		if !strings.Contains(text, old) {
			e.t.Fatalf("%s does not hold %q", file, old)
		}
		e.write(file, strings.Replace(text, old, new, 1))
	}
}

func gone(path string) func(*testEnv) {
	return func(e *testEnv) {
		if err := os.RemoveAll(e.path(path)); err != nil {
			e.t.Fatal(err)
		}
	}
}

func both(a, b func(*testEnv)) func(*testEnv) {
	return func(e *testEnv) { a(e); b(e) }
}

func file(path, text string) func(*testEnv) {
	return func(e *testEnv) { e.write(path, text) }
}

const (
	build0    = "build overlays/e0"
	credFile  = "overlays/e0/credentials/puller.enc.yaml"
	htpasswd0 = "overlays/e0/sealed/docker-registry-htpasswd.yaml"
	storage0  = "s3: {provider: digitalocean, region: nyc3, bucket: my-space}"
)

var badInputs = []bad{
	// The spec.
	{name: "a typo in a field", do: inSpec("bucket:", "buckett:"), args: build0},
	{name: "a typo at the top", do: inSpec("host:", "hosst:"), args: build0},
	{name: "several mistakes at once", do: inSpec("  host: r0.example.com", "  host: https://r0.example.com/\n  replicas: many\n  bogus: 1"), args: build0},
	{name: "no host", do: inSpec("  host: r0.example.com\n", ""), args: build0},
	{name: "no storage", do: inSpec("storage:\n    "+storage0, "storage: {}"), args: build0},
	{name: "two storages", do: inSpec(storage0, storage0+"\n    filesystem: {size: 1Gi}"), args: build0},
	{name: "an unknown provider", do: inSpec("digitalocean", "digitalozean"), args: build0},
	{name: "encryption where Spaces has none", do: inSpec("bucket: my-space", "bucket: my-space, encrypt: true"), args: build0},
	{name: "an unknown flavor", do: inSpec("  host:", "  image: {flavor: distributon}\n  host:"), args: build0},
	{name: "a number as a tag", do: inSpec("  host:", "  image: {tag: 3.1}\n  host:"), args: build0},
	{name: "a GitLab image without htpasswd", do: inSpec("  host:", "  image: {flavor: gitlab, tag: v4.0.0-gitlab, repository: gitlab/registry}\n  host:"), args: build0},
	{name: "replicas on one node's disk", do: inSpec(storage0, "filesystem: {size: 1Gi}\n  replicas: 2"), args: build0},
	{name: "anonymous with a pull secret", do: inSpec("  host:", "  auth: {anonymous: true}\n  host:"), args: build0},
	{name: "anonymous with users", do: inSpec("  host:", "  auth: {anonymous: true}\n  pullSecrets: null\n  host:"), args: build0},
	{name: "a secret in values", do: inSpec("  host:", "  values: {secrets: {htpasswd: "+canary+"}}\n  host:"), args: build0},
	{name: "a secret in config", do: inSpec("  host:", "  config: {http: {secret: "+canary+"}}\n  host:"), args: build0},
	{name: "values that contradict the spec", do: inSpec("  host:", "  values: {replicaCount: 7}\n  host:"), args: build0},
	{name: "an unknown value", do: inSpec("  host:", "  values: {replicaCont: 7}\n  host:"), args: build0},
	{name: "another version asked for", do: inSpec("  host:", "  reggen: \"not a version\"\n  host:"), args: build0},
	{name: "another kind", do: inFile("bases/registry/registry.yaml", "v1alpha1", "v1"), args: build0},
	{name: "a spec that is no YAML", do: inSpec("spec:", "spec: ["), args: build0},
	{name: "a pull secret of nobody", do: inFile("bases/registry/registry.yaml", "user: puller", "user: pulle"), args: build0},

	{name: "a key that stands twice", do: inSpec("  host:", "  host: other.example.com\n  host:"), args: build0},
	{name: "a key twice, met by seal", do: inSpec("  host:", "  storage: {}\n  host:"), args: "seal overlays/e0"},
	{name: "another name than the base's", do: inSpec("name: docker-registry", "name: my.registry"), args: build0},
	{name: "another namespace, met by seal", do: inSpec(", namespace: registry", ""), args: "seal overlays/e0"},

	// Kustomizations.
	{name: "a typo in a kustomization", do: file("overlays/e0/kustomization.yaml", "generator: [registry]\n"), args: build0},
	{name: "a typo in a kustomization, met by seal", do: file("overlays/e0/kustomization.yaml", "# e0\ngenerator: [registry]\n"), args: "seal"},
	{name: "a typo in the spec's kustomization", do: inFile("overlays/e0/registry/kustomization.yaml", "resources:", "resource:"), args: build0},
	{name: "something for the cluster under generators", do: both(file("overlays/e0/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"), file("overlays/e0/kustomization.yaml", "generators: [registry, map.yaml]\n")), args: build0},
	{name: "an empty kustomization", do: file("overlays/e0/kustomization.yaml", ""), args: build0},
	{name: "an empty kustomization, met by seal", do: file("overlays/e0/kustomization.yaml", "\n"), args: "seal"},

	// Credentials.
	{name: "no credentials", do: gone("overlays/e0/credentials"), args: build0},
	{name: "a readable credential", do: file(credFile, "apiVersion: reggen.dev/v1alpha1\nkind: RegistryCredential\nmetadata: {name: puller}\ntype: user\nstringData: {password: "+canary+"}\n"), args: build0},
	{name: "a credential with a typo", do: inFile(credFile, "type: user", "type: usr"), args: build0},
	{name: "a credential in conflict", do: inFile(credFile, "type: user", "<<<<<<< ours\ntype: user\n=======\ntype: user\n>>>>>>> theirs"), args: "seal overlays/e0"},
	{name: "a tampered credential", do: inFile(credFile, "name: puller", "name: pulled"), args: "seal overlays/e0"},
	{name: "two credentials of one user", do: func(e *testEnv) {
		e.user(0, "copy", "x")
		inFile("overlays/e0/credentials/copy.enc.yaml", "type: user", "type: user\nuser: puller")(e)
	}, args: build0},
	{name: "no s3 credential", do: gone("overlays/e0/credentials/s3.enc.yaml"), args: build0},
	{name: "no machine credential", do: gone("overlays/e0/credentials/machine.enc.yaml"), args: build0},
	{name: "a lost machine credential", do: gone("overlays/e0/credentials/machine.enc.yaml"), args: "seal overlays/e0"},

	{name: "a comment in a credential", do: inFile(credFile, "  password:", "  # "+canary+"\n  password:"), args: build0},
	{name: "a second document in a credential", do: func(e *testEnv) { e.write(credFile, e.read(credFile)+"---\nstringData: {password: "+canary+"}\n") }, args: build0},
	{name: "what only looks encrypted", do: func(e *testEnv) {
		e.write(credFile, regexp.MustCompile(`password: ENC.*`).ReplaceAllString(e.read(credFile), "password: ENC[AES256_GCM,data:"+canary+",type:str]"))
	}, args: build0},
	{name: "a typo in a credential's field", do: inFile(credFile, "  password:", "  pasword:"), args: build0},
	{name: "a name that leads out of the folder", do: inSpec("  host:", "  values: {fullnameOverride: ../../evil}\n  host:"), args: "seal overlays/e0"},
	{name: "a typo in the kind", do: both(inFile("bases/registry/registry.yaml", "kind: Registry", "kind: Regsitry"), inFile("overlays/e0/registry/registry.yaml", "kind: Registry", "kind: Regsitry")), args: build0},

	// Sealed files.
	{name: "never sealed", do: gone("overlays/e0/sealed"), args: build0},
	{name: "one sealed file missing", do: gone("overlays/e0/sealed/regcred.yaml"), args: build0},
	{name: "a changed password without a seal", do: func(e *testEnv) { e.user(0, "puller", canary+"2") }, args: build0},
	{name: "a sealed file edited by hand", do: inFile(htpasswd0, "htpasswd: ENC[AES256_GCM,data:", "htpasswd: ENC[AES256_GCM,data:AAAA"), args: build0},
	{name: "a sealed file in conflict", do: inFile(htpasswd0, "kind: Secret", "<<<<<<< ours\nkind: Secret\n=======\nkind: Secret\n>>>>>>> theirs"), args: build0},
	{name: "a sealed file that is readable", do: file(htpasswd0, "apiVersion: v1\nkind: Secret\nmetadata: {name: docker-registry-htpasswd}\ndata: {htpasswd: "+canary+"}\n"), args: build0},
	{name: "plain without a key", do: withoutKey, args: "build --secrets plain overlays/e0"},
	{name: "seal without a key", do: withoutKey, args: "seal overlays/e0"},
	{name: "seal --check finds a stale file", do: func(e *testEnv) { e.user(0, "puller", canary+"2") }, args: "seal --check overlays/e0"},

	// .sops.yaml.
	{name: "no .sops.yaml", do: gone(".sops.yaml"), args: "seal overlays/e0"},
	{name: "a typo in the matching rule", do: inFile(".sops.yaml", "    age:", "    agee:"), args: "seal overlays/e0"},
	{name: "no rule for sealed files", do: inFile(".sops.yaml", "e0/sealed", "e9/sealed"), args: "seal overlays/e0"},

	// Folders and the command line.
	{name: "no such folder", args: "build overlays/e7"},
	{name: "a folder without a kustomization", args: "build bases"},
	{name: "a folder without a Registry", do: file("empty/kustomization.yaml", "resources: []\n"), args: "seal empty"},
	{name: "no folder, and two that could be meant", do: file("overlays/e1/kustomization.yaml", "generators: [../e0/registry]\n"), args: "build"},
	{name: "no folder, and none that could be meant", do: gone("overlays"), args: "seal"},
	{name: "a folder with a typo", args: "build overlays/eO"},
	{name: "the folder above the environments", args: "build overlays"},
	{name: "the repository's folder", args: "build ."},
	{name: "the folder of the spec", args: "check overlays/e0/registry"},
	{name: "the folder of the base", args: "seal bases/registry"},
	{name: "a lost kustomization", do: gone("overlays/e0/kustomization.yaml"), args: "seal"},
	{name: "an unknown command", args: "biuld overlays/e0", code: 2},
	{name: "an unknown flag", args: "build --secret plain overlays/e0", code: 2},
	{name: "another program's word for a command", args: "lint overlays/e0", code: 2},
	{name: "a shell's word for a command", args: "user ls", code: 2},
	{name: "a misspelt flag", args: "seal --chekc overlays/e0", code: 2},
	{name: "an argument too many", args: "user list " + canary, code: 2},
	{name: "two folders for one", args: "init overlays/a overlays/b", code: 2},
	{name: "help about nothing", args: "help user lst", code: 2},
	{name: "a mistyped command with the flag of the right one", args: "user ad alice --password-stdin", code: 2},
	{name: "an unknown shell", args: "completion zhs", code: 2},
	{name: "an unknown way to treat secrets", args: "build --secrets hidden overlays/e0", code: 2},
	{name: "a patch that fits nothing", do: both(file("overlays/e0/patch.yaml", "- {op: remove, path: /spec/nothing}\n"), file("overlays/e0/kustomization.yaml", "generators: [registry]\npatches: [{target: {kind: Deployment}, path: patch.yaml}]\n")), args: build0},

	// Users and values.
	{name: "a namespace that moves two pull secrets together", do: both(file("overlays/e0/kustomization.yaml", "generators: [registry]\nnamespace: elsewhere\n"),
		inFile("bases/registry/registry.yaml", "namespaces: [default]", "namespaces: [default, other]")), args: build0},
	{name: "a user that is there", args: "user add puller --generate"},
	{name: "a user with a colon", args: "user add a:b --generate"},
	{name: "a password of 73 bytes", args: "user add long --password-stdin", stdin: strings.Repeat("x", 73)},
	{name: "an empty password", args: "user add empty --password-stdin", stdin: "\n"},
	{name: "a password on the command line", args: "user add alice " + canary, code: 2},
	{name: "nobody to ask", args: "user add alice", code: 2},
	{name: "a hash that is none", args: "user add alice --hash-stdin", stdin: canary},
	{name: "a cost that is too high", args: "user add alice --generate --cost 31", code: 2},
	{name: "a hash of somebody else", args: "user add alice --hash-stdin", stdin: "bob:$2y$05$abcdefghijklmnopqrstuuY8dnSW4gvhLxgDkPkvbm0Yh5dtbFnVy"},
	{name: "a hash that is too cheap", args: "credential set u0 --field hash --stdin", stdin: "$2y$04$abcdefghijklmnopqrstuuY8dnSW4gvhLxgDkPkvbm0Yh5dtbFnVy"},
	{name: "only a hash for the puller", args: "credential set puller --field hash --stdin", stdin: "$2y$05$abcdefghijklmnopqrstuuY8dnSW4gvhLxgDkPkvbm0Yh5dtbFnVy"},
	{name: "a password as a flag", args: "user add alice -p" + canary, code: 2},
	{name: "a password as a flag's value", args: "user add alice --password-stdin=" + canary, code: 2},
	{name: "a password as another flag's value", args: "user add alice --generate --cost " + canary, code: 2},
	{name: "a secret as a field", args: "credential set s3 --field " + canary, code: 2},
	{name: "a private key as a file name", args: "init overlays/new --host n.example.com --size 1Gi --key-file AGE-SECRET-KEY-1" + canary},
	{name: "a file in the way", do: func(e *testEnv) {
		if err := os.Rename(e.path("overlays/e0/credentials/u0.enc.yaml"), e.path("overlays/e0/credentials/s3.enc.yaml")); err != nil {
			e.t.Fatal(err)
		}
	}, args: "credential set s3 --stdin", stdin: "accessKey=a\nsecretKey=b\n"},
	{name: "removing the puller", args: "user remove puller"},
	{name: "removing a stranger", args: "user remove nobody"},
	{name: "verifying a wrong password", args: "user verify puller --password-stdin", stdin: canary + "-wrong"},
	{name: "a value for an unknown field", args: "credential set s3 --stdin", stdin: "secretkey=" + canary + "\n"},
	{name: "a value without a field", args: "credential set s3 --stdin", stdin: canary + "\n"},
	{name: "an unknown credential", args: "credential set azure --stdin", stdin: "x=y\n"},
	{name: "init over an environment", args: "init overlays/e0 --host other.example.com --size 1Gi"},
	{name: "init without answers", args: "init overlays/new", code: 2},
	{name: "an unknown schema", args: "schema Registri", code: 2},
}

// withoutKey takes away the key that SOPS would find.
func withoutKey(e *testEnv) {
	if t, ok := e.t.(*testing.T); ok {
		t.Setenv("SOPS_AGE_KEY_FILE", filepath.Join(e.dir, "no.key"))
	}
}

var settings = regexp.MustCompile(`([A-Z]:)?/[^ ]*/sops/age`)

var recipient = regexp.MustCompile(`age1[a-z0-9]{50,}`)

// TestBadInputs: exit status not 0, the whole message, nothing on stdout, no
// file changed, and no secret in the message.
func TestBadInputs(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	good := e.files()
	home, tmp := os.Getenv("HOME"), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	var report bytes.Buffer
	for _, c := range badInputs {
		ok := t.Run(c.name, func(t *testing.T) {
			e := &testEnv{t: t, dir: e.dir, keys: e.keys}
			restore(t, e, good)
			if c.do != nil {
				c.do(e)
			}
			before := e.files()
			stdout, stderr, code := runWith(t, e.dir, c.stdin, strings.Fields(c.args)...)
			want := c.code
			if want == 0 {
				want = exitFail
			}
			if code != want {
				t.Errorf("exit status %d, want %d\n%s", code, want, stderr)
			}
			if stdout != "" {
				t.Errorf("%d bytes on stdout", len(stdout))
			}
			if changed := changedFiles(before, e.files()); len(changed) > 0 {
				t.Errorf("changed %v", changed)
			}
			for _, dir := range []string{home, tmp} {
				for name, text := range (&testEnv{t: t, dir: dir}).files() {
					if strings.Contains(text, canary) {
						t.Fatalf("a secret stands in %s", name)
					}
				}
			}
			args := strings.ReplaceAll(c.args, canary, "(a secret)")
			if strings.Contains(stderr, canary) {
				t.Fatal("the message holds a secret")
			}
			stderr = strings.NewReplacer(e.dir, "(repository)", filepath.ToSlash(e.dir), "(repository)").Replace(stderr)
			stderr = settings.ReplaceAllString(stderr, "(settings)/sops/age")
			stderr = recipient.ReplaceAllString(stderr, "age1(recipient)")
			fmt.Fprintf(&report, "== %s\n$ reggen %s\n%s\n", c.name, args, stderr)
		})
		if !ok {
			fmt.Fprintf(&report, "== %s\nfailed\n\n", c.name)
		}
	}
	if len(badInputs) < 40 {
		t.Errorf("only %d bad inputs", len(badInputs))
	}
	golden(t, "testdata/bad-inputs.txt", report.Bytes())
}

// restore makes the repository what it was.
func restore(t *testing.T, e *testEnv, good map[string]string) {
	t.Helper()
	for name := range e.files() {
		if _, ok := good[name]; !ok {
			gone(name)(e)
		}
	}
	for name, text := range good {
		e.write(name, text)
	}
}

func runWith(t testing.TB, dir, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	w := New(args, &terminal.Terminal{
		Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }, Now: time.Now,
	}, &repository.Repository{Dir: dir}, Machine{Home: filepath.Join(dir, "..", "home"), Random: rand.Reader, Executable: os.Executable})
	code = Run(context.Background(), w)
	return out.String(), errs.String(), code
}
