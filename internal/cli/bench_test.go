package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/internal/deliver"
)

// BenchmarkFunction is the function's own time: one Registry from its merged
// spec to its objects, kustomize left out.
func BenchmarkFunction(b *testing.B) {
	e := newEnv(b, 1, 3)
	e.ok("seal", "overlays/e0")
	w := e.world()
	envs, err := w.Environments([]string{"overlays/e0"})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := w.Builds.Generate(b.Context(), envs[0].Root, envs[0].Config, nil, deliver.BuildOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPrepare is the chart's placeholder render alone.
func BenchmarkPrepare(b *testing.B) {
	e := newEnv(b, 1, 3)
	e.ok("seal", "overlays/e0")
	w := e.world()
	envs, err := w.Environments([]string{"overlays/e0"})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := generator.Prepare(w.Builds.Input(b.Context(), envs[0])); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSealUnchanged seals environments in which nothing changed.
func BenchmarkSealUnchanged(b *testing.B) {
	for _, users := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			e := newEnv(b, 1, users)
			e.ok("seal", "overlays/e0")
			for b.Loop() {
				e.ok("seal", "overlays/e0")
			}
		})
	}
}

// BenchmarkSealNew seals environments whose passwords have no hash yet (cost
// 5, the cost of made passwords) and that have no sealed files.
func BenchmarkSealNew(b *testing.B) {
	for _, users := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			e := newEnv(b, 1, users)
			fresh := e.files()
			for b.Loop() {
				e.ok("seal", "overlays/e0")
				b.StopTimer()
				if err := os.RemoveAll(e.path("overlays")); err != nil {
					b.Fatal(err)
				}
				for name, text := range fresh {
					e.write(name, text)
				}
				b.StartTimer()
			}
		})
	}
}

// BenchmarkBuild builds many environments in one call.
func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("environments=%d", n), func(b *testing.B) {
			e := newEnv(b, n, 2)
			args := []string{"build"}
			dirs := []string{"seal"}
			for i := range n {
				args = append(args, fmt.Sprintf("overlays/e%d", i))
				dirs = append(dirs, fmt.Sprintf("overlays/e%d", i))
			}
			e.ok(dirs...)
			for b.Loop() {
				e.ok(args...)
			}
		})
	}
}

// BenchmarkNamespaces builds one pull secret into many namespaces.
func BenchmarkNamespaces(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("namespaces=%d", n), func(b *testing.B) {
			e := newEnv(b, 1, 2)
			manyNamespaces(e, n)
			e.ok("seal", "overlays/e0")
			for b.Loop() {
				e.ok("build", "overlays/e0")
			}
		})
	}
}

// manyNamespaces lets the pull secret of e0 go into n namespaces.
func manyNamespaces(e *testEnv, n int) {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("ns-%04d", i))
	}
	inSpecOf(e, "overlays/e0", "  pullSecrets: {regcred: {namespaces: ["+strings.Join(names, ", ")+"]}}\n")
}
