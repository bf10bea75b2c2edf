package cases

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/schema"
)

// TestCombinations keeps what becomes of every combination in a table: the
// kinds of what it builds, or the whole refusal. What builds is proven.
func TestCombinations(t *testing.T) {
	all, err := Combinations()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Every combination of flavor, storage, front, scale and the rest, and what becomes of it.\n" +
		"# Written by go test ./internal/cases -run TestCombinations -update; refusals are the whole message.\n")
	builds, last := 0, ""
	for _, c := range all {
		if head := c.Flavor + ", " + c.Storage; head != last {
			fmt.Fprintf(&b, "\n%s\n", head)
			last = head
		}
		fmt.Fprintf(&b, "  %-16s %-12s %-11s ", c.Front, c.Scale, c.Rest)
		p, err := c.Plan()
		if err != nil {
			fmt.Fprintf(&b, "REFUSED %s\n", strings.ReplaceAll(err.Error(), "\n", "\n"+strings.Repeat(" ", 51)))
			continue
		}
		builds++
		t.Run(c.Name, func(t *testing.T) {
			prove(t, p)
			objects, err := Readable(p)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteString(kinds(objects) + "\n")
			c.meant(t, objects)
		})
	}
	if builds*3 < len(all) {
		t.Errorf("only %d of %d combinations build", builds, len(all))
	}
	golden(t, "testdata/combinations.txt", []byte(b.String()))
}

// kinds are the kinds of objects and how many there are of each.
func kinds(objects []object.Object) string {
	var out []string
	for _, o := range objects {
		out = append(out, o.Kind())
	}
	slices.Sort(out)
	var b strings.Builder
	for _, k := range slices.Compact(slices.Clone(out)) {
		n := 0
		for _, other := range out {
			if other == k {
				n++
			}
		}
		if n > 1 {
			k = fmt.Sprintf("%s*%d", k, n)
		}
		b.WriteString(" " + k)
	}
	return strings.TrimSpace(b.String())
}

// meant checks that each setting did what it says.
func (c Combination) meant(t *testing.T, objects []object.Object) {
	t.Helper()
	have := map[string]object.Object{}
	for _, o := range objects {
		if have[o.Kind()] == nil {
			have[o.Kind()] = o
		}
	}
	for kind, want := range map[string]bool{
		"Ingress": strings.Contains(c.Front, "ingress"), "HTTPRoute": strings.Contains(c.Front, "gateway"),
		"HorizontalPodAutoscaler": c.Scale == "autoscaling", "CronJob": c.Rest == "collecting" || c.Rest == "suspended",
		"ServiceMonitor": c.Rest == "metrics", "PrometheusRule": c.Rest == "metrics", "PodDisruptionBudget": c.Rest == "budget",
		"PersistentVolumeClaim": strings.HasSuffix(c.Storage, "volume"),
	} {
		if (have[kind] != nil) != want {
			t.Errorf("there is a %s: %v, want %v", kind, have[kind] != nil, want)
		}
	}
	replicas := map[string]any{"1 replica": 1, "3 replicas": 3, "autoscaling": nil}[c.Scale]
	if got := have["Deployment"].Map("spec")["replicas"]; fmt.Sprint(got) != fmt.Sprint(replicas) {
		t.Errorf("%v replicas, want %v", got, replicas)
	}
}

// The axes are whole: what the spec's schema and types know is in them.
func TestAxesAreWhole(t *testing.T) {
	if got := len(flavors()); got < 3 {
		t.Errorf("%d flavors read from the schema", got)
	}
	for kind := range storages {
		if !slices.Contains(Storages(), kind) {
			t.Errorf("storages has a sample of %s, which the spec doesn't know", kind)
		}
	}
	for _, c := range mustCombine(t) {
		if !strings.Contains(string(c.Spec), `"flavor":"`+c.Flavor+`"`) {
			t.Fatalf("%s does not say its flavor", c.Name)
		}
	}
	if schema.Registry() == nil {
		t.Error("no schema")
	}
}

func mustCombine(t testing.TB) []Combination {
	t.Helper()
	all, err := Combinations()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
