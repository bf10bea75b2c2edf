package probe

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/reggen/reggen/generator/problem"
)

// Where a probe pushes to. One repository for all of them: registries list a
// repository for ever, even when nothing is in it any more.
const (
	repositoryName = "reggen-probe"
	keptTag        = "kept" // where the registry deletes nothing: the same image each time
	uploads        = "/v2/" + repositoryName + "/blobs/uploads/"
	manifestType   = "application/vnd.oci.image.manifest.v1+json"
	configType     = "application/vnd.oci.image.config.v1+json"
	layerType      = "application/vnd.oci.image.layer.v1.tar+gzip"
)

func manifest(ref string) string { return "/v2/" + repositoryName + "/manifests/" + ref }
func blob(digest string) string  { return "/v2/" + repositoryName + "/blobs/" + digest }

// image is a tiny one: a layer with one small file.
type image struct {
	tag                     string
	layer, config, manifest []byte
	by                      *login
	stays                   bool // the registry deletes nothing
	pushed                  bool // whole
}

func (i image) ref() string  { return repositoryName + ":" + i.tag }
func (i image) bytes() int64 { return int64(len(i.layer) + len(i.config) + len(i.manifest)) }

// newImage makes the image of a tag: the same bytes for the same tag.
func newImage(tag string) *image {
	text := []byte("made by reggen probe, " + tag + "\n")
	var unpacked, packed bytes.Buffer
	t := tar.NewWriter(&unpacked)
	_ = t.WriteHeader(&tar.Header{Name: "reggen-probe", Mode: 0o644, Size: int64(len(text)), Format: tar.FormatUSTAR})
	_, _ = t.Write(text)
	_ = t.Close()
	z, _ := gzip.NewWriterLevel(&packed, gzip.NoCompression) // the same bytes by whatever Go
	_, _ = z.Write(unpacked.Bytes())
	_ = z.Close()
	i := &image{tag: tag, layer: packed.Bytes()}
	i.config = asJSON(map[string]any{"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(unpacked.Bytes())}}})
	part := func(mime string, data []byte) map[string]any {
		return map[string]any{"mediaType": mime, "digest": digest(data), "size": len(data)}
	}
	i.manifest = asJSON(map[string]any{"schemaVersion": 2, "mediaType": manifestType, "config": part(configType, i.config), "layers": []any{part(layerType, i.layer)}})
	return i
}

func asJSON(v any) []byte {
	text, _ := json.Marshal(v) // of strings and numbers
	return text
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// push pushes a tiny image where the spec lets images be pushed, and sees to it
// that a push is refused where it does not. It says why the rest can't be tried,
// and whether uploads can be begun.
func (p *probing) push(by *login) (why string, begun bool) {
	as := "as " + who(by)
	refused := ""
	switch {
	case p.spec.ReadOnly:
		refused = "spec.readOnly"
	case p.spec.Proxy != nil:
		refused = "spec.proxy"
	}
	a := p.c.ask(p.ctx, question{method: http.MethodPost, path: uploads, as: by, body: http.NoBody})
	if refused != "" {
		switch {
		case a.is(202):
			p.cancel(a, by)
			p.r.failed(checkPush, "", as+": an upload can be begun", "a refusal: "+refused, "apply the build\n"+p.kubectl("rollout status deploy/"+p.name))
		case a.err != nil || a.status >= 500:
			p.r.failed(checkPush, "", as+": "+a.said(), "a refusal: "+refused, p.kubectl("logs deploy/"+p.name))
		default:
			p.r.ok(checkPush, "", "%s: refused, as %s means it: %s", as, refused, a.said())
		}
		return refused + ": nothing is pushed", false
	}
	if !a.is(202) {
		saw, next := as+": "+a.said(), p.kubectl("logs deploy/"+p.name)
		if a.is(405) {
			saw += ", as a registry says that is read-only or a cache"
			next = p.kubectl("get configmap "+p.name+"-config -o yaml") + "   # storage.maintenance.readonly, proxy"
		}
		p.r.failed(checkPush, "", saw, "an upload to be begun: the spec says neither readOnly nor proxy", next)
		return "nothing can be pushed", false
	}
	p.location(a)
	p.cancel(a, by)
	i, fault := p.prepareImage(by)
	if fault != "" {
		p.r.failed(checkPush, "", as+": "+fault, "", "")
		return "", true
	}
	p.left = i // from here on something may be left
	if fault = p.pushImage(i, by); fault != "" {
		next := p.kubectl("logs deploy/" + p.name)
		if strings.Contains(fault, "BLOB_UPLOAD") {
			next = "replicas with different http secrets, or with a storage of their own: see the replicas below"
		}
		p.r.failed(checkPush, "", as+": "+fault, "", next)
		return "", true
	}
	i.pushed = true
	p.r.ok(checkPush, "", "%s: %s, an image of %s", as, i.ref(), size(i.bytes()))
	return "", true
}

func who(by *login) string {
	if by == nil {
		return "nobody in particular"
	}
	return by.user
}

// prepareImage makes the image that can be removed again, or the one that may
// stay, and sees that nothing else is in its place.
func (p *probing) prepareImage(by *login) (*image, string) {
	tag := "probe-" + p.made()
	a := p.c.ask(p.ctx, question{method: http.MethodDelete, path: manifest(digest([]byte(tag))), as: by})
	stays := !a.is(404)
	if stays {
		tag = keptTag
	}
	i := newImage(tag)
	i.by, i.stays = by, stays
	there := p.c.ask(p.ctx, question{method: http.MethodGet, path: manifest(tag), as: by, accept: manifestType})
	switch {
	case there.is(404):
	case there.is(200) && stays && digest(there.body) == digest(i.manifest):
	case there.is(200):
		return nil, i.ref() + " is there and not reggen's: left alone"
	default:
		return nil, "asked for " + i.ref() + ", which is not there: " + there.said()
	}
	return i, ""
}

// pushImage uploads the parts and then what names them; "" when all of it went.
func (p *probing) pushImage(i *image, by *login) string {
	for _, part := range []struct {
		what string
		data []byte
	}{{"the layer", i.layer}, {"the config", i.config}} {
		begin := p.c.ask(p.ctx, question{method: http.MethodPost, path: uploads, as: by, body: http.NoBody})
		path, _, ok := begin.onward()
		if !begin.is(202) || !ok {
			return "beginning to upload " + part.what + ": " + begin.said()
		}
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		a := p.c.ask(p.ctx, question{method: http.MethodPut, path: path + sep + "digest=" + url.QueryEscape(digest(part.data)), as: by, body: bytes.NewReader(part.data), size: int64(len(part.data)), mime: "application/octet-stream"})
		if !a.is(201) {
			p.cancel(begin, by)
			return "uploading " + part.what + ": " + a.said()
		}
	}
	a := p.c.ask(p.ctx, question{method: http.MethodPut, path: manifest(i.tag), as: by, body: bytes.NewReader(i.manifest), size: int64(len(i.manifest)), mime: manifestType})
	if !a.is(201) {
		return "pushing the manifest: " + a.said()
	}
	return ""
}

// location holds where the registry sends clients against where it should.
func (p *probing) location(a answer) {
	_, origin, ok := a.onward()
	want := "https://" + p.spec.Host
	switch {
	case !ok:
		p.r.failed(checkLocation, "", "an upload has no place to go on", want, p.kubectl("logs deploy/"+p.name))
	case origin == "":
		p.r.ok(checkLocation, "", "an upload goes on at the same address")
	case origin == want || p.r.Address != "" && origin == p.c.origin():
		p.r.ok(checkLocation, "", "an upload goes on at %s", origin)
	default:
		p.r.failed(checkLocation, "", "clients are sent to "+problem.Quoted(origin), want, "X-Forwarded-Proto and Host have to reach the registry; http.host is in the build: apply it\n"+p.lookAtFront())
	}
}

// cancel ends an upload that was begun. A registry that keeps it all the same
// drops it after a week by itself.
func (p *probing) cancel(begun answer, by *login) { p.cancelAt(p.c, begun, by) }

func (p *probing) cancelAt(c *client, begun answer, by *login) {
	path, _, ok := begun.onward()
	if !ok {
		return
	}
	ctx, done := p.aside()
	defer done()
	for range 4 { // one replica may not know what another began
		if a := c.ask(ctx, question{method: http.MethodDelete, path: path, as: by, fresh: true}); a.is(204, 202, 200) {
			return
		}
	}
}

// remove removes what was pushed, even when the probe was stopped, and says what
// is left.
func (p *probing) remove() {
	i := p.left
	if i == nil {
		return
	}
	ctx, done := p.aside()
	defer done()
	if i.stays && !i.pushed {
		p.left = nil // nothing names its parts
		return
	}
	if i.stays {
		p.r.add(Step{Check: checkRemoval, Outcome: Note, Saw: fmt.Sprintf("this registry deletes nothing: %s stays, the same %s each time", i.ref(), size(i.bytes()))})
		return
	}
	a := p.gone(ctx, manifest(digest(i.manifest)), i.by)
	for _, part := range [][]byte{i.config, i.layer} {
		p.gone(ctx, blob(digest(part)), i.by)
	}
	check := p.c.ask(ctx, question{method: http.MethodGet, path: manifest(i.tag), as: i.by, accept: manifestType, fresh: true})
	if check.is(404) {
		p.left = nil
		p.r.ok(checkRemoval, "", "nothing is left")
		return
	}
	p.r.add(Step{Check: checkRemoval, Outcome: Warning, Saw: fmt.Sprintf("%s (%s) is left: deleting it got %s", i.ref(), size(i.bytes()), a.said()), Expected: "nothing to be left",
		Next: "delete " + p.spec.Host + "/" + repositoryName + "@" + digest(i.manifest)})
}

func (p *probing) gone(ctx context.Context, path string, by *login) answer {
	return p.c.ask(ctx, question{method: http.MethodDelete, path: path, as: by})
}
