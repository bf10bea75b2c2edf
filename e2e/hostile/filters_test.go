package hostile

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What git is set up to start for the files of a checkout (Git LFS, filters,
// hooks) is not started for those of the revision that is compared with, and
// attributes of a branch do not change them.
func TestFiltersAndAttributes(t *testing.T) {
	r := newRepository(t, attack{".gitattributes": "* filter=lfs\n.sops.yaml working-tree-encoding=UTF-16LE\n", ".lfsconfig": "[lfs]\n\turl = https://127.0.0.1:1/\n"})
	stolen := filepath.Join(r.home, "stolen")
	for key, value := range map[string]string{"filter.lfs.smudge": "echo ran >> " + stolen + "; cat", "filter.lfs.required": "true", "core.hooksPath": filepath.Join(r.home, "hooks")} {
		cmd := exec.Command("git", "config", "--file", filepath.Join(r.home, ".gitconfig"), key, value)
		must(t, cmd.Run())
	}
	must(t, os.MkdirAll(filepath.Join(r.home, "hooks"), 0o755))
	must(t, os.WriteFile(filepath.Join(r.home, "hooks", "post-checkout"), []byte("#!/bin/sh\necho ran >> "+stolen+"\n"), 0o755))
	const stranger = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
	r.write(".sops.yaml", strings.ReplaceAll(r.read(".sops.yaml"), clust, clust+","+stranger))
	for name, entries := range map[string][]touches{"diff": commands["diff"], "check": commands["check"]} {
		for _, entry := range entries {
			out := r.reggen(entry.args)
			out.within(t, entry)
			if r.has("home/stolen") {
				t.Errorf("reggen %s started a filter or a hook", entry.args)
			}
			if name == "diff" && !strings.Contains(entry.args, "--against") && !strings.Contains(out.stdout, "+"+stranger) {
				t.Errorf("reggen %s hides a reader\n%s%s", entry.args, out.stdout, out.stderr)
			}
		}
	}
}
