package cli

import (
	"encoding/json"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/needs"
	"github.com/reggen/reggen/internal/repository"
	"github.com/reggen/reggen/internal/terminal"
)

// hostileText is what a pull request may hold wherever a text can stand: a line
// of its own with a command for a CI, colours, a sentence turned around, and
// what means something to Markdown and HTML.
const hostileText = "evil\n::error::owned\r\x1b[32mok\u202e\u2066\u200b\u2028\n  ::add-mask::o\n##[group]o ##vso[task.complete]o\u3164 `</summary><img src=x> @team [l](http://h)"

// quoted is a text as JSON, which YAML and kustomize take too.
func quoted(text string) string {
	out, _ := terminal.JSONText(text)
	return strings.TrimSpace(string(out))
}

// writable skips a place that is the name of a file which Windows refuses.
func writable(t *testing.T, files map[string]string) {
	t.Helper()
	for path := range files {
		if strings.ContainsAny(path, "\n\x1b<:*") {
			needs.Unix(t, needs.Names)
		}
	}
}

// hostilePlaces are the places that a repository has for a text: files to be
// written, and what is done to the repository where that is not enough.
func hostilePlaces(e *testEnv) map[string]map[string]string {
	q := quoted(hostileText)
	const overlay, spec = "overlays/e0/kustomization.yaml", "overlays/e0/registry/registry.yaml"
	good := e.read(spec)
	inSpec := func(text string) map[string]string { return map[string]string{spec: good + text} }
	object := func(text string) map[string]string {
		return map[string]string{overlay: "generators: [registry]\nresources: [x.yaml]\n", "overlays/e0/x.yaml": text}
	}
	places := map[string]map[string]string{
		"a key of the spec":       inSpec("  " + q + ": x\n"),
		"a value of the spec":     inSpec("  image: {tag: " + q + "}\n"),
		"a region":                {spec: strings.Replace(good, "nyc3", q, 1)},
		"a host":                  {spec: strings.Replace(good, "r0.example.com", q, 1)},
		"a key of values":         inSpec("  values: {" + q + ": x}\n"),
		"a value of values":       inSpec("  values: {replicaCount: " + q + "}\n"),
		"a label of the pods":     inSpec("  values: {podLabels: {" + q + ": " + q + "}}\n"),
		"a user of a pull secret": inSpec("  pullSecrets: {regcred: {user: " + q + "}}\n"),
		"a namespace":             inSpec("  pullSecrets: {regcred: {namespaces: [" + q + "]}}\n"),
		"the config":              inSpec("  config: {" + q + ": {" + q + ": x}}\n"),
		"a rule that is silenced": inSpec("  check: {silence: {" + q + ": " + q + "}}\n"),
		"the sealed folder":       inSpec("  secrets: {sealed: " + q + "}\n"),
		"the credentials folder":  inSpec("  secrets: {credentials: [" + q + "]}\n"),
		"the metadata":            {spec: strings.Replace(good, "namespace: registry}", "namespace: registry, annotations: {"+q+": "+q+"}}", 1)},
		"the registry's name":     {spec: strings.Replace(good, "name: docker-registry", "name: "+q, 1)},
		"an object's name":        object("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + q + "}\n"),
		"an object's kind":        object("apiVersion: v1\nkind: " + q + "\nmetadata: {name: x}\n"),
		"an object's namespace":   object("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: " + q + "}\n"),
		"an object's fields":      object("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {" + q + ": " + q + "}\n"),
		"an object's data":        object("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: {" + q + ": " + q + "}}\ndata: {" + q + ": " + q + "}\n"),
		"a secret's key":          object("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {" + q + ": " + q + "}\n"),
		"a container":             object("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: " + q + ", image: " + q + ", env: [{name: " + q + ", value: " + q + "}]}]}\n"),
		"a resource's path":       {overlay: "generators: [registry]\nresources: [" + q + "]\n"},
		"a generator's path":      {overlay: "generators: [" + q + "]\n"},
		"a patch":                 {overlay: "generators: [registry]\npatches: [{patch: " + q + "}]\n"},
		"a patch's target":        {overlay: "generators: [registry]\npatches: [{target: {kind: Deployment}, patch: '[{\"op\": \"test\", \"path\": \"/metadata/name\", \"value\": \"" + strings.ReplaceAll(strings.Trim(q, `"`), "'", "") + "\"}]'}]\n"},
		"a field of it":           {overlay: "generators: [registry]\n" + q + ": x\n"},
		"a var":                   {overlay: "generators: [registry]\nvars: [{name: " + q + ", objref: {kind: Secret, name: regcred, apiVersion: v1}}]\n"},
		"a remote base":           {overlay: "generators: [registry]\nresources: [" + quoted("https://h/"+hostileText+"?ref=x") + "]\n"},
		"a function":              {overlay: "generators: [registry, f.yaml]\n", "overlays/e0/f.yaml": "apiVersion: v1\nkind: " + q + "\nmetadata: {name: " + q + ", annotations: {config.kubernetes.io/function: 'exec: {path: x}'}}\n"},
		"a rule's key":            {".sops.yaml": strings.Replace(e.read(".sops.yaml"), "path_regex", q+": x\n    path_regex", 1)},
		"a recipient":             {".sops.yaml": strings.ReplaceAll(e.read(".sops.yaml"), "age: ", "hc_vault_transit_uri: "+quoted("https://h/v1/"+hostileText+"/keys/k")+"\n    age: ")},
		"a recipient's name":      {".sops.yaml": strings.Replace(e.read(".sops.yaml"), "age: "+e.keys["people"]+"\n", "age: "+e.keys["people"]+" # =1+1 | ::error::owned\u202e\u2066\u200b\u3164 ##[group]o ##vso[task.complete]o `</summary><img src=x> @team [l](http://h)\n", 1)},
		"a path_regex":            {".sops.yaml": strings.Replace(e.read(".sops.yaml"), "path_regex: ", "path_regex: "+quoted(hostileText+"(")+"\n    x: ", 1)},
		"a credential's key":      {"overlays/e0/credentials/u0.enc.yaml": strings.Replace(e.read("overlays/e0/credentials/u0.enc.yaml"), "  password: ", "  "+q+": ", 1)},
		"a credential's type":     {"overlays/e0/credentials/u0.enc.yaml": strings.Replace(e.read("overlays/e0/credentials/u0.enc.yaml"), "type: user", "type: "+q, 1)},
		"a credential's name":     {"overlays/e0/credentials/u0.enc.yaml": strings.Replace(e.read("overlays/e0/credentials/u0.enc.yaml"), "name: u0", "name: "+q, 1)},
		"a credential's user":     {"overlays/e0/credentials/u0.enc.yaml": "user: " + q + "\n" + e.read("overlays/e0/credentials/u0.enc.yaml")},
		"a credential's reader":   {"overlays/e0/credentials/u0.enc.yaml": strings.Replace(e.read("overlays/e0/credentials/u0.enc.yaml"), "recipient: age1", "recipient: "+quoted(hostileText+"age1")+" #", 1)},
		"a sealed file's key":     {"overlays/e0/sealed/regcred.yaml": strings.Replace(e.read("overlays/e0/sealed/regcred.yaml"), "  .dockerconfigjson:", "  "+q+":", 1)},
		"a sealed file's type":    {"overlays/e0/sealed/regcred.yaml": strings.Replace(e.read("overlays/e0/sealed/regcred.yaml"), "type: kubernetes.io/dockerconfigjson", "type: "+q, 1)},
		"a record":                {"overlays/e0/sealed/regcred.yaml": strings.Replace(e.read("overlays/e0/sealed/regcred.yaml"), "reggen.dev/record: |", "reggen.dev/record: "+q+"\n    x: |", 1)},
		"a record's owner":        {"overlays/e0/sealed/regcred.yaml": strings.Replace(e.read("overlays/e0/sealed/regcred.yaml"), "registry/docker-registry", "evil\x1b[32m/docker", 1)},
		"an offboarding":          {repository.JournalName: `{"recipient": ` + q + `, "names": [` + q + `], "folders": [` + q + `], "environments": [{"dir": ` + q + `, "registry": ` + q + `}]}`},
		"a rendered marker":       {"out/overlays/e0/" + repository.MarkerName: hostileText + ".yaml\n", "out/overlays/gone/" + repository.MarkerName: "evil\x1b.yaml\n"},
	}
	places["a chart"] = map[string]string{"charts/x/Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n",
		"charts/x/values.yaml":      "password: ''\n" + q + ": {password: '', " + q + ": ''}\n",
		"charts/x/templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: " + q + "}\nstringData: {" + q + ": '{{ .Values.password }}'}\n"}
	places["a chart that fails"] = map[string]string{"charts/x/Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n",
		"charts/x/templates/a.yaml": "{{ fail `" + strings.ReplaceAll(hostileText, "`", "") + "` }}\n"}
	places["a chart's name"] = map[string]string{"charts/x/Chart.yaml": "apiVersion: v2\nname: " + q + "\nversion: 1.0.0\n"}
	pods := func(spec string) map[string]string {
		return map[string]string{overlay: "generators: [registry]\nresources: [pods.yaml]\ntransformers: [pull.yaml]\n",
			"overlays/e0/pods.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: " + q + ", namespace: " + q + "}\nspec: {containers: [{image: r0.example.com/x}, {image: ghcr.io/" + strings.Repeat("a", 230) + "}, {image: " + q + "}], imagePullSecrets: [{name: " + q + "}, " + q + "]}\n",
			"overlays/e0/pull.yaml": "apiVersion: reggen.dev/v1alpha1\nkind: ImagePullSecrets\nmetadata: {name: regcred}\nspec: {" + spec + "}\n"}
	}
	places["a pull secret's pod"] = pods("host: r0.example.com")
	places["a pull secret's long image"] = pods("host: r0.example.com, rewrite: {ghcr.io: r0.example.com/" + strings.Repeat("b", 30) + "}")
	places["a pull secret's fields"] = pods("host: " + q + ", user: " + q + ", rewrite: {" + q + ": " + q + "}, kinds: {" + q + ": " + q + "}, " + q + ": x")
	name := "evil\x1b[32m\n::error::x\u202e`</summary>"
	places["a credential's file"] = map[string]string{"overlays/e0/credentials/" + strings.ReplaceAll(name, "/", "") + ".yaml": "x: y\n"}
	places["a stray file"] = map[string]string{"overlays/e0/credentials/" + strings.ReplaceAll(name, "/", "") + ".txt": "x: y\n"}
	places["a sealed file"] = map[string]string{"overlays/e0/sealed/" + strings.ReplaceAll(name, "/", "") + ".yaml": "x: y\n"}
	folder := "overlays/" + strings.ReplaceAll(name, "/", "")
	places["an environment"] = map[string]string{}
	for path, text := range e.files() {
		if rest, below := strings.CutPrefix(path, "overlays/e0/"); below {
			places["an environment"][folder+"/"+rest] = text
		}
	}
	for _, top := range []string{"::error::owned", "::add-mask::e", "##vso[task.complete]x"} {
		inTop := map[string]string{top + "/e.yaml": "apiVersion: reggen.dev/v1alpha1\nkind: RegistryCredential\n"}
		for path, text := range e.files() {
			if rest, below := strings.CutPrefix(path, "overlays/e0/"); below {
				inTop[top+"/"+rest] = strings.ReplaceAll(text, "../../", "../")
			}
		}
		places["an environment "+top] = inTop
		places["a folder "+top+" that fails"] = map[string]string{top + "/kustomization.yaml": "generators: [registry]\nresources: [nothing]\n", top + "/credentials/x.yaml": "a"}
		places["a credential's field, "+top] = map[string]string{"overlays/e0/credentials/u0.enc.yaml": strings.Replace(e.read("overlays/e0/credentials/u0.enc.yaml"), "  password: ", "  "+quoted(top)+": ", 1)}
		places["an object's lines, "+top] = object("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: " + quoted("b\n"+top+"\n  "+top+"::x\n") + ", " + quoted(top) + ": x}\n")
	}
	places["an environment that fails"] = map[string]string{folder + "/kustomization.yaml": "generators: [registry]\nresources: [nothing]\n", folder + "/credentials/x.yaml": "a"}
	return places
}

// hostileCommands are the commands that look at a repository, by their names.
var hostileCommands = map[string][]string{
	"access": {"access", "access -o json", "access -o csv", "access -o markdown --from HEAD", "access -o html --from HEAD"},
	"build":  {"build", "build --secrets redacted", "build --stale warn", "build --secrets plain"},
	"check":  {"check", "check -o json", "check -o sarif", "check --rendered overlays/e0/x.yaml"},
	"diff":   {"diff", "diff -o markdown", "diff -o json", "diff -o yaml", "diff --against ."},
	"render": {"render -o out", "render -o out --check"}, "seal": {"seal --check", "seal"},
	"user list": {"user list"}, "user add": {"user add x --generate", "user add --from overlays/e0/x.yaml"}, "user rotate": {"user rotate puller", "user rotate --due --dry-run", "user rotate --due"}, "user retire": {"user retire puller"},
	"user remove": {"user remove u0"}, "user verify": {"user verify u0"}, "credential set": {"credential set u0 --field password --generate"}, "credential show": {"credential show u0", "credential show u0 --secrets plain"},
	"credential check": {"credential check"}, "edit": {"edit u0", "edit nobody"}, "offboard": {"offboard RECIPIENT --dry-run", "offboard RECIPIENT -o json", "offboard bob"},
	"init": {"init overlays/e9 --host h.example.com --size 1Gi", "init overlays/e0 --print-rules", "init overlays/e9 --chart charts/x"}, "import": {"import overlays/e9 --values overlays/e0/x.yaml", "import overlays/e9 --values overlays/e0/registry/registry.yaml"}, "takeover": {"takeover overlays/e0"}, "probe": {"probe overlays/e0 --url http://127.0.0.1:1", "probe --url http://127.0.0.1:1 -o json", "probe --url http://127.0.0.1:1 -o sarif"}, "worker": nil, "chart-worker": nil, "version": nil, "schema": nil, "explain": {"explain spec.evil\x1b[32m", "explain ::error::x", "explain spec.values.evil\u202e"}, "plugin install": nil, "plugin uninstall": nil,
}

// TestHostileTexts puts a hostile text wherever one can stand and looks at every
// byte that every command writes for people.
func TestHostileTexts(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	e.git("init", "-q")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "first")
	var leaves func(c *cobra.Command) []string
	leaves = func(c *cobra.Command) (out []string) {
		for _, below := range c.Commands() {
			out = append(out, leaves(below)...)
		}
		if !c.HasSubCommands() {
			out = append(out, strings.TrimPrefix(c.CommandPath(), "reggen "))
		}
		return out
	}
	for _, name := range leaves(e.world().command()) {
		if _, listed := hostileCommands[name]; !listed && name != "help" && !strings.HasPrefix(name, "completion") {
			t.Errorf("the command %q is not in the list: how does it write hostile texts?", name)
		}
	}
	good := e.files()
	var logged strings.Builder // kustomize's own
	defer log.SetOutput(log.Writer())
	log.SetOutput(&logged)
	places := 0
	for place, files := range hostilePlaces(e) {
		if places++; underRace && places > 5 {
			break // every place is met without the detector, in the same script
		}
		t.Run(place, func(t *testing.T) {
			writable(t, files)
			for _, name := range slices.Sorted(maps.Keys(hostileCommands)) {
				for _, args := range hostileCommands[name] {
					for path, text := range files {
						e.write(path, text)
					}
					args = strings.ReplaceAll(args, "RECIPIENT", e.keys["people"])
					out, errs, _ := run(t, e.dir, strings.Fields(args)...)
					steersNothing(t, args+", to stderr", errs)
					steersNothing(t, args+", to the log", logged.String())
					logged.Reset()
					if name != "build" { // whose objects are kustomize's YAML
						steersNothing(t, args+", to stdout", out)
					}
					if (strings.HasSuffix(args, "json") || strings.HasSuffix(args, "sarif")) && out != "" && !json.Valid([]byte(out)) {
						t.Errorf("%s: no JSON:\n%s", args, out)
					}
					if strings.Contains(args, "markdown") {
						harmlessMarkdown(t, args, out)
					}
					putBack(t, e, good)
				}
			}
		})
	}
}

// steersNothing looks for what would steer a terminal or a log.
func steersNothing(t *testing.T, what, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if problem.Steers(strings.ReplaceAll(line, "\t", "")) {
			t.Errorf("%s: steers: %q", what, line)
		}
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##") {
			t.Errorf("%s: a command to a CI: %q", what, line)
		}
	}
}

// harmlessMarkdown looks for what gets out of code and folds.
func harmlessMarkdown(t *testing.T, what, text string) {
	t.Helper()
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case fence == "" && strings.HasPrefix(line, "```"):
			fence = strings.TrimRight(line, "dif")
		case fence != "" && line == fence:
			fence = ""
		case fence == "" && !strings.HasPrefix(line, "- `` "):
			bare := strings.NewReplacer("<details>", "", "<summary>", "", "</summary>", "", "</details>", "", "<code>", "", "</code>", "").Replace(line)
			if strings.ContainsAny(bare, "<>@[]!") {
				t.Errorf("%s: gets out: %q", what, line)
			}
		}
	}
	if fence != "" || strings.Count(text, "<details>") != strings.Count(text, "</details>") {
		t.Errorf("%s: is not closed:\n%s", what, text)
	}
}

// putBack puts the repository back to what it was.
func putBack(t *testing.T, e *testEnv, good map[string]string) {
	t.Helper()
	for path, text := range e.files() {
		was, there := good[path]
		switch {
		case strings.HasPrefix(path, ".git/"):
		case !there:
			e.remove(path)
		case text != was:
			e.write(path, was)
		}
	}
	for path, text := range good {
		if _, err := os.Lstat(e.path(path)); err != nil && !strings.HasPrefix(path, ".git/") {
			e.write(path, text)
		}
	}
	keep := map[string]bool{}
	for path := range good {
		for dir := path; dir != "."; dir = filepath.Dir(dir) {
			keep[dir] = true
		}
	}
	for _, dir := range []string{".", "overlays"} {
		entries, err := os.ReadDir(e.path(dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if name := filepath.Join(dir, entry.Name()); !keep[name] && name != ".git" {
				if err := os.RemoveAll(e.path(name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
