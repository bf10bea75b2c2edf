//go:build linux

package running

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var eligible = regexp.MustCompile(`(\d+) blobs marked, (\d+) blobs and (\d+) manifests eligible for deletion`)

// Garbage collection in the sequence of the guide: read-only, collect, back.
// With nothing but a schedule nothing is freed, since an image whose tag was
// overwritten is still there by its digest; deleteUntagged takes it.
func TestGarbageCollection(t *testing.T) {
	t.Parallel()
	collects(t, "collect.example.com", "sgp1", "version 3")
}

func TestGarbageCollectionOnVersion2(t *testing.T) {
	t.Parallel()
	collects(t, "collect2.example.com", "nyc1", "version 2")
}

func collects(t *testing.T, host, region, version string) {
	e := changed(t, "staging", host, map[string]any{
		"storage": spaces(region), "image": versions[version], "garbageCollection": map[string]any{"schedule": "0 3 * * 0"},
		"config": map[string]any{"storage": map[string]any{"delete": map[string]any{"enabled": true}}},
	})
	c := deployOn(t, e, region)
	cluster := c.config("default", "regcred")
	old, kept, deleted := newImage(t, 8<<20), newImage(t, 1<<20), newImage(t, 4<<20)
	cluster.ok("push", old.dir, host+"/app:1")
	cluster.ok("push", kept.dir, host+"/app:1")
	cluster.ok("push", deleted.dir, host+"/app:2")
	platforms := newIndex(t)
	cluster.ok("push", platforms.dir, host+"/app:platforms")
	if suspended := c.objects.cronJobs[0].Spec.Suspend; suspended == nil || !*suspended {
		t.Error("the collector is not suspended while the registry takes pushes")
	}

	e.change(func(spec map[string]any) { spec["readOnly"] = true })
	e.reggen("", "seal", e.path())
	if !c.apply() {
		t.Error("read-only doesn't roll the pods")
	}
	if _, stderr, code := cluster.run("push", deleted.dir, host+"/app:3"); code == 0 || !strings.Contains(stderr, "405") && !strings.Contains(stderr, "UNSUPPORTED") {
		t.Errorf("a push to a read-only registry: exit status %d\n%s", code, stderr)
	}
	cluster.ok("digest", host+"/app:1")
	if suspended := c.objects.cronJobs[0].Spec.Suspend; suspended != nil && *suspended {
		t.Error("the collector is suspended although the registry is read-only")
	}
	before, _ := c.store.room()
	log, code := c.job()
	found := eligible.FindStringSubmatch(log)
	if code != 0 || found == nil {
		t.Fatalf("collecting: exit status %d\n%s", code, log)
	}
	if after, _ := c.store.room(); found[2] != "0" || after != before {
		t.Errorf("with the defaults %s; the bucket went from %d to %d bytes", found[0], before, after)
	}
	t.Logf("defaults: %s", found[0])

	e.change(func(spec map[string]any) {
		delete(spec, "readOnly")
		spec["garbageCollection"].(map[string]any)["deleteUntagged"] = true
	})
	e.reggen("", "seal", e.path())
	c.apply()
	if status, _, text := c.through().do(http.MethodDelete, "/v2/app/manifests/"+deleted.digest, nil); status != http.StatusAccepted {
		t.Fatalf("deleting an image: %d %s", status, text)
	}
	e.change(func(spec map[string]any) { spec["readOnly"] = true })
	e.reggen("", "seal", e.path())
	c.apply()
	if log, code = c.job(); code != 0 {
		t.Fatalf("collecting: exit status %d\n%s", code, log)
	}
	if after, _ := c.store.room(); after > before-11<<20 {
		t.Errorf("the bucket went from %d to %d bytes; two images of 4 and 8 MiB should be gone", before, after)
	}
	// Version 2 takes the parts of an image for several platforms, which
	// have no tags of their own, for untagged images. The guide says so.
	_, _, broken := cluster.run("validate", "--remote", host+"/app:platforms")
	if version == "version 2" && broken == 0 {
		t.Error("version 2 keeps images for several platforms: the guide warns of what no longer happens")
	} else if version != "version 2" && broken != 0 {
		t.Error("an image for several platforms is broken")
	}
	e.change(func(spec map[string]any) { delete(spec, "readOnly") })
	e.reggen("", "seal", e.path())
	c.apply()
	// What the pods knew of layers is gone with the old pods, so the same
	// images can be pushed again.
	cluster.ok("push", old.dir, host+"/app:old")
	for tag, digest := range map[string]string{"1": kept.digest, "old": old.digest} {
		cluster.ok("validate", "--remote", host+"/app:"+tag)
		if got := strings.TrimSpace(cluster.ok("digest", host+"/app:"+tag)); got != digest {
			t.Errorf("app:%s is %s", tag, got)
		}
	}
}
