// Command bench measures whole processes side by side, interleaved:
//
//	A  reggen build overlays/staging
//	B  what does the same job without reggen: kustomize build with a
//	   helmCharts entry (Helm's own CLI renders the same chart from a local
//	   folder) and a SOPS exec generator that decrypts the Secrets
//	C  kustomize build of the finished YAML, the floor
//	D  kustomize build with reggen as its plugin
//	E  the same, where the spec's layer is a JSON 6902 patch: kustomize does not
//	   read its own schema then
//	F  reggen build with that patch
//
// and with -beside REVISION A by the program of another revision. It prints
// medians, ratios and peak memory. Nothing in the tests asserts a time; with
// -write the table goes into docs/benchmarks.md.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/e2e/measure"
)

func main() {
	runs := flag.Int("runs", 31, "how often each is run")
	write := flag.String("write", "", "write the result to this Markdown file")
	date := flag.String("date", "", "the date to write; today unless given")
	beside := flag.String("beside", "", "a revision whose program builds, too")
	flag.Parse()
	if err := bench(*runs, *beside, *write, *date); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// contender is one of the programs measured.
type contender struct {
	name  string
	what  string
	dir   string
	env   []string
	argv  []string
	wall  []time.Duration
	cpu   []time.Duration
	maxRS int64 // KiB: of the process itself or its largest child
}

func bench(runs int, beside, write, date string) error {
	if runs < 3 {
		return errors.New("-runs wants 3 and more")
	}
	repo, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(repo, "cmd", "reggen")); err != nil {
		return errors.New("run this in the e2e folder: go run ./bench")
	}
	work, err := os.MkdirTemp("", "reggen-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	all, err := prepare(repo, work)
	if err != nil {
		return err
	}
	if beside != "" {
		g := *all[0]
		g.name, g.what = "G", "A, by the program of "+beside
		g.argv = append([]string{filepath.Join(work, "earlier")}, g.argv[1:]...)
		if err := measure.BuildRevision(beside, work, g.argv[0]); err != nil {
			return err
		}
		all = append(all, &g)
	}
	for i := range runs + 2 { // the first two rounds warm the file cache
		for _, c := range all {
			if err := c.run(i >= 2); err != nil {
				return err
			}
		}
	}
	table := report(all, runs)
	fmt.Print(table)
	if write == "" {
		return nil
	}
	old, err := os.ReadFile(write)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(write, []byte(page(table, measure.Date(date))+others(string(old))), 0o644)
}

// others are the parts of the page that other scripts write, kept.
func others(page string) string {
	at := strings.Index(page, "\n<!-- scripts/")
	if at < 0 {
		return ""
	}
	return page[at:]
}

// prepare builds the programs and lays out the three folders.
func prepare(repo, work string) ([]*contender, error) {
	bin := filepath.Join(work, "bin")
	for _, b := range []struct {
		dir  string
		pkgs []string
	}{
		{".", []string{"sigs.k8s.io/kustomize/kustomize/v5", "helm.sh/helm/v4/cmd/helm", "./bench/decryptor"}},
		{repo, []string{"./cmd/reggen"}},
	} {
		args := append([]string{"build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", bin + "/"}, b.pkgs...)
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = b.dir, append(os.Environ(), "CGO_ENABLED=0") // as their releases are built
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building %v: %w\n%s", b.pkgs, err, out)
		}
	}
	env := []string{"HOME=" + work, "TMPDIR=" + work, "PATH=" + bin, "KUSTOMIZE_PLUGIN_HOME=" + filepath.Join(work, "plugins")}
	withKey := append(slices.Clone(env), "SOPS_AGE_KEY_FILE="+filepath.Join(repo, "testdata", "keys", "staging.agekey"))

	a := &contender{name: "A", what: "`reggen build overlays/staging`", dir: repo, env: env, argv: []string{filepath.Join(bin, "reggen"), "build", "overlays/staging"}}
	finished, err := a.output()
	if err != nil {
		return nil, err
	}
	b := &contender{name: "B", what: "kustomize + Helm's CLI + SOPS exec generator", dir: filepath.Join(work, "pipeline"), env: withKey,
		argv: []string{filepath.Join(bin, "kustomize"), "build", "--enable-helm", "--enable-alpha-plugins", "."}}
	if err := pipeline(repo, work, bin, finished); err != nil {
		return nil, err
	}
	c := &contender{name: "C", what: "kustomize alone on the finished YAML", dir: filepath.Join(work, "finished"), env: env,
		argv: []string{filepath.Join(bin, "kustomize"), "build", "."}}
	if err := files(c.dir, map[string]string{"all.yaml": string(finished), "kustomization.yaml": "resources: [all.yaml]\n"}); err != nil {
		return nil, err
	}
	d := &contender{name: "D", what: "kustomize with reggen as its plugin", dir: repo, env: env,
		argv: []string{filepath.Join(bin, "kustomize"), "build", "--enable-alpha-plugins", "overlays/staging"}}
	install := exec.Command(filepath.Join(bin, "reggen"), "plugin", "install")
	install.Dir, install.Env = repo, env
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("reggen plugin install: %w\n%s", err, out)
	}
	if plugged, err := d.output(); err != nil || !bytes.Equal(plugged, finished) {
		return nil, fmt.Errorf("the plugin gives other bytes than reggen build: %w", err)
	}
	e := &contender{name: "E", what: "D, the spec's layer written as a JSON 6902 patch", dir: filepath.Join(work, "operations"), env: env, argv: d.argv}
	if err := operations(repo, e.dir); err != nil {
		return nil, err
	}
	if plugged, err := e.output(); err != nil || !bytes.Equal(plugged, finished) {
		return nil, fmt.Errorf("with a JSON 6902 patch other bytes come out: %w", err)
	}
	f := &contender{name: "F", what: "A, the layer written so", dir: e.dir, env: env, argv: a.argv}
	if built, err := f.output(); err != nil || !bytes.Equal(built, finished) {
		return nil, fmt.Errorf("with a JSON 6902 patch reggen builds other bytes: %w", err)
	}
	all := []*contender{a, b, c, d, e, f}
	return all, alike(all)
}

// operations copies overlays/staging, with its merge patch of the base's spec
// written as operations.
func operations(repo, dir string) error {
	for _, name := range []string{"bases/registry", "overlays/staging"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(repo, name))); err != nil {
			return err
		}
	}
	layer := filepath.Join(dir, "overlays", "staging", "registry")
	text, err := os.ReadFile(filepath.Join(layer, "registry.yaml"))
	if err != nil {
		return err
	}
	var patch struct {
		Spec map[string]any `json:"spec"`
	}
	if err := yaml.Unmarshal(text, &patch); err != nil {
		return err
	}
	var ops []map[string]any
	for _, field := range slices.Sorted(maps.Keys(patch.Spec)) {
		ops = append(ops, map[string]any{"op": "add", "path": "/spec/" + field, "value": patch.Spec[field]})
	}
	written, err := yaml.Marshal(ops)
	if err != nil {
		return err
	}
	return files(layer, map[string]string{"registry.yaml": string(written),
		"kustomization.yaml": "resources: [../../../bases/registry]\npatches:\n- {path: registry.yaml, target: {kind: Registry}}\n"})
}

// pipeline writes what somebody without reggen would have in git: the chart,
// its values and the encrypted Secrets.
func pipeline(repo, work, bin string, finished []byte) error {
	dir := filepath.Join(work, "pipeline")
	if err := os.CopyFS(filepath.Join(dir, "charts", "docker-registry"), os.DirFS(filepath.Join(repo, "generator", "chart", "default"))); err != nil {
		return err
	}
	var secrets []string
	for _, doc := range bytes.Split(finished, []byte("\n---\n")) {
		var o struct {
			Kind     string `json:"kind"`
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		if err := yaml.Unmarshal(doc, &o); err != nil {
			return err
		}
		// The registry's own three Secrets; the pull secret is left out, in
		// B's favour.
		if o.Kind == "Secret" && strings.HasPrefix(o.Metadata.Name, "docker-registry") {
			file := o.Metadata.Name + ".enc.yaml"
			secrets = append(secrets, file)
			if err := files(dir, map[string]string{file: string(doc) + "\n"}); err != nil {
				return err
			}
		}
	}
	if len(secrets) != 3 {
		return fmt.Errorf("overlays/staging has %d Secrets of the registry; expected 3", len(secrets))
	}
	plugin := filepath.Join(work, "plugins", "bench.example.com", "v1", "decryptor")
	if err := os.MkdirAll(plugin, 0o755); err != nil {
		return err
	}
	if err := os.Symlink(filepath.Join(bin, "decryptor"), filepath.Join(plugin, "Decryptor")); err != nil {
		return err
	}
	return files(dir, map[string]string{
		"kustomization.yaml": "namespace: registry\ngenerators: [decryptor.yaml]\nhelmGlobals: {chartHome: charts}\n" +
			"helmCharts:\n- name: docker-registry\n  releaseName: docker-registry\n  namespace: registry\n  valuesFile: values.yaml\n",
		"decryptor.yaml": "apiVersion: bench.example.com/v1\nkind: Decryptor\nmetadata: {name: secrets}\nfiles: [" + strings.Join(secrets, ", ") + "]\n",
		"values.yaml":    values,
	})
}

// values ask the chart for the tutorial's set-up, less the Secrets, which the
// generator brings.
const values = `replicaCount: 2
storage: s3
s3: {region: nyc3, regionEndpoint: nyc3.digitaloceanspaces.com, bucket: my-space, secure: true}
secrets: {s3: {secretRef: docker-registry-s3}}
ingress:
  enabled: true
  className: nginx
  hosts: [registry.example.com]
  annotations: {cert-manager.io/cluster-issuer: letsencrypt-prod, nginx.ingress.kubernetes.io/proxy-body-size: 30720m}
  tls:
  - {secretName: docker-registry-prod, hosts: [registry.example.com]}
`

// alike makes sure that the contenders do the job before they are measured.
func alike(all []*contender) error {
	for _, c := range all {
		out, err := c.output()
		if err != nil {
			return err
		}
		for _, kind := range []string{"ConfigMap", "Deployment", "Ingress", "Secret", "Service"} {
			if !bytes.Contains(out, []byte("kind: "+kind+"\n")) {
				return fmt.Errorf("%s prints no %s", c.what, kind)
			}
		}
	}
	return nil
}

func (c *contender) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Env = c.dir, c.env
	return cmd
}

func (c *contender) output() ([]byte, error) {
	var errs bytes.Buffer
	cmd := c.command(context.Background())
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", c.what, err, errs.Bytes())
	}
	return out, nil
}

func (c *contender) run(counts bool) error {
	cmd := c.command(context.Background())
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", c.what, err)
	}
	wall := time.Since(began)
	if !counts {
		return nil
	}
	c.wall = append(c.wall, wall)
	c.cpu = append(c.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		rss := int64(usage.Maxrss)
		if runtime.GOOS == "darwin" { // bytes there, KiB on Linux
			rss /= 1024
		}
		c.maxRS = max(c.maxRS, rss)
	}
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func report(all []*contender, runs int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| | what | wall, median | fastest | CPU, median | peak memory |\n|---|---|---|---|---|---|\n")
	for _, c := range all {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %d MiB |\n", c.name, c.what, ms(measure.Median(c.wall)), ms(slices.Min(c.wall)), ms(measure.Median(c.cpu)), c.maxRS/1024)
	}
	ratio := func(x, y *contender) float64 {
		return float64(measure.Median(x.wall)) / float64(measure.Median(y.wall))
	}
	fmt.Fprintf(&b, "\nA takes %.2f of B's time (at most 0.40 is required), and %.2f times C's (the aim is 1.5); D takes %.2f times C's (the aim is 3), E %.2f times, B %.1f times. F takes %.2f times A's.\n",
		ratio(all[0], all[1]), ratio(all[0], all[2]), ratio(all[3], all[2]), ratio(all[4], all[2]), ratio(all[1], all[2]), ratio(all[5], all[0]))
	fmt.Fprintf(&b, "%d interleaved runs of each, %s/%s, %d CPUs, %s.\n", runs, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	return b.String()
}

func page(table, date string) string {
	return `# Benchmarks

Written by ` + "`scripts/bench.sh --write`" + ` on ` + date + `. Whole processes, cold start included, run by turns so that a busy machine slows
all of them alike. Times differ from machine to machine; the ratios are what to look at. No test asserts a time.

` + table + `
B is what the same files in git cost without reggen: ` + "`kustomize build --enable-helm --enable-alpha-plugins`" + ` with Helm's CLI
(the same chart, from a local folder) and an exec generator that decrypts the registry's three Secrets with the SOPS library, in the
manner of KSOPS. B needs the cluster's private key; the others need none. All programs are built as their releases are, without cgo. Peak memory is that of the largest process of each.

What D takes more than E is kustomize reading its own schema of Kubernetes: it does so for any strategic-merge patch, the spec's own layer
included, and for no JSON 6902 patch. ` + "`reggen build`" + ` reads it for neither ([0006](decisions/0006-the-schema-kustomize-gets.md)); it merges layers itself where
they are plain patches, and runs kustomize for F's ([0011](decisions/0011-around-kustomize.md)).

The parts have benchmarks of their own: ` + "`go test -run '^$' -bench . ./...`" + `. Of a foreign chart with 200 templates
` + "`go test ./generator/chart -run '^$' -bench TwoHundredTemplates`" + ` prints how long reggen takes beside Helm's engine alone, in turns.
`
}

func files(dir string, content map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range content {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
