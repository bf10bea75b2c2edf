package access

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"
)

// The size that the page has to take, and that of a repository in which something
// changed: what a row says depends on no size, and a small one costs less.
const (
	environments = 200
	people       = 50
	few          = 12
)

// odd is an environment of the small repository in which not all is as it should
// be: a rule that names somebody for whom no file is, and no more somebody whose
// files are left, and passwords that are older than the spec allows.
const odd = 1

// hostile is what somebody may write into a comment of .sops.yaml.
const hostile = `<img src=x onerror=document.title="owned"><script>document.title="owned"</script>`

// repository is a repository of that size, under git: what reggen needs to know
// of an encrypted file without a key is as in the examples, for other recipients
// and of other days.
type repository struct {
	t    testing.TB
	dir  string
	keys []string // of people, then of clusters
}

var (
	block   = regexp.MustCompile(`(?s)  age:\n.*?(  encrypted_regex:)`)
	wrapped = regexp.MustCompile(`(?s) +-----BEGIN AGE.*?END AGE ENCRYPTED FILE-----\n`) // of the first recipient
	written = regexp.MustCompile(`lastmodified: "[^"]*"`)
)

func newRepository(t testing.TB, environments int) *repository {
	t.Helper()
	r := &repository{t: t, dir: t.TempDir()}
	for range people + environments {
		key, err := age.GenerateX25519Identity()
		must(t, err)
		r.keys = append(r.keys, key.Recipient().String())
	}
	must(t, os.CopyFS(filepath.Join(r.dir, "bases"), os.DirFS(filepath.Join(repo, "bases"))))
	return r
}

// changed is a repository under git. In the working tree an environment and a person
// are new, one person and one environment have left, and one is odd.
func changed(t testing.TB) *repository {
	r := newRepository(t, few)
	r.state(few-1, people-1, -1)
	r.git("init", "-q", "-b", "main")
	r.git("add", "-A")
	r.git("commit", "-q", "-m", "first")
	r.state(few, people, 9)
	must(t, os.RemoveAll(filepath.Join(r.dir, "overlays", environment(few-2))))
	rules := r.read(".sops.yaml")
	before, after, found := strings.Cut(rules, "^overlays/"+environment(odd)+"/credentials/")
	if after = strings.Replace(after, "- *"+person(1)+"\n", "- *"+person(few)+"\n", 1); !found {
		t.Fatal("no rule for " + environment(odd))
	}
	r.write(".sops.yaml", before+"^overlays/"+environment(odd)+"/credentials/"+after)
	spec := "overlays/" + environment(odd) + "/registry/registry.yaml"
	r.write(spec, strings.Replace(r.read(spec), "\nspec:\n", "\nspec:\n  auth: {maxAge: 90d}\n  secrets: {maxAge: {dataKeys: 9999d}}\n", 1))
	return r
}

func (r *repository) read(rel string) string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, rel))
	must(r.t, err)
	return string(text)
}

// state writes the repository with so many environments and people, without one
// of them.
func (r *repository) state(environments, people, without int) {
	var rules strings.Builder
	rules.WriteString("keys:\n")
	for i := range people {
		switch i {
		case 3:
			fmt.Fprintf(&rules, "  - %s\n", r.keys[i])
		default:
			fmt.Fprintf(&rules, "  - &%s %s\n", person(i), r.keys[i])
		}
	}
	rules.WriteString("creation_rules:\n")
	for e := range environments {
		var names string
		var readers []string
		for i := range people {
			if i == without || !reads(i, e) {
				continue
			}
			readers = append(readers, r.keys[i])
			if i == 3 {
				names += "          - " + r.keys[i] + " # " + hostile + "\n"
			} else {
				names += "          - *" + person(i) + "\n"
			}
		}
		cluster := r.keys[len(r.keys)-1-e]
		for _, kind := range []string{"credentials", "sealed"} {
			fmt.Fprintf(&rules, "  - path_regex: ^overlays/%s/%s/.+\\.yaml$\n    key_groups:\n      - age:\n%s", environment(e), kind, names)
			if kind == "sealed" {
				fmt.Fprintf(&rules, "          - %s # cluster %s\n", cluster, environment(e))
				readers = append(readers, cluster)
			}
			r.copy(e, kind, readers)
		}
		r.copy(e, "registry", nil)
		r.write("overlays/"+environment(e)+"/kustomization.yaml", "generators: [registry]\n")
	}
	r.write(".sops.yaml", rules.String())
}

// copy takes over a folder of the example, its files being for these readers.
func (r *repository) copy(e int, kind string, readers []string) {
	from := filepath.Join(repo, "overlays", "staging", kind)
	entries, err := os.ReadDir(from)
	must(r.t, err)
	for _, f := range entries {
		data, err := os.ReadFile(filepath.Join(from, f.Name()))
		must(r.t, err)
		text := string(data)
		if kind == "registry" {
			text = strings.Replace(text, "registry.example.com", environment(e)+".example.com", 1)
		} else {
			enc := regexp.MustCompile(`(?m)^ +`).ReplaceAllString(wrapped.FindString(text), "        ")
			list := "  age:\n"
			for _, key := range readers {
				list += "    - enc: |\n" + enc + "      recipient: " + key + "\n"
			}
			text = block.ReplaceAllString(text, strings.ReplaceAll(list, "$", "$$")+"$1")
			sum := sha256.Sum256([]byte(environment(e) + f.Name()))
			text = written.ReplaceAllString(text, fmt.Sprintf(`lastmodified: "202%d-%02d-%02dT08:00:00Z"`, 3+sum[0]%3, 1+sum[1]%12, 1+sum[2]%28))
		}
		r.write("overlays/"+environment(e)+"/"+kind+"/"+f.Name(), text)
	}
}

func environment(i int) string {
	return fmt.Sprintf("%s-%s-%03d", []string{"prod", "staging", "dev"}[i%3], []string{"eu-west", "us-east", "ap-south"}[i/3%3], i)
}

func person(i int) string {
	first := []string{"alice", "bob", "carol", "dan", "erin", "frank", "grace", "heidi", "ivan", "judy"}
	last := []string{"archer", "baker", "cooper", "dyer", "fisher"}
	return first[i%10] + "-" + last[i/10%5]
}

// reads says which people open which environments: some all, most a few.
func reads(i, e int) bool { return i < 4 || (i*7+e)%13 == 0 }

func (r *repository) write(rel, text string) {
	path := filepath.Join(r.dir, rel)
	must(r.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(r.t, os.WriteFile(path, []byte(text), 0o644))
}

func (r *repository) git(args ...string) {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", r.dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "gc.auto=0"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_DATE=2026-02-03T10:00:00Z", "GIT_COMMITTER_DATE=2026-02-03T10:00:00Z", "GIT_CONFIG_GLOBAL=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
