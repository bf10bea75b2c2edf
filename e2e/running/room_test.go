//go:build linux

package running

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// large is a layer that is missed when its room doesn't come back.
const large = 120 << 20

// Room comes back from a volume: nothing with a schedule alone, which check says
// before; with deleteUntagged all of an image whose tag was moved.
func TestRoomOnAVolume(t *testing.T) {
	t.Parallel()
	e := changed(t, "dev", "room.example.com", map[string]any{"garbageCollection": map[string]any{"schedule": "0 3 * * 0"}})
	c := deploy(t, e)
	comesBack(c, func() int64 { return roomOf(t, c.claims) }, func(string) {
		e.change(func(spec map[string]any) { spec["garbageCollection"].(map[string]any)["deleteUntagged"] = true })
	})
}

// Likewise from a bucket: an image can't be deleted before the configuration says
// so; then a client deletes it, and it is collected.
func TestRoomInABucket(t *testing.T) {
	t.Parallel()
	e := changed(t, "staging", "room2.example.com", map[string]any{
		"replicas": 1, "storage": spaces("sfo1"), "garbageCollection": map[string]any{"schedule": "0 3 * * 0"},
	})
	c := deployOn(t, e, "sfo1")
	comesBack(c, func() int64 { bytes, _ := c.store.room(); return bytes }, func(old string) {
		again := func(f func(spec map[string]any)) {
			e.change(f)
			c.apply()
		}
		remove := func() int {
			status, _, _ := c.through().do(http.MethodDelete, "/v2/app/manifests/"+old, nil)
			return status
		}
		again(func(spec map[string]any) { delete(spec, "readOnly") })
		if status := remove(); status != http.StatusMethodNotAllowed {
			t.Errorf("without storage.delete.enabled a deletion is answered with %d", status)
		}
		again(func(spec map[string]any) {
			spec["config"] = map[string]any{"storage": map[string]any{"delete": map[string]any{"enabled": true}}}
		})
		if status := remove(); status != http.StatusAccepted {
			t.Errorf("with storage.delete.enabled a deletion is answered with %d", status)
		}
		again(func(spec map[string]any) { spec["readOnly"] = true })
	})
}

// comesBack pushes a large image, moves its tag to a small one, and collects: by
// the defaults, and after mend, to which the large image's digest is given.
func comesBack(c *cluster, room func() int64, mend func(old string)) {
	t, e, cluster := c.t, c.env, c.config("default", "regcred")
	old, kept := newImage(t, large), newImage(t, 1<<20)
	cluster.ok("push", old.dir, c.host()+"/app:1")
	cluster.ok("push", kept.dir, c.host()+"/app:1")
	if text := e.checked(); !strings.Contains(text, "[collect-nothing]") {
		t.Errorf("check doesn't say that nothing is freed:\n%s", text)
	}
	e.change(func(spec map[string]any) { spec["readOnly"] = true })
	c.apply()
	before := room()
	log, code := c.job()
	found := eligible.FindStringSubmatch(log)
	if code != 0 || found == nil {
		t.Fatalf("collecting: exit status %d\n%s", code, log)
	}
	after := room()
	t.Logf("by the defaults %s; the storage holds %d MiB, held %d", found[0], after>>20, before>>20)
	if after != before || before < large {
		t.Error("by the defaults something is freed: check and the guide say otherwise")
	}

	mend(old.digest)
	if text := e.checked(); strings.Contains(text, "[collect-nothing]") {
		t.Errorf("check still says that nothing is freed:\n%s", text)
	}
	c.apply()
	if log, code = c.job(); code != 0 {
		t.Fatalf("collecting: exit status %d\n%s", code, log)
	}
	t.Logf("then %s; the storage holds %d MiB", eligible.FindString(log), room()>>20)
	if room() > before-large {
		t.Errorf("the storage holds %d bytes, held %d: the large layer is still there", room(), before)
	}
	cluster.ok("validate", "--remote", c.host()+"/app:1")
	if _, _, code := cluster.run("manifest", c.host()+"/app@"+old.digest); code == 0 {
		t.Error("the image that was collected can be had")
	}
}

// roomOf is how many bytes the files below a folder hold.
func roomOf(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	must(t, filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return err
	}))
	return bytes
}
