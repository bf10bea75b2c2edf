package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reggen/reggen/internal/needs"
	"github.com/reggen/reggen/internal/repository"
)

// What is compared with is what was committed. Attributes, which a branch can
// set for the files of the base too, neither change it nor start a filter.
func TestAttributesHideNoReader(t *testing.T) {
	for name, attributes := range map[string]string{
		"encoding":   ".sops.yaml working-tree-encoding=UTF-16LE\n",
		"line ends":  "* text eol=crlf\n",
		"identifier": "* ident\n",
		"filter":     "* filter=evil\n",
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t, 1, 2)
			record := filepath.Join(t.TempDir(), "record")
			e.ok("seal", "overlays/e0")
			e.git("init", "-q")
			e.git("add", "-A")
			e.git("commit", "-q", "-m", "first")
			e.git("config", "filter.evil.smudge", "echo ran >> "+record+"; cat")
			hook := e.path(".git/hooks/post-checkout")
			e.write(".git/hooks/post-checkout", "#!/bin/sh\necho ran >> "+record+"\n")
			if err := os.Chmod(hook, 0o755); err != nil {
				t.Fatal(err)
			}
			stranger := newEnv(t, 0, 0)
			stranger.key("evil")
			evil := stranger.keys["evil"]
			e.write(".gitattributes", attributes)
			e.write(".sops.yaml", strings.ReplaceAll(e.read(".sops.yaml"), e.keys["e0"], e.keys["e0"]+","+evil))
			out, errs, code := run(t, e.dir, "diff")
			if code != exitDifferent || !strings.Contains(out, "+"+evil) {
				t.Errorf("exit %d\n%s%s", code, out, errs)
			}
			if strings.Contains(out, "+"+e.keys["people"]) || strings.Contains(out, "+"+e.keys["e0"]) {
				t.Errorf("who could read before is named as new:\n%s", out)
			}
			run(t, e.dir, "check", "--from", "HEAD")
			if repository.Exists(record) {
				t.Error("a program ran")
			}
		})
	}
}

// Rules that can't be read on the other side, and none at all in a revision,
// make everybody a new reader whom this side's rules name beyond the files.
func TestUnreadableRulesBeforeHideNoReader(t *testing.T) {
	for name, before := range map[string]string{"broken": "creation_rules: [\n", "none": "", "a pointer": "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("0", 64) + "\nsize 12\n", "a link out": "-> /etc/hostname"} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t, 1, 2)
			e.ok("seal", "overlays/e0")
			good := e.read(".sops.yaml")
			e.remove(".sops.yaml")
			if target, is := strings.CutPrefix(before, "-> "); is {
				needs.Unix(t, needs.Links)
				if err := os.Symlink(target, e.path(".sops.yaml")); err != nil {
					t.Fatal(err)
				}
			} else if before != "" {
				e.write(".sops.yaml", before)
			}
			e.git("init", "-q")
			e.git("add", "-A")
			e.git("commit", "-q", "-m", "first")
			stranger := newEnv(t, 0, 0)
			stranger.key("evil")
			_ = os.Remove(e.path(".sops.yaml"))
			e.write(".sops.yaml", strings.ReplaceAll(good, e.keys["e0"], e.keys["e0"]+","+stranger.keys["evil"]))
			out, errs, code := run(t, e.dir, "diff")
			if code != exitDifferent || !strings.Contains(out, "+"+stranger.keys["evil"]) {
				t.Errorf("exit %d\n%s%s", code, out, errs)
			}
		})
	}
}

// A file of which git holds a pointer alone is none that a build can use.
func TestAPointerIsNoFile(t *testing.T) {
	e := newEnv(t, 1, 2)
	e.ok("seal", "overlays/e0")
	e.write("overlays/e0/kustomization.yaml", "generators: [registry]\nconfigMapGenerator: [{name: c, files: [c.txt]}]\n")
	e.write("overlays/e0/c.txt", "version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("0", 64)+"\nsize 5\n")
	e.git("init", "-q")
	e.git("add", "-A")
	e.git("commit", "-q", "-m", "first")
	e.write("overlays/e0/c.txt", "text\n")
	_, errs, code := run(t, e.dir, "diff")
	if code != exitTrouble || !strings.Contains(errs, "overlays/e0/c.txt") || !strings.Contains(errs, "Git LFS") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}
