package charts

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"sync/atomic"
	"testing"

	"sigs.k8s.io/yaml"
)

// parityCase is a chart that exercises one thing.
type parityCase struct {
	files   map[string]string
	values  string
	secrets map[string]string // secretValues: the path, and the field of the credential app
	source  string            // more lines of spec.chart
	args    []string          // what helm template gets in place of them
	release string            // other than rel
	sums    []string          // of an object's fields: checksums over secrets
	prepare func(p *place)
	folder  bool // not as an archive as well
}

const plain = "apiVersion: v2\nname: c\nversion: 1.2.3\nappVersion: \"7.0\"\n"

// kubeVersion is reggen's own, which helm is told.
const kubeVersion = "1.35.0"

func chartOf(name string) string {
	return "apiVersion: v2\nname: " + name + "\nversion: 0.1.0\n"
}

// cm is a ConfigMap with these lines of data.
func cm(name string, lines ...string) string {
	out := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\ndata:\n"
	for _, l := range lines {
		out += "  " + l + "\n"
	}
	return out
}

// one is a chart of one ConfigMap.
func one(lines ...string) map[string]string {
	return map[string]string{"templates/a.yaml": cm("a", lines...)}
}

// and is a chart with more files.
func and(a map[string]string, more ...string) map[string]string {
	out := map[string]string{}
	for k, v := range a {
		out[k] = v
	}
	for i := 0; i+1 < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

// Any chart renders as helm template renders it, object by object.
func TestParity(t *testing.T) {
	const floor = 165
	var ran atomic.Int32
	t.Run("charts", func(t *testing.T) {
		for name, c := range parityCases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c.hold(t)
				ran.Add(1)
			})
		}
	})
	t.Logf("%d charts", ran.Load())
	if len(parityCases) < floor {
		t.Errorf("only %d charts; %d were there", len(parityCases), floor)
	}
}

func (c parityCase) hold(t *testing.T) {
	p := newPlace(t)
	p.chart(c.files)
	if c.prepare != nil {
		c.prepare(p)
	}
	p.write("values.yaml", c.values)
	p.spec("../../chart", c.source, c.values, c.secrets)
	release := "rel"
	if c.release != "" {
		release = c.release
	}
	args := []string{"template", release, "chart", "--namespace", "apps", "-f", "values.yaml"}
	if !strings.Contains(strings.Join(c.args, " "), "--kube-version") {
		args = append(args, "--kube-version", kubeVersion)
	}
	if !strings.Contains(c.source, "skipCRDs") {
		args = append(args, "--include-crds")
	}
	for path, field := range c.secrets {
		args = append(args, "--set-string", path+"="+map[string]string{"password": password, "token": token}[field])
	}
	helm := p.ok("helm", append(args, c.args...)...)
	if len(objects(t, helm)) == 0 {
		t.Fatal("helm renders nothing")
	}
	secrets := strings.Contains(helm, "kind: Secret")
	if secrets {
		p.seal()
	}
	sealed := p.ok("reggen", "build", "overlays/x")
	if strings.Contains(sealed, password) || strings.Contains(sealed, token) {
		t.Error("a secret stands in a build")
	}
	compare(t, c, "build", objects(t, helm), objects(t, sealed), false)
	if secrets {
		compare(t, c, "build --secrets plain", objects(t, helm), objects(t, p.ok("reggen", "build", "--secrets", "plain", "overlays/x")), true)
	}
	if c.folder {
		return
	}
	// As an archive it is the same chart.
	p.ok("helm", "package", "chart")
	archives, _ := filepath.Glob(filepath.Join(p.dir, "*.tgz"))
	if len(archives) != 1 {
		t.Fatalf("helm package made %v", archives)
	}
	data, err := os.ReadFile(archives[0])
	must(t, err)
	sum := sha256.Sum256(data)
	p.spec("../../"+filepath.Base(archives[0]), c.source+"sha256: "+hex.EncodeToString(sum[:])+"\n", c.values, c.secrets)
	if archived := p.ok("reggen", "build", "overlays/x"); archived != sealed {
		t.Errorf("of the archive it is\n%s\nand of the folder\n%s", archived, sealed)
	}
}

// compare holds objects against those that helm gives. The data of Secrets is
// compared where it is plain.
func compare(t *testing.T, c parityCase, what string, want, got map[string][]any, data bool) {
	t.Helper()
	for id, w := range want {
		g := got[id]
		delete(got, id)
		for _, o := range append(append([]any{}, w...), g...) {
			normalize(o.(map[string]any), c.sums, data)
		}
		sortTexts(w)
		sortTexts(g)
		if !reflect.DeepEqual(w, g) {
			t.Errorf("%s: %s\nhelm gives\n%s\nreggen\n%s", what, id, written(w), written(g))
		}
	}
	for id := range got {
		t.Errorf("%s: reggen alone gives %s", what, id)
	}
}

func sortTexts(l []any) {
	sort.Slice(l, func(i, j int) bool { return written(l[i]) < written(l[j]) })
}

func written(v any) string {
	text, _ := json.MarshalIndent(v, "", " ")
	return string(text)
}

// normalize takes away what reggen adds, and what a build can't have.
func normalize(o map[string]any, sums []string, data bool) {
	drop := func(m map[string]any) {
		a, _ := m["annotations"].(map[string]any)
		if a == nil {
			return
		}
		for k := range a {
			if strings.HasPrefix(k, "reggen.dev/") {
				delete(a, k)
			}
		}
		for _, k := range sums {
			if text, is := a[k].(string); is && text != "" {
				a[k] = "a checksum"
			}
		}
		if len(a) == 0 {
			delete(m, "annotations")
		}
	}
	meta, _ := o["metadata"].(map[string]any)
	drop(meta)
	if spec, is := o["spec"].(map[string]any); is {
		if tmpl, is := spec["template"].(map[string]any); is {
			if meta, is := tmpl["metadata"].(map[string]any); is {
				drop(meta)
				if len(meta) == 0 {
					delete(tmpl, "metadata")
				}
			}
		}
	}
	if o["kind"] != "Secret" || o["apiVersion"] != "v1" {
		return
	}
	delete(o, "sops")
	all := map[string]any{}
	if d, is := o["data"].(map[string]any); is {
		for k, v := range d {
			all[k] = v
		}
	}
	if d, is := o["stringData"].(map[string]any); is {
		for k, v := range d {
			text, _ := v.(string)
			all[k] = base64.StdEncoding.EncodeToString([]byte(text))
		}
	}
	delete(o, "data")
	delete(o, "stringData")
	if data {
		o["data"] = all
		return
	}
	keys := map[string]any{}
	for k := range all {
		keys[k] = "sealed"
	}
	o["data"] = keys
}

var between = regexp.MustCompile(`(?m)^---.*$`)

// objects are those of a stream, as a client of Kubernetes reads them, lists
// taken apart. Numbers keep their digits.
func objects(t *testing.T, text string) map[string][]any {
	t.Helper()
	out := map[string][]any{}
	var add func(o map[string]any)
	add = func(o map[string]any) {
		if items, is := o["items"].([]any); is && strings.HasSuffix(fmt.Sprint(o["kind"]), "List") {
			for _, i := range items {
				add(i.(map[string]any))
			}
			return
		}
		meta, _ := o["metadata"].(map[string]any)
		id := fmt.Sprintf("%v %v %v/%v", o["apiVersion"], o["kind"], meta["namespace"], meta["name"])
		out[id] = append(out[id], o)
	}
	for _, doc := range between.Split("\n"+text, -1) {
		data, err := yaml.YAMLToJSON([]byte(doc))
		if err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		var o map[string]any
		must(t, d.Decode(&o))
		if len(o) > 0 {
			add(o)
		}
	}
	return out
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
