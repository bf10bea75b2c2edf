package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// Every command in the guide runs: each page from top to bottom, each code
// block in a shell, in a copy of the examples with people's key, with the real
// reggen, kustomize, sops and git. Programs that need a cluster, a registry or
// a desk are stand-ins, which say that they were called and check what they
// are given.
func TestGuide(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(repo, "docs/guide/*.md"))
	must(t, err)
	if len(pages) < 8 {
		t.Fatalf("found only %v", pages)
	}
	used := map[string]bool{}
	for _, page := range pages {
		name := filepath.Base(page)
		if name == "rotation.md" || name == "charts.md" {
			continue // TestRotationGuide and TestChartsGuide in cmd/reggen compare the page with a script that runs it
		}
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(page)
			must(t, err)
			p := desk(t, setup[name])
			for _, block := range codeBlocks(string(text)) {
				for said, run := range instead {
					if strings.Contains(block, said) {
						used[said] = true
						block = strings.ReplaceAll(block, said, run)
					}
				}
				for _, word := range placeholders {
					block = strings.ReplaceAll(block, word[0], word[1])
				}
				if r := p.run("", "/bin/bash", "-e", "-o", "pipefail", "-c", block); r.code != 0 {
					t.Fatalf("exit status %d of\n%s\n%s", r.code, block, r.stderr)
				}
			}
		})
	}
	for said := range instead {
		if !used[said] && !t.Failed() {
			t.Errorf("no page says %q any more", said)
		}
	}
}

// The YAML in the guide is what its reader takes: objects are held against
// their product's types, a kustomization builds with the components that it
// names, and hooks exist.
func TestGuideYAML(t *testing.T) {
	hooks, err := os.ReadFile(filepath.Join(repo, ".pre-commit-hooks.yaml"))
	must(t, err)
	seen := map[string]int{}
	for _, page := range []string{"argocd.md", "flux.md", "pre-commit.md"} {
		text, err := os.ReadFile(filepath.Join(repo, "docs/guide", page))
		must(t, err)
		for _, m := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
			var o map[string]any
			must(t, yaml.UnmarshalStrict([]byte(m[1]), &o))
			switch {
			case o["kind"] != nil:
				seen["object"]++
				if err := valid(t, o); err != nil {
					t.Errorf("%s: %v", page, err)
				}
			case o["components"] != nil:
				seen["kustomization"]++
				p := bare(t)
				copyTree(t, filepath.Join(repo, "deploy"), filepath.Join(p.dir, "deploy"))
				copyTree(t, "testdata/argocd/install", filepath.Join(p.dir, "install"))
				local := regexp.MustCompile(`https://raw\S+/install\.yaml`).ReplaceAllString(m[1], "../install")
				local = regexp.MustCompile(`https://github\.com/reggen/reggen//(\S+)\?ref=\S+`).ReplaceAllString(local, "../$1")
				p.write("mine/kustomization.yaml", local)
				if out := p.ok("", tool("kustomize"), "build", "mine"); !bytes.Contains(out, []byte("image: ghcr.io/reggen/reggen:0.1.0\n")) {
					t.Errorf("%s: no sidecar in\n%s", page, out)
				}
			case o["repos"] != nil:
				for _, id := range regexp.MustCompile(`- id: (\S+)`).FindAllStringSubmatch(m[1], -1) {
					seen["hook"]++
					if !bytes.Contains(hooks, []byte("- id: "+id[1]+"\n")) {
						t.Errorf("%s: no hook %s", page, id[1])
					}
				}
			}
		}
	}
	if seen["object"] < 1 || seen["kustomization"] != 1 || seen["hook"] != strings.Count(string(hooks), "- id: ") {
		t.Errorf("found only %v", seen)
	}
}

// setup is what has happened before a page begins, besides the examples.
var setup = map[string]string{
	// It begins in a repository with nothing but the sample application.
	"tutorial.md": "rm -r .sops.yaml rendered overlays/dev overlays/staging overlays/prod overlays/database bases/registry bases/database",
	// Somebody is there who will leave.
	"keys.md":      "age-keygen -o leaver.agekey; LEAVER=$(age-keygen -y leaver.agekey); sed \"s/age: age1z0et[a-z0-9]*/&,$LEAVER/\" .sops.yaml > new; mv new .sops.yaml; reggen seal overlays/dev overlays/staging overlays/prod overlays/database --accept-recipients $LEAVER",
	"moving-in.md": "printf 'image: {tag: 2.8.1}\\npersistence: {enabled: true}\\ningress: {enabled: true, hosts: [registry.example.com]}\\nsecrets: {htpasswd: \"%s\"}\\n' \"$(htpasswd -nbB alice demo-password | head -1)\" > chart_values.yaml",
	// A limit that nothing is older than.
	"ci.md":    "echo '  auth: {maxAge: 9999d}' >> overlays/prod/registry/registry.yaml",
	"check.md": "reggen build overlays/prod > rendered.yaml",
	"image.md": "reggen plugin install", // the image has it where kustomize looks
	"krm.md":   "mkdir package; cp -r overlays/prod/credentials overlays/prod/sealed package/",
	// Restoring needs what render wrote, and the names in it.
	"three-in-the-morning.md": "reggen plugin install; cp " + keyOf("prod") + " cluster.agekey",
}

// instead is what runs in the place of a command that asks at a terminal, or
// that another test runs for real.
var instead = map[string]string{
	"    reggen credential set s3\n":      `printf 'accessKey=%s\nsecretKey=%s\n' "$KEY" "$SECRET" | reggen credential set s3 --stdin` + "\n",
	"    reggen user add alice\n":         "reggen user add alice --generate\n",
	"reggen diff overlays/prod --watch\n": "timeout --preserve-status -s INT 5 reggen diff overlays/prod --watch\n",
	"scripts/image.sh image":              "mkdir image #", // TestImage
}

// placeholders are the words that a reader puts something else in for.
var placeholders = [][2]string{
	{"PATH-OF-THE-CLUSTERS-KEY", keyOf("prod")},
	{"PACKAGE", "package"},
	{"NAME", "alice"},
	{"age1...", "$(age-keygen -y leaver.agekey)"},
	{"DIR", "overlays/prod"},
}

func keyOf(name string) string { return "$KEYS/" + name + ".agekey" }

// desk is a person's desk: a clone of the examples, a key, and programs.
func desk(t *testing.T, prepare string) *project {
	t.Helper()
	p := examples(t)
	copyTree(t, demoKey("people"), filepath.Join(p.home, ".config/sops/age/keys.txt"))
	keys := filepath.Join(filepath.Dir(p.home), "keys")
	copyTree(t, filepath.Join(repo, "testdata/keys"), keys)
	copyTree(t, filepath.Join(repo, "deploy"), filepath.Join(p.dir, "deploy"))
	stands := filepath.Join(filepath.Dir(p.home), "stands")
	must(t, os.MkdirAll(stands, 0o755))
	for name, script := range standIns {
		must(t, os.WriteFile(filepath.Join(stands, name), []byte("#!/bin/bash\nset -e\n"+script), 0o755))
	}
	git := system(t, "git", "apt-get install -y --no-install-recommends git")
	p.env = append(p.env, "PATH="+strings.Join([]string{stands, bin, filepath.Dir(git), "/usr/bin", "/bin"}, ":"), "KEYS="+keys,
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.com", "KEY=DO00EXAMPLE", "SECRET=demo-secret-key")
	before := "reggen render overlays/* -o rendered; git -c init.defaultBranch=main init -q; git add -A; git commit -q -m main; git remote add origin https://git.example.com/x.git; git update-ref refs/remotes/origin/main HEAD\n"
	if r := p.run("", "/bin/bash", "-e", "-c", before+prepare); r.code != 0 {
		t.Fatalf("%s\n%s", prepare, r.stderr)
	}
	return p
}

// standIns are the programs that are not there.
var standIns = map[string]string{
	// Objects that come in have to be some, and in the clear.
	"kubectl": `if [ "$1" = kustomize ]; then shift; exec kustomize build "$@"; fi
case "$*" in *"-f -"*)
	objects=$(cat)
	grep -q '^kind: ' <<< "$objects"
	if grep -q 'ENC\[' <<< "$objects"; then echo "ciphertext for the cluster" >&2; exit 1; fi
	;;
*--from-file=age.agekey=*) all=$*; test -s "${all##*=}" ;;
*"apply -k "*) all=$*; kustomize build "${all##* }" > /dev/null ;;
esac
`,
	// Runs what the image runs: reggen, or the entry point that is named.
	"docker": `program=reggen
while [ $# -gt 0 ]; do case $1 in
	--entrypoint) program=$2; shift ;;
	reggen) shift; exec "$program" "$@" ;;
	build|push|login|run) ;;
	esac; shift; done
`,
	"crane": `[ "$1" = push ] && test -d "$2"
`,
	// Gives the function what kpt gives it. TestKpt runs kpt itself, where there
	// is one.
	"kpt": `[ "$1 $2 $4 $6" = "fn eval --exec --fn-config" ]
{
	echo "apiVersion: config.kubernetes.io/v1"; echo "kind: ResourceList"
	echo "functionConfig:"; sed 's/^/  /' "$7"
	echo "items:"; for f in "$3"/*/*.yaml; do sed '1s/^/- /; 2,$s/^/  /' "$f"; done
} | "$5" > result.yaml
grep -q 'kind: Deployment' result.yaml
`,
	"flux":       "for a; do case $a in --path=*) test -d \"${a#--path=}\" ;; esac; done\n",
	"pre-commit": "", // TestPreCommitHooks, TestPreCommitCredentials
	"pass":       "reggen credential show alice --dir overlays/prod --secrets plain --field password\n",
	"pbpaste":    "echo 'carol:$2y$10$abcdefghijklmnopqrstuuu7q1Hd0r0w0Y1GkHc0hV1l0T0r5cbxK'\n",
	"htpasswd":   "echo \"${*: -1}\"':$2y$10$abcdefghijklmnopqrstuuu7q1Hd0r0w0Y1GkHc0hV1l0T0r5cbxK'\n",
}

// codeBlocks are the commands of a page: its sh blocks, and its indented ones,
// which hold nothing else.
func codeBlocks(text string) []string {
	var blocks []string
	var block []string
	flush := func() {
		if len(block) > 0 {
			blocks = append(blocks, strings.Join(block, "\n")+"\n")
		}
		block = nil
	}
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch trimmed := strings.TrimSpace(line); {
		case strings.HasPrefix(trimmed, "```") && fence != "":
			flush()
			fence = ""
		case strings.HasPrefix(trimmed, "```"):
			flush()
			fence = strings.TrimPrefix(trimmed, "```")
			if !slices.Contains([]string{"sh", "yaml", "json", "text"}, fence) {
				panic(fmt.Sprintf("a block in %q: say sh, yaml, json or text", fence))
			}
		case fence == "sh", fence == "" && strings.HasPrefix(line, "    "):
			block = append(block, line)
		case fence == "":
			flush()
		}
	}
	flush()
	return blocks
}
