package hostile

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// row is an attack and what the commands that build have to say about it.
type row struct {
	attack
	says  string // "" where it does no harm and nothing need be said
	fails []string
}

// building are the commands that build an environment.
var building = []string{"build", "check", "diff", "render", "seal --check", "takeover"}

const (
	overlay = "overlays/prod/kustomization.yaml"
	layer   = "overlays/prod/registry/kustomization.yaml"
	header  = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	base    = "resources: [../../../bases/registry]\npatches: [{path: registry.yaml}]\n"
	fn      = "apiVersion: example.com/v1\nkind: Fn\nmetadata: {name: fn, annotations: {config.kubernetes.io/function: 'container: {image: evil}'}}\n"
	object  = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"
)

// evilHelm is a plugin of Helm's in the repository that steals what it sees.
var evilHelm = attack{
	"evil/data/plugins/evil/plugin.yaml": "apiVersion: v1\ntype: getter/v1\nname: evil\nversion: 0.1.0\nruntime: subprocess\nconfig: {protocols: [evil]}\nruntimeConfig: {protocolCommands: [{protocols: [evil], platformCommand: [{command: $HELM_PLUGIN_DIR/evil.sh}]}]}\n",
	"evil/data/plugins/evil/evil.sh":     "#!/bin/sh\nenv > \"$HOME/stolen\"; cat \"$SOPS_AGE_KEY_FILE\" >> \"$HOME/stolen\"\nexit 1\n",
	"evil/plugins/evil/plugin.yaml":      "name: evil\nversion: 0.1.0\nusage: x\ndescription: x\ndownloaders: [{command: evil.sh, protocols: [evil]}]\n",
	"evil/plugins/evil/evil.sh":          "#!/bin/sh\nenv > \"$HOME/stolen\"; cat \"$SOPS_AGE_KEY_FILE\" >> \"$HOME/stolen\"\nexit 1\n",
}

func with(a attack, more ...attack) attack {
	out := attack{}
	for _, files := range append([]attack{a}, more...) {
		for path, text := range files {
			out[path] = text
		}
	}
	return out
}

// programs are the ways to have something run.
func programs() map[string]row {
	const helm = "helmGlobals: {configHome: ../../evil}\nhelmCharts: [{name: x, repo: 'evil://h', version: 1.0.0}]\n"
	all := map[string]row{
		"helm in the overlay":       {with(evilHelm, attack{overlay: header + "generators: [registry]\n" + helm}), "helmCharts", building},
		"helm in the spec's layer":  {with(evilHelm, attack{layer: header + base + strings.ReplaceAll(helm, "../../evil", "../../../evil")}), "helmCharts", building},
		"helm by its old field":     {with(evilHelm, attack{overlay: header + "generators: [registry]\nhelmChartInflationGenerator: [{chartName: x, chartRepoUrl: 'evil://h', configHome: ../../evil}]\n"}), "helmChartInflationGenerator", building},
		"helm as a builtin":         {with(evilHelm, attack{overlay: header + "generators: [registry, h.yaml]\n", "overlays/prod/h.yaml": "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: x}\nname: x\nrepo: evil://h\nconfigHome: ../../evil\n"}), "run Helm", building},
		"helm made by a patch":      {with(evilHelm, attack{overlay: header + "generators: [registry, h]\n", "overlays/prod/h/kustomization.yaml": header + "resources: [c.yaml]\npatches:\n- target: {kind: ConfigMap}\n  options: {allowKindChange: true}\n  patch: |\n    - {op: replace, path: /kind, value: HelmChartInflationGenerator}\n    - {op: replace, path: /apiVersion, value: builtin}\n", "overlays/prod/h/c.yaml": object + "name: x\nrepo: evil://h\n"}), "run Helm", building},
		"a container generates":     {attack{overlay: header + "generators: [registry, fn.yaml]\n", "overlays/prod/fn.yaml": fn}, "container", building},
		"a container transforms":    {attack{overlay: header + "generators: [registry]\ntransformers: [fn.yaml]\n", "overlays/prod/fn.yaml": fn}, "container", building},
		"a container validates":     {attack{overlay: header + "generators: [registry]\nvalidators: [fn.yaml]\n", "overlays/prod/fn.yaml": fn}, "container", building},
		"a container by a patch":    {attack{overlay: header + "generators: [registry]\ntransformers: [t]\n", "overlays/prod/t/kustomization.yaml": header + "resources: [fn.yaml]\npatches:\n- target: {kind: Fn}\n  patch: |\n    - {op: add, path: /metadata/annotations/config.kubernetes.io~1function, value: 'container: {image: evil}'}\n", "overlays/prod/t/fn.yaml": "apiVersion: example.com/v1\nkind: Fn\nmetadata: {name: fn, annotations: {a: b}}\n"}, "container", building},
		"a program":                 {attack{overlay: header + "generators: [registry]\ntransformers: [fn.yaml]\n", "overlays/prod/fn.yaml": strings.Replace(fn, "container: {image: evil}", "exec: {path: ../../evil.sh}", 1), "evil.sh": "#!/bin/sh\nenv > $HOME/stolen\n"}, "", nil},
		"a registry by itself":      {attack{"overlays/prod/registry/registry.yaml": "-"}, "", nil},
		"attributes of git's":       {attack{".gitattributes": "* filter=evil diff=evil merge=evil\n", ".gitmodules": "[submodule \"x\"]\n\tpath = x\n\turl = ext::evil\n"}, "", nil},
		"a name that is an option":  {attack{"overlays/--help/kustomization.yaml": header + "generators: [registry]\n", "overlays/-o/kustomization.yaml": header + "generators: [registry]\n"}, "", nil},
		"a generator with a plugin": {attack{overlay: header + "generators: [registry, o.yaml]\n", "overlays/prod/o.yaml": "apiVersion: ../../../evil/v1\nkind: Evil\nmetadata: {name: o}\n", "evil/v1/evil/Evil": "#!/bin/sh\nenv > $HOME/stolen\n"}, "", building[:1]},
	}
	delete(all, "a registry by itself")
	return all
}

// remote are the ways to have something fetched.
func remote(url string) map[string]row {
	all := map[string]row{}
	for name, text := range map[string]string{
		"a resource": "resources: ['" + url + "/x.yaml']\n", "a base": "resources: ['" + url + "/x?ref=y']\n", "a component": "components: ['" + url + "/x']\n", "a patch": "patches: [{path: '" + url + "/x'}]\n",
		"a file": "configMapGenerator: [{name: x, files: ['" + url + "/x']}]\n", "a schema": "openapi: {path: '" + url + "/x'}\n", "by git": "resources: ['git::" + url + "/x']\n", "by ssh": "resources: ['git@127.0.0.1:o/r']\n",
		"a builtin": "transformers:\n- |\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: x}\n  path: " + url + "/x\n",
	} {
		generators := "generators: [registry]\n"
		says := "--allow-network"
		if name == "a builtin" {
			says = ""
		}
		all["remote: "+name] = row{attack{overlay: header + generators + text}, says, building}
	}
	all["remote: in the spec's layer"] = row{attack{layer: header + "resources: ['" + url + "/x?ref=y']\npatches: [{path: registry.yaml}]\n"}, "--allow-network", building}
	return all
}

// secrets are the ways to put another secret into what is deployed.
func secrets() map[string]row {
	all := map[string]row{}
	for name, patch := range map[string]string{
		"data":       "    - {op: add, path: /data/more, value: eA==}\n",
		"stringData": "    - {op: add, path: /stringData, value: {htpasswd: 'eve:x'}}\n",
		"sops":       "    - {op: replace, path: /sops/mac, value: 'ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]'}\n",
	} {
		all["a patch of "+name] = row{attack{overlay: header + "generators: [registry]\npatches:\n- target: {kind: Secret, name: docker-registry-htpasswd}\n  patch: |\n" + patch}, "docker-registry-htpasswd", building}
	}
	all["another in its place"] = row{attack{overlay: header + "generators: [registry]\nresources: [s.yaml]\npatches:\n- patch: |\n    $patch: delete\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: docker-registry-htpasswd, namespace: registry}\n",
		"overlays/prod/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: docker-registry-htpasswd2, namespace: registry}\nstringData: {htpasswd: 'eve:x'}\n"}, "docker-registry-htpasswd", building}
	all["a value carried away"] = row{attack{overlay: header + "generators: [registry]\nreplacements:\n- source: {kind: Secret, name: docker-registry-s3, fieldPath: data.s3SecretKey}\n  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.x], options: {create: true}}]\n"}, "docker-registry-s3", building}
	return all
}

// bombs are what grows, or never ends.
func bombs() map[string]row {
	aliases := "x0: &a [x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 10; i++ {
		aliases += fmt.Sprintf("x%d: &%c [%s]\n", i, 'a'+i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", 'a'+i-1), 9), ","))
	}
	copies, appends := "", ""
	for i := range 40 {
		copies += fmt.Sprintf("    - {op: copy, from: /data, path: /data/x%d}\n", i)
		appends += "- source: {kind: ConfigMap, name: c, fieldPath: data.a}\n  targets: [{select: {kind: ConfigMap, name: c}, fieldPaths: [data.a], options: {delimiter: '/', index: -1}}]\n"
	}
	read := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: many, namespace: registry}\ndata:\n  config.yml: |\n    version: 0.1\n    storage: {filesystem: {}}\n"
	for i := range 20_000 {
		read += fmt.Sprintf("    zz%d: a\n", i)
	}
	for i := range 10 {
		read += fmt.Sprintf("---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d%d, namespace: registry}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: r, image: registry, volumeMounts: [{name: c, mountPath: /etc/docker/registry}]}], volumes: [{name: c, configMap: {name: many}}]}}}\n", i)
	}
	digits := "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: registry}\nspec: {containers: [{name: c, image: i, resources: {limits: {memory: '1e-1000000000'}, requests: {cpu: '1e1000000000'}}}]}\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c, namespace: registry}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: '1e-1000000000'}}}\n"
	all := map[string]row{
		"numbers of many digits":   {attack{overlay: header + "generators: [registry]\nresources: [c.yaml]\n", "overlays/prod/c.yaml": digits}, "a quantity is none", []string{"check"}},
		"a configuration of many":  {attack{overlay: header + "generators: [registry]\nresources: [c.yaml]\n", "overlays/prod/c.yaml": read}, "more faults", []string{"check"}},
		"lines that end otherwise": {attack{overlay: header + "generators: [registry]\nresources: [c.yaml]\n", "overlays/prod/c.yaml": object + "x:\r" + strings.Repeat("-\r", 4<<20-1000)}, "too large", building},
		"patches that copy":        {attack{overlay: header + "generators: [registry]\nresources: [c.yaml]\npatches:\n- target: {kind: ConfigMap, name: c}\n  patch: |\n" + copies, "overlays/prod/c.yaml": object}, "--allow-large", building},
		"replacements that append": {attack{overlay: header + "generators: [registry]\nresources: [c.yaml]\nreplacements:\n" + appends, "overlays/prod/c.yaml": object}, "--allow-large", building},
		"a link to a pipe":         {attack{overlay: header + "generators: [registry]\nresources: [c.yaml]\n", "overlays/prod/c.yaml": "-> /dev/stdin"}, "", building[:1]},
	}
	bomb := all["patches that copy"]
	many := with(bomb.attack)
	for i := range 12 { // what one left behind is not left behind twelve times
		name := fmt.Sprintf("a%02d", i)
		_ = fs.WalkDir(os.DirFS(filepath.Join(master, "overlays/prod")), ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				text, _ := os.ReadFile(filepath.Join(master, "overlays/prod", path))
				many[filepath.Join("overlays", name, path)] = string(text)
			}
			return err
		})
		for path, text := range bomb.attack {
			many[strings.Replace(path, "prod", name, 1)] = text
		}
	}
	all["patches that copy, in many"] = row{many, "--allow-large", []string{"check", "diff", "render"}}
	credentials, sealed := attack{}, attack{}
	for i := range 2_001 { // one more than there may be
		credentials[fmt.Sprintf("overlays/prod/credentials/%04d.yaml", i)] = "a: b\n"
		sealed[fmt.Sprintf("overlays/prod/sealed/%04d.yaml", i)] = "a: b\n"
	}
	all["many credentials"] = row{credentials, "holds too much", building}
	all["many sealed files"] = row{sealed, "holds too much", building}
	for path := range map[string]string{overlay: "", layer: "", "overlays/prod/registry/registry.yaml": "", "bases/registry/registry.yaml": "", ".sops.yaml": "", "overlays/prod/sealed/regcred.yaml": "", "overlays/prod/credentials/alice.enc.yaml": ""} {
		fails := building
		if path == ".sops.yaml" {
			fails = []string{"check", "seal --check"}
		}
		all["aliases in "+path] = row{attack{path: header + aliases}, "", fails}
		all["a device at "+path] = row{attack{path: "-> /dev/zero"}, "", fails}
		all["a large file at "+path] = row{attack{path: "a: " + strings.Repeat("x", 9<<20) + "\n"}, "", fails}
	}
	return all
}

// TestAttacks runs every attack through every command. What is only watched runs
// beside others; what is measured runs alone, and before them.
func TestAttacks(t *testing.T) {
	for i, rows := range []map[string]row{programs(), remote(""), secrets(), bombs()} {
		for name, row := range rows {
			t.Run(name, func(t *testing.T) {
				if i != 3 {
					t.Parallel()
				}
				url, asked := listener(t) // of its own, to know which command asks
				if i == 1 {
					row = remote(url)[name]
				}
				for k := range newRepository(t, row.attack).ways() {
					r := newRepository(t, row.attack)
					way := r.ways()[k] // of this repository's own paths
					r.env = way.env
					var out outcome
					if i == 3 {
						out = r.measuredAs(way.name, way.stdin, way.argv...)
						out.harmless(t, way.may())
					} else {
						out = r.traced(way.name, way.stdin, way.argv...)
						out.within(t, way.may())
					}
					if asked.Swap(0) > 0 || r.has("home/stolen") || strings.Contains(out.stderr, "goroutine ") {
						t.Errorf("%s: asked the network, ran a program or shows its insides\n%.1000s", way.name, out.stderr)
					}
				}
				for command, entries := range commands {
					for _, entry := range entries {
						if skip(name, entry) {
							continue
						}
						r := newRepository(t, row.attack)
						var out outcome
						if i == 3 {
							out = r.measured(entry.args)
							out.harmless(t, entry)
						} else {
							out = r.reggen(entry.args)
							out.within(t, entry)
						}
						if n := asked.Swap(0); n > 0 {
							t.Errorf("reggen %s asked the network", entry.args)
						}
						if r.has("home/stolen") {
							t.Errorf("reggen %s ran a program of the repository", entry.args)
						}
						must := slices.ContainsFunc(row.fails, func(f string) bool { return f == command || strings.HasPrefix(entry.args, f) })
						if !must || strings.Contains(entry.args, "--rendered") || strings.Contains(entry.args, "omit") || strings.Contains(entry.args, "redacted") {
							continue
						}
						if text := out.stderr + out.stdout; out.code == 0 || !strings.Contains(text, row.says) {
							t.Errorf("reggen %s: exit status %d, does not say %q\n%.2000s", entry.args, out.code, row.says, text)
						}
						if strings.Contains(out.stderr, "goroutine ") {
							t.Errorf("reggen %s shows its insides", entry.args)
						}
					}
				}
			})
		}
	}
}

// TestFilesOfNames: what a file names is looked for where changes are compared or
// watched, and a file can name as much as fits into it.
func TestFilesOfNames(t *testing.T) {
	names := func(size int) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, "- a%d\n", i)
		}
		return b.String()
	}
	for name, text := range map[string]string{"as many as a build reads": names(1 << 20), "as large as a file may be": names(8<<20 - 100)} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t, attack{"overlays/prod/names.yaml": text})
			for _, args := range []string{"add -A", "-c user.name=a -c user.email=a@example.com commit -qm names"} {
				cmd := exec.Command("git", strings.Fields(args)...)
				cmd.Dir = r.dir
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("git %s: %v\n%s", args, err, out)
				}
			}
			for _, args := range []string{"check --changed-since HEAD", "check --watch overlays/prod"} {
				out := r.measured(args)
				out.harmless(t, touches{args: args})
				if strings.Contains(args, "--watch") && !strings.Contains(out.stderr, "; watching ") {
					t.Errorf("reggen %s did not get so far:\n%.1000s", args, out.stderr)
				}
			}
		})
	}
}

// skip leaves out of the slower attacks what can't meet them, and of all what
// is told apart by its name alone.
func skip(attack string, entry touches) bool {
	builds := slices.ContainsFunc(building, func(start string) bool { return strings.HasPrefix(entry.args, start) })
	switch {
	case strings.Contains(entry.args, "--watch"):
		return true // it runs until Ctrl-C, and what it runs are these commands
	case strings.HasPrefix(attack, "many") && !builds:
		return true // writing so many files takes long
	case strings.HasPrefix(entry.args, "schema"), strings.HasPrefix(entry.args, "version"), strings.HasPrefix(entry.args, "plugin"), strings.HasPrefix(entry.args, "worker"), strings.HasPrefix(entry.args, "chart-worker"):
		return true
	case strings.HasPrefix(attack, "a large file"), strings.HasPrefix(attack, "remote"), strings.HasPrefix(attack, "a device"), strings.HasPrefix(attack, "aliases"):
		return strings.Contains(entry.args, "-o ") || strings.Contains(entry.args, "omit") || strings.Contains(entry.args, "redacted") || strings.Contains(entry.args, "retire") || strings.Contains(entry.args, "--rotate-keys")
	}
	return false
}

// TestYes: what is refused works where the command line says so.
func TestYes(t *testing.T) {
	url, asked := listener(t)
	r := newRepository(t, attack{overlay: header + "generators: [registry]\nresources: ['" + url + "/x.yaml']\n"})
	if out := r.reggen("build overlays/prod --allow-network"); out.code != 0 || !strings.Contains(out.stdout, "name: remote") || asked.Load() == 0 {
		t.Errorf("exit status %d\n%s", out.code, out.stderr)
	}
	chart := attack{"overlays/prod/charts/x/Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n", "overlays/prod/charts/x/values.yaml": "{}\n", "overlays/prod/charts/x/templates/c.yaml": object}
	r = newRepository(t, with(chart, attack{overlay: header + "generators: [registry]\nhelmCharts: [{name: x}]\n"}))
	if out := r.reggen("build overlays/prod --allow-programs"); out.code != 0 || !strings.Contains(out.stdout, "name: c\n") || !strings.Contains(out.trace, bin+"/helm") {
		t.Errorf("helm: exit status %d\n%s", out.code, out.stderr)
	}
	r = newRepository(t, attack{overlay: header + "generators: [registry]\ntransformers: [fn.yaml]\n", "overlays/prod/fn.yaml": fn})
	for _, args := range []string{"build overlays/prod --allow-programs", "build --secrets plain overlays/prod --allow-programs"} {
		_ = os.Remove(filepath.Join(bin, "record"))
		out := r.reggen(args)
		got, err := os.ReadFile(filepath.Join(bin, "record"))
		if !strings.Contains(out.trace, bin+"/docker") || err != nil || !strings.Contains(string(got), "docker run") || !strings.Contains(string(got), "kind: Secret") {
			t.Errorf("reggen %s: docker was not started, or got no Secrets: exit status %d\n%s", args, out.code, out.stderr)
		}
		if text := string(got); strings.Contains(text, plain) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(plain))) || !strings.Contains(text, "ENC[") {
			t.Errorf("reggen %s: docker got a Secret in the clear", args)
		}
	}
	if out := r.reggen("check --allow-programs overlays/prod"); !strings.Contains(out.stderr, "overlays/prod/kustomization.yaml") || !strings.Contains(out.stderr, "[outside]") {
		t.Errorf("check does not name the file:\n%s", out.stderr)
	}
}

// TestReaders: a recipient that a pull request adds gets nothing unasked.
func TestReaders(t *testing.T) {
	rules := newRepository(t, nil).read(".sops.yaml")
	evil := "age1yzq2jqj0cd2rv3nx9t6h0z6v70e9v5vechyn5uw5sk002m2ajpwqpn0h3c"
	all := "creation_rules: [{age: '" + people + "," + evil + "'}]\n"
	for name, a := range map[string]attack{
		"in the rules": {".sops.yaml": strings.ReplaceAll(rules, "age: ", "age: "+evil+",")}, "a rule above": {".sops.yaml": strings.Replace(rules, "creation_rules:\n", "creation_rules:\n  - age: "+people+","+evil+"\n", 1)},
		"in the overlay": {"overlays/prod/.sops.yaml": all}, "in both folders": {"overlays/prod/sealed/.sops.yaml": all, "overlays/prod/credentials/.sops.yaml": all},
		"a changed regex": {".sops.yaml": strings.ReplaceAll(rules, "^overlays", "^0verlays") + "  - age: " + people + "," + evil + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, args := range []string{"seal overlays/prod", "seal --rotate-keys overlays/prod", "seal --check overlays/prod", "check overlays/prod", "user add carol --generate --dir overlays/prod", "user rotate puller --dir overlays/prod", "credential set s3 --field secretKey --generate --dir overlays/prod", "offboard " + clust, "diff", "diff -o markdown", "diff -o json"} {
				r := newRepository(t, a)
				out := r.reggen(args)
				if out.code == 0 || !strings.Contains(out.stderr+out.stdout, evil) {
					t.Errorf("reggen %s: exit status %d, names nobody\n%s%s", args, out.code, out.stderr, out.stdout)
				}
				for _, path := range r.changed() {
					if strings.Contains(r.read(path), evil) && a[path] == "" {
						t.Errorf("reggen %s encrypted %s for the stranger", args, path)
					}
				}
			}
			r := newRepository(t, a)
			if out := r.reggen("seal overlays/prod --accept-recipients " + evil); out.code != 0 || len(r.changed()) == 0 {
				t.Errorf("with a yes: exit status %d\n%s", out.code, out.stderr)
			}
		})
	}
}

// TestVault: a key service that a file names is not asked, in no command and in
// no other way in, whether or not a rule names it too.
func TestVault(t *testing.T) {
	url, asked := listener(t)
	for _, named := range []bool{false, true} {
		a := attack{}
		good := newRepository(t, nil)
		for _, path := range []string{"overlays/prod/credentials/alice.enc.yaml", "overlays/prod/credentials/machine.enc.yaml", "overlays/prod/sealed/regcred.yaml", "overlays/prod/sealed/docker-registry-http.yaml"} {
			var doc map[string]any
			must(t, yaml.Unmarshal([]byte(good.read(path)), &doc))
			block := doc["sops"].(map[string]any)
			delete(block, "age")
			block["hc_vault"] = []any{map[string]any{"vault_address": url, "engine_path": "transit", "key_name": "k", "created_at": "2026-01-01T00:00:00Z", "enc": "vault:v1:eHg="}}
			text, err := yaml.Marshal(doc)
			must(t, err)
			a[path] = string(text)
		}
		if named {
			a[".sops.yaml"] = strings.ReplaceAll(good.read(".sops.yaml"), "    age: ", "    hc_vault_transit_uri: "+url+"/v1/transit/keys/k\n    age: ")
		}
		for _, entries := range commands {
			for _, entry := range entries {
				r := newRepository(t, a)
				out := r.reggen(entry.args)
				elsewhere := ""
				for line := range strings.Lines(out.trace) {
					if entry.asks == "" || !strings.Contains(line, entry.asks) { // but where the command line sends it
						elsewhere += line
					}
				}
				if n := asked.Swap(0); n > 0 || strings.Contains(elsewhere, "sa_family=AF_INET,") || strings.Contains(out.stderr+out.stdout, "canary-token") {
					t.Errorf("reggen %s, named by the rule: %t: asked %d times", entry.args, named, n)
				}
			}
		}
		r := newRepository(t, a)
		for _, way := range r.ways() {
			r.env = way.env
			out := r.traced(way.name, way.stdin, way.argv...)
			if n := asked.Swap(0); n > 0 || way.may().key && (out.code == 0 || !strings.Contains(out.stderr, "no key at hand opens it")) {
				t.Errorf("%s, named by the rule: %t: asked %d times, exit status %d\n%s", way.name, named, n, out.code, out.stderr)
			}
		}
	}
}
