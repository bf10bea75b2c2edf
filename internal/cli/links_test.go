package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reggen/reggen/internal/needs"
	"github.com/reggen/reggen/internal/repository"
)

// A link in the place of a folder or a file leads no command out of the
// repository: nothing there is read, written or deleted.
func TestLinksLeadNowhere(t *testing.T) {
	needs.Unix(t, needs.Links)
	for name, link := range map[string]string{"the sealed folder": "overlays/e0/sealed", "the credentials": "overlays/e0/credentials", "a sealed file": "overlays/e0/sealed/regcred.yaml", "a credential": "overlays/e0/credentials/u0.enc.yaml"} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t, 1, 2)
			e.ok("seal", "overlays/e0")
			e.git("init", "-q")
			outside := filepath.Join(t.TempDir(), "outside")
			if err := os.Rename(e.path(link), outside); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(outside, e.path(link)); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(outside); err == nil && info.IsDir() {
				if err := os.WriteFile(filepath.Join(outside, ".x.yaml123"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before := snapshotOf(t, outside)
			for _, args := range []string{"build overlays/e0", "check overlays/e0", "seal overlays/e0", "seal --rotate-keys overlays/e0", "user list", "user add x --generate", "user remove u0", "user rotate puller", "credential set s3 --field secretKey --generate", "offboard " + e.keys["people"]} {
				if strings.Contains(link, "sealed") && !strings.Contains(args, "overlays") {
					continue // they don't look there
				}
				_, errs, code := run(t, e.dir, strings.Fields(args)...)
				if code == 0 || !strings.Contains(errs, "leads out of the repository") && !strings.HasPrefix(args, "offboard") {
					t.Errorf("%s: exit %d\n%s", args, code, errs)
				}
			}
			if after := snapshotOf(t, outside); after != before {
				t.Errorf("outside was changed:\n%s\n%s", before, after)
			}
		})
	}
}

// Nor does a link in the place of what is rendered.
func TestRenderFollowsNoLink(t *testing.T) {
	needs.Unix(t, needs.Links)
	for _, link := range []string{"rendered", "rendered/overlays", "rendered/overlays/e0", "rendered/overlays/e0/kustomization.yaml"} {
		t.Run(link, func(t *testing.T) {
			e := newEnv(t, 1, 1)
			e.ok("seal", "overlays/e0")
			e.git("init", "-q")
			e.ok("render", "-o", "rendered")
			outside := filepath.Join(t.TempDir(), "outside")
			if err := os.Rename(e.path(link), outside); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(outside, e.path(link)); err != nil {
				t.Fatal(err)
			}
			e.write("overlays/e0/registry/registry.yaml", strings.Replace(e.read("overlays/e0/registry/registry.yaml"), "nyc3", "ams3", 1))
			before := snapshotOf(t, outside)
			// A file whose content is right is left as it is, link or not.
			if _, errs, code := run(t, e.dir, "render", "-o", "rendered"); code == 0 && !strings.HasSuffix(link, ".yaml") {
				t.Errorf("exit %d\n%s", code, errs)
			}
			if after := snapshotOf(t, outside); after != before {
				t.Errorf("outside was changed:\n%s\n%s", before, after)
			}
		})
	}
}

// snapshotOf is all that is in a folder or a file.
func snapshotOf(t *testing.T, path string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(path, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		b.WriteString(path + "\n" + string(text) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCredentialsOutsideTheRepository(t *testing.T) {
	e := newEnv(t, 1, 1)
	inSpecOf(e, "overlays/e0", "  secrets: {credentials: [credentials, ../../../elsewhere]}\n")
	e.git("init", "-q")
	_, errs, code := run(t, e.dir, "build", "overlays/e0")
	if code == 0 || !strings.Contains(errs, "elsewhere: is outside the repository") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// A marker that somebody puts beside a base gives a render no right to it.
func TestAForgedMarkerDeletesNothing(t *testing.T) {
	e := newEnv(t, 1, 1)
	e.ok("seal", "overlays/e0")
	e.write("bases/registry/"+repository.MarkerName, "# The files of this folder that reggen render wrote.\nkustomization.yaml\nregistry.yaml\n")
	e.write("overlays/e0/"+repository.MarkerName, "kustomization.yaml\n")
	before := e.files()
	for _, args := range []string{"render overlays/e0 -o bases", "render overlays/e0 -o .", "render overlays/e0 -o overlays"} {
		_, errs, _ := run(t, e.dir, strings.Fields(args)...)
		after := e.files()
		for path, text := range before {
			if after[path] != text && filepath.Base(path) != repository.MarkerName {
				t.Errorf("%s: %s is not what it was\n%s", args, path, errs)
			}
		}
	}
	if _, errs, code := run(t, e.dir, "render", "overlays/e0", "-o", "."); code == 0 || !strings.Contains(errs, "among the files that it is rendered from") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}
