package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/internal/repository"
)

// A pull secret is opened once, however many namespaces it goes into.
func TestNamespacesCostOneDecryption(t *testing.T) {
	e := newEnv(t, 1, 2)
	manyNamespaces(e, 1000)
	e.ok("seal", "overlays/e0")
	w := e.world()
	envs, err := w.Environments([]string{"overlays/e0"})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := generator.Prepare(w.Builds.Input(t.Context(), envs[0]))
	if err != nil {
		t.Fatal(err)
	}
	opened := 0
	open := generator.Open(func(ctx context.Context, path string, raw []byte) (map[string]string, error) {
		opened++
		return newWorld(repository.Repository{}).Keys.OpenSealed(ctx, path, raw)
	})
	objects, err := plan.Fill(t.Context(), open, generator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	secrets := 0
	for _, o := range objects {
		if o.IsSecret() && o.Name() == "regcred" {
			secrets++
		}
	}
	if opened != len(plan.Slots) || secrets != 1000 {
		t.Errorf("%d Secrets of that name, %d decryptions for %d sealed files", secrets, opened, len(plan.Slots))
	}
}

// An account that the chart renders itself can't be brought a second time.
func TestTheRegistrysOwnAccountPullsNothing(t *testing.T) {
	e := newEnv(t, 1, 2)
	inSpecOf(e, "overlays/e0", "  pullSecrets: {regcred: {namespaces: [registry], serviceAccounts: [docker-registry]}}\n")
	_, errs, code := run(t, e.dir, "seal", "overlays/e0")
	if code != exitFail || !strings.Contains(errs, "spec.pullSecrets: the chart renders the ServiceAccount registry/docker-registry too") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}
