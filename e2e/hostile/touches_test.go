package hostile

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// touches is what a command may touch beyond reading the repository, its own
// program and what every process of the system reads. Addresses on the network
// it may ask none, without a flag that says so, or a command that is about it.
type touches struct {
	args     string   // how it is called; $PEOPLE is a recipient
	programs []string // that it may start
	key      bool     // it may read the private key
	writes   []string // where it may write, below the repository; $TMP for temporary files
	reads    []string // what else it may read, below the home folder
	asks     string   // the one address that it may ask: its command line names it
}

// commands has every command of the reference. A new one needs an entry here:
// what may it touch?
var commands = map[string][]touches{
	"access": {{args: "access", programs: []string{"git"}}, {args: "access -o html", programs: []string{"git"}}, {args: "access --from HEAD -o json overlays/prod", programs: []string{"git"}, writes: []string{"$TMP"}}},
	"build": {{args: "build overlays/prod"}, {args: "build --secrets redacted overlays/prod"}, {args: "build --secrets omit overlays/prod"}, {args: "build --secrets plain overlays/prod", key: true},
		{args: "check --watch overlays/prod", programs: []string{"reggen"}, key: true}, {args: "diff --watch overlays/prod", programs: []string{"reggen", "git"}, writes: []string{"$TMP"}}},
	"check":            {{args: "check", key: true}, {args: "check -o json", key: true}, {args: "check -o sarif overlays/prod", key: true}, {args: "check --from HEAD", key: true, programs: []string{"git"}, writes: []string{"$TMP"}}, {args: "check --rendered bases/registry/registry.yaml"}},
	"credential check": {{args: "credential check"}},
	"credential set":   {{args: "credential set s3 --field secretKey --generate --dir overlays/prod", key: true, writes: []string{"overlays/prod/credentials"}}},
	"credential show":  {{args: "credential show s3 --dir overlays/prod"}, {args: "credential show s3 --secrets plain --dir overlays/prod", key: true}},
	"diff":             {{args: "diff", programs: []string{"git"}, writes: []string{"$TMP"}}, {args: "diff --from HEAD -o markdown overlays/prod", programs: []string{"git"}, writes: []string{"$TMP"}}, {args: "diff --against . -o json"}},
	"edit":             {{args: "edit s3 overlays/prod", key: true, programs: []string{"sh"}}},
	"explain":          {{args: "explain spec.storage"}, {args: "explain chart --recursive"}},
	"import":           {{args: "import overlays/new --values values.yaml --people $PEOPLE --cluster $CLUSTER", writes: []string{"overlays/new", ".sops.yaml", "bases"}}},
	"init":             {{args: "init overlays/new --host new.example.com --size 1Gi --people $PEOPLE --cluster $CLUSTER", writes: []string{"overlays/new", ".sops.yaml", "bases"}}, {args: "init overlays/new --chart chart --people $PEOPLE --cluster $CLUSTER", programs: []string{"reggen"}, writes: []string{"overlays/new", ".sops.yaml"}}, {args: "init overlays/prod --print-rules --people $PEOPLE --cluster $CLUSTER"}},
	"offboard":         {{args: "offboard $CLUSTER --dry-run"}, {args: "offboard $CLUSTER", key: true, writes: []string{"overlays", ".sops.yaml", ".reggen-offboarding.json"}}},
	"plugin install":   {{args: "plugin install", writes: []string{"$HOME"}, reads: []string{"."}}},
	"probe":            {{args: "probe overlays/prod --url http://127.0.0.1:1", asks: `sin_port=htons(1), sin_addr=inet_addr("127.0.0.1")`}},
	"render":           {{args: "render -o rendered", programs: []string{"reggen"}, writes: []string{"rendered"}}, {args: "render -o rendered --check", programs: []string{"reggen"}}},
	"schema":           {{args: "schema"}},
	"seal":             {{args: "seal overlays/prod", key: true, writes: []string{"overlays/prod"}}, {args: "seal --check overlays/prod", key: true}, {args: "seal --rotate-keys overlays/prod", key: true, writes: []string{"overlays/prod"}}},
	"takeover":         {{args: "takeover overlays/prod"}, {args: "takeover overlays/prod --live live.yaml"}, {args: "takeover overlays/prod --forget"}},
	"user add":         {{args: "user add carol --generate --dir overlays/prod", writes: []string{"overlays/prod/credentials"}}, {args: "user add --from list --dir overlays/prod", writes: []string{"overlays/prod/credentials"}}},
	"user list":        {{args: "user list --dir overlays/prod"}},
	"user remove":      {{args: "user remove alice --dir overlays/prod", writes: []string{"overlays/prod/credentials"}}},
	"user retire":      {{args: "user retire puller --dir overlays/prod", writes: []string{"overlays/prod/credentials"}}},
	"user rotate":      {{args: "user rotate puller --dir overlays/prod", writes: []string{"overlays/prod", "bases"}}, {args: "user rotate --due overlays/prod"}, {args: "user rotate --due --dry-run overlays/prod"}},
	"user verify":      {{args: "user verify puller --dir overlays/prod", key: true}},
	"version":          {{args: "version"}},
	"__complete":       {{args: "__complete build o"}, {args: "__complete user remove --dir overlays/prod a"}},
	"worker":           {{args: "worker"}},
	"chart-worker":     {{args: "chart-worker"}},
}

// hidden are commands that no reference lists: a shell asks the one at each TAB,
// and reggen starts the other.
var hidden = []string{"__complete", "worker", "chart-worker"}

// groups are headings of the reference that only hold commands.
var groups = []string{"", "completion", "credential", "plugin", "user"}

func TestEveryCommandHasAnEntry(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repo, "docs", "reference", "commands.md"))
	must(t, err)
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^## reggen ?(.*)$").FindAllStringSubmatch(string(text), -1) {
		name := strings.TrimSpace(m[1])
		listed[name] = true
		if _, known := commands[name]; !known && !slices.Contains(groups, name) && !strings.HasPrefix(name, "completion ") {
			t.Errorf("the command %q has no entry: say in touches_test.go what it may touch", name)
		}
	}
	for name := range commands {
		if !listed[name] && !slices.Contains(hidden, name) {
			t.Errorf("the entry %q is of no command", name)
		}
	}
}

// On a good repository no command touches more than its entry says.
func TestCommandsTouchWhatTheyMay(t *testing.T) {
	for name, entries := range commands {
		for _, entry := range entries {
			t.Run(strings.ReplaceAll(entry.args, "/", "_"), func(t *testing.T) {
				r := newRepository(t, nil)
				out := r.reggen(entry.args)
				out.within(t, entry)
				if out.code != 0 && !slices.Contains([]string{"check", "probe", "user retire"}, name) && !strings.Contains(entry.args, "--check") {
					t.Errorf("exit status %d\n%s", out.code, out.stderr)
				}
			})
		}
	}
}
