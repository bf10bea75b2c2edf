// Command publiccharts renders charts with their default values through the real
// helm template and through reggen, sealed and sealed again from nothing, and
// writes a table of what each came to. It is started by scripts/charts.sh.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/yaml"
)

var (
	helm   = flag.String("helm", "", "the real helm")
	reggen = flag.String("reggen", "", "the reggen to try")
	key    = flag.String("key", "", "an age key")
	public = flag.String("public", "", "its public key")
)

// row is one chart and what it came to.
type row struct {
	chart, version, result, why string
	objects, secrets, draws     int
}

func main() {
	log.SetFlags(0)
	flag.Parse()
	var charts []string
	for _, dir := range flag.Args() {
		found, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			log.Fatal(err)
		}
		for _, f := range found {
			if _, err := os.Stat(filepath.Join(f, "Chart.yaml")); err == nil || strings.HasSuffix(f, ".tgz") {
				charts = append(charts, f)
			}
		}
	}
	if len(charts) == 0 {
		log.Fatal("no charts: name folders that hold folders with a Chart.yaml, or .tgz")
	}
	rows := make([]row, len(charts))
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.NumCPU())
	for i, chart := range charts {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			rows[i] = try(chart)
			log.Printf("%s: %s %s", filepath.Base(chart), rows[i].result, rows[i].why)
		})
	}
	wg.Wait()
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.chart, b.chart) })
	fmt.Print("| chart | version | result | objects | Secrets | draws |\n|---|---|---|---|---|---|\n")
	counts := map[string]int{}
	for _, r := range rows {
		counts[r.result]++
		result := r.result
		if r.why != "" {
			result += ": " + strings.NewReplacer("|", "\\|", "<", "&lt;", "\n", " ").Replace(r.why)
		}
		fmt.Printf("| %s | %s | %s | %d | %d | %d |\n", r.chart, r.version, result, r.objects, r.secrets, r.draws)
	}
	fmt.Printf("\n%d charts:", len(rows))
	for _, result := range slices.Sorted(func(yield func(string) bool) {
		for r := range counts {
			if !yield(r) {
				return
			}
		}
	}) {
		fmt.Printf(" %d %s;", counts[result], result)
	}
	fmt.Println()
}

// run starts a program in a folder and waits at most two minutes.
func run(dir string, program string, args ...string) (stdout []byte, why string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	cmd.Env = os.Environ()
	if !slices.Equal(args, []string{"build", "env"}) { // which needs no key
		cmd.Env = append(cmd.Env, "SOPS_AGE_KEY_FILE="+*key)
	}
	if err := cmd.Run(); err != nil {
		text := errs.String()
		if _, after, found := strings.Cut(text, "reggen: "); found {
			text = after
		}
		text, _, _ = strings.Cut(text, "\n  next:")
		if len(text) > 240 {
			text = text[:240] + " ..."
		}
		return nil, strings.TrimSpace(text) + " "
	}
	return out.Bytes(), ""
}

func try(chart string) row {
	r := row{chart: strings.TrimSuffix(filepath.Base(chart), ".tgz")}
	var meta struct{ Version string }
	if text, err := os.ReadFile(filepath.Join(chart, "Chart.yaml")); err == nil {
		_ = yaml.Unmarshal(text, &meta)
	}
	r.version = meta.Version
	dir, err := os.MkdirTemp("", "reggen-chart-")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "chart"+filepath.Ext(strings.TrimSuffix(chart, "/")))
	if info, err := os.Stat(chart); err == nil && info.IsDir() {
		path = filepath.Join(dir, "chart")
		if err := os.CopyFS(path, os.DirFS(chart)); err != nil {
			r.result, r.why = "not tried", err.Error()
			return r
		}
	} else if data, err := os.ReadFile(chart); err == nil {
		write(path, string(data))
	}
	write(filepath.Join(dir, ".sops.yaml"), "creation_rules:\n- {path_regex: credentials/, encrypted_regex: ^(data|stringData)$, age: "+*public+"}\n- {path_regex: sealed/, encrypted_regex: ^(data|stringData)$, age: "+*public+"}\n")
	write(filepath.Join(dir, "env/kustomization.yaml"), "generators: [app]\n")
	write(filepath.Join(dir, "env/app/kustomization.yaml"), "resources: [chart.yaml]\n")
	write(filepath.Join(dir, "env/app/chart.yaml"), "apiVersion: reggen.dev/v1alpha1\nkind: Chart\nmetadata: {name: myrelease, namespace: apps}\nspec:\n  chart: {path: ../"+filepath.Base(path)+", hooks: keep}\n")

	byHelm, why := run(dir, *helm, "template", "myrelease", path, "--namespace", "apps", "--include-crds")
	if why != "" {
		r.result = "helm fails too"
		return r
	}
	if _, why := run(dir, *reggen, "seal", "env", "--accept-recipients", *public); why != "" {
		r.result, r.why = "refused", why
		return r
	}
	built, why := run(dir, *reggen, "build", "env")
	if why != "" {
		r.result, r.why = "refused", why
		return r
	}
	want, got := objects(byHelm), objects(built)
	r.objects = len(got)
	sealed, _ := filepath.Glob(filepath.Join(dir, "env/sealed/*.yaml"))
	r.secrets = len(sealed)
	drawn := map[string]bool{}
	for _, f := range sealed {
		text, _ := os.ReadFile(f)
		for _, m := range regexp.MustCompile(`fact "draw/([^"]*?)(?:\.cert|\.key)?" `).FindAllSubmatch(text, -1) {
			drawn[string(m[1])] = true
		}
	}
	r.draws = len(drawn)
	if r.why = differs(want, got); r.why != "" {
		r.result = "differs"
		return r
	}
	plain, _ := run(dir, *reggen, "build", "--secrets", "plain", "env")
	if err := os.RemoveAll(filepath.Join(dir, "env/sealed")); err != nil {
		log.Fatal(err)
	}
	if _, why := run(dir, *reggen, "seal", "env", "--accept-recipients", *public); why != "" {
		r.result, r.why = "refused the second time", why
		return r
	}
	again, _ := run(dir, *reggen, "build", "--secrets", "plain", "env")
	if !bytes.Equal(plain, again) || len(plain) == 0 {
		r.result = "other bytes the second time"
		return r
	}
	r.result = "the same"
	return r
}

func write(path, text string) {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// objects are those of a stream by what they are, without tests, lists taken apart.
func objects(text []byte) map[string]map[string]any {
	out := map[string]map[string]any{}
	var add func(o map[string]any)
	add = func(o map[string]any) {
		if items, is := o["items"].([]any); is && strings.HasSuffix(fmt.Sprint(o["kind"]), "List") {
			for _, i := range items {
				if item, is := i.(map[string]any); is {
					add(item)
				}
			}
			return
		}
		meta, _ := o["metadata"].(map[string]any)
		annotations, _ := meta["annotations"].(map[string]any)
		if hook := fmt.Sprint(annotations["helm.sh/hook"]); strings.Contains(hook, "test") {
			return
		}
		out[fmt.Sprint(o["apiVersion"], " ", o["kind"], " ", meta["namespace"], "/", meta["name"])] = o
	}
	for _, doc := range regexp.MustCompile(`(?m)^---[ \t]*$`).Split("\n"+string(text), -1) {
		var o map[string]any
		if yaml.Unmarshal([]byte(doc), &o) == nil && len(o) > 0 {
			add(o)
		}
	}
	return out
}

// differs says where two sets of objects differ, "" for nowhere that counts: the
// content of Secrets, checksums of it, and certificates may.
func differs(want, got map[string]map[string]any) string {
	for id := range want {
		if got[id] == nil {
			return "lacks " + id
		}
	}
	for id := range got {
		if want[id] == nil {
			return "has " + id
		}
	}
	for id, o := range want {
		if o["kind"] == "Secret" && o["apiVersion"] == "v1" {
			for _, field := range []string{"data", "stringData", "sops"} {
				delete(o, field)
				delete(got[id], field)
			}
		}
		if at := unlike(o, got[id], ""); at != "" {
			return id + " at " + at
		}
	}
	return ""
}

var (
	checksum    = regexp.MustCompile(`^[0-9a-f]{4,128}$`)
	certificate = regexp.MustCompile(`BEGIN CERTIFICATE|^LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS`)
)

func unlike(a, b any, at string) string {
	switch x := a.(type) {
	case map[string]any:
		y, _ := b.(map[string]any)
		keys := map[string]bool{}
		for k := range x {
			keys[k] = true
		}
		for k := range y {
			keys[k] = true
		}
		delete(keys, "reggen.dev/rollout")
		for k := range keys {
			if found := unlike(x[k], y[k], at+"."+k); found != "" {
				return found
			}
		}
		return ""
	case []any:
		y, _ := b.([]any)
		if len(x) != len(y) {
			return at
		}
		for i := range x {
			if found := unlike(x[i], y[i], fmt.Sprintf("%s[%d]", at, i)); found != "" {
				return found
			}
		}
		return ""
	case nil:
		if y, is := b.(map[string]any); is && len(y) == 1 && y["reggen.dev/rollout"] != nil {
			return ""
		}
	case string:
		y, _ := b.(string)
		if strings.Contains(at, "annotations.checksum") && checksum.MatchString(x) && checksum.MatchString(y) || checksum.MatchString(x) && len(x) >= 40 && len(x) == len(y) ||
			certificate.MatchString(x) && certificate.MatchString(y) {
			return ""
		}
	}
	if !reflect.DeepEqual(a, b) {
		return at
	}
	return ""
}
