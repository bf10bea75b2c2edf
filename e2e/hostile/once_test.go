package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What environments share is opened once: the base, the rules, credentials of a
// folder that all of them name, and the key. Each has what is its own besides.
func TestWhatIsSharedIsOpenedOnce(t *testing.T) {
	r := newRepository(t, nil)
	must(t, os.RemoveAll(filepath.Join(r.dir, "overlays")))
	must(t, os.RemoveAll(filepath.Join(r.dir, "bases")))
	must(t, os.CopyFS(filepath.Join(r.dir, "bases"), os.DirFS("../../bases")))
	const staging = "../../overlays/staging"
	must(t, os.CopyFS(filepath.Join(r.dir, "people"), os.DirFS(staging+"/credentials")))
	machine := r.read("people/machine.enc.yaml")
	must(t, os.Remove(filepath.Join(r.dir, "people/machine.enc.yaml")))
	const demo = "age1z0etexqpthsrlu94lqatc33u4ckj8yj0f0evccca7ax8glfl75csp7mwkr" // testdata/keys/people.agekey, which is published
	const cluster = "age1j055rc6ds32yjd4a9gxdz74xc7lt5apgw9w0cmzu59zgegr4huqs7ndunv"
	r.write(".sops.yaml", fmt.Sprintf("creation_rules:\n- {path_regex: /sealed/, encrypted_regex: ^(data|stringData)$, age: \"%s,%s\"}\n- {encrypted_regex: ^(data|stringData)$, age: %s}\n", demo, cluster, demo))
	var dirs []string
	for i := range 4 { // too few for a worker, which would read them once more
		dir := fmt.Sprintf("overlays/e%d", i)
		dirs = append(dirs, dir)
		must(t, os.CopyFS(filepath.Join(r.dir, dir), os.DirFS(staging)))
		must(t, os.RemoveAll(filepath.Join(r.dir, dir, "credentials")))
		r.write(dir+"/credentials/machine.enc.yaml", machine)
		r.write(dir+"/registry/registry.yaml", strings.TrimRight(r.read(dir+"/registry/registry.yaml"), "\n")+"\n  secrets: {credentials: [credentials, ../../people]}\n")
	}
	key, err := os.ReadFile("../../testdata/keys/people.agekey")
	must(t, err)
	must(t, os.WriteFile(r.key, key, 0o600))

	shared := []string{"bases/registry/kustomization.yaml", "bases/registry/registry.yaml", "people/alice.enc.yaml", "people/bob.enc.yaml", "people/puller.enc.yaml", "people/s3.enc.yaml"}
	for command, c := range map[string]struct {
		more []string
		want string // what it says when all of them were looked at
		code int
	}{
		"build":                      {nil, "name: docker-registry", 0},
		"render -o rendered":         {nil, "below rendered", 0},
		"diff --against rendered":    {nil, "", 0},
		"render -o rendered --check": {nil, "4 environments rendered below rendered as they should be", 0},
		"check":                      {[]string{".sops.yaml", r.key}, "16 of 16 sealed files compared", 1}, // of copies, which share a cluster
	} {
		if strings.Contains(command, "check") || strings.HasPrefix(command, "diff") {
			r.measured("render " + strings.Join(dirs, " ") + " -o rendered")
		}
		o := r.traced(command, "", append(append([]string{reggen}, strings.Fields(command)...), dirs...)...)
		if o.code != c.code || !strings.Contains(o.stdout+o.stderr, c.want) {
			t.Errorf("reggen %s: exit status %d\n%s%s", command, o.code, o.stdout, o.stderr)
			continue
		}
		times := map[string]int{}
		for line := range strings.Lines(o.trace) {
			if m := opened.FindStringSubmatch(line); m != nil {
				times[r.at(m[1], m[2])]++
			}
		}
		for _, path := range append(shared, c.more...) {
			if n := times[r.at("", path)]; n != 1 {
				t.Errorf("reggen %s: opened %s %d times", command, path, n)
			}
		}
		for _, dir := range dirs {
			if n := times[r.at("", dir+"/registry/registry.yaml")]; n != 1 {
				t.Errorf("reggen %s: opened the layer of %s %d times", command, dir, n)
			}
		}
	}
}
