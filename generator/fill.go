package generator

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"sort"
	"strings"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
)

// RolloutKey is the pod template annotation that changes when the content of
// a Secret key which the pods read through the environment changes.
const RolloutKey = "reggen.dev/rollout"

// Content is what goes into one slot.
type Content struct {
	Omit bool              // leave the Secret out
	Data map[string]string // key -> base64 or ENC[...] text
	SOPS map[string]any    // the sops block, for sealed content
}

// Resolver supplies the content of a slot from its checked sealed file.
type Resolver interface {
	// Resolve returns what goes in. file is nil only when NeedsSealed is false
	// and there is none.
	Resolve(ctx context.Context, s Slot, file *sealed.File, raw []byte) (Content, error)
	// NeedsSealed says whether a missing sealed file is an error. One that is
	// there has to be whole and up to date for every resolver.
	NeedsSealed() bool
}

// Sealed takes the ciphertexts over as they are: the default.
type Sealed struct{}

// NeedsSealed is true.
func (Sealed) NeedsSealed() bool { return true }

// Resolve copies data and the sops block, nothing else: records stay behind.
func (Sealed) Resolve(_ context.Context, _ Slot, f *sealed.File, _ []byte) (Content, error) {
	return Content{Data: f.Data, SOPS: f.SOPS}, nil
}

// Open decrypts the sealed file at a path; it returns the decrypted data map,
// base64 text as it stood there.
type Open func(ctx context.Context, path string, raw []byte) (map[string]string, error)

// NeedsSealed is true.
func (Open) NeedsSealed() bool { return true }

// Resolve puts the decrypted content in: --secrets plain.
func (open Open) Resolve(ctx context.Context, s Slot, f *sealed.File, raw []byte) (Content, error) {
	data, err := open(ctx, f.Path, raw)
	if err != nil {
		var l problem.List
		l.Join(err)
		for i := range l {
			l[i].File = f.Path
		}
		return Content{}, l
	}
	for k, v := range data {
		if _, err := base64.StdEncoding.DecodeString(v); err != nil {
			return Content{}, problem.List{{File: f.Path, Path: "data." + k, What: "decrypts to something that is not base64", Next: "reggen seal"}}
		}
	}
	return Content{Data: data}, nil
}

// Redacted puts a fixed text in place of every value; it needs no key.
type Redacted struct{}

// NeedsSealed is true, so that the rollout digests are those of every mode.
func (Redacted) NeedsSealed() bool { return true }

// Resolve returns valid base64, and valid JSON where the API server reads JSON.
func (Redacted) Resolve(_ context.Context, s Slot, _ *sealed.File, _ []byte) (Content, error) {
	c := Content{Data: map[string]string{}}
	for k := range s.Expected.Data {
		text := "redacted"
		if k == DockerConfigKey {
			text = `{"auths":{}}`
		}
		c.Data[k] = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return c, nil
}

// Omit leaves every Secret that has a slot out: something else brings them.
type Omit struct{}

// NeedsSealed is false: without sealed files there are no rollout digests.
func (Omit) NeedsSealed() bool { return false }

// Resolve omits.
func (Omit) Resolve(context.Context, Slot, *sealed.File, []byte) (Content, error) {
	return Content{Omit: true}, nil
}

// Options of Fill.
type Options struct {
	StaleOK bool                  // take stale sealed files, with warnings
	Warn    func(problem.Problem) // receives them; nil drops them
}

// Fill puts content into the slots and rollout digests on the pod templates
// and returns the objects of the build. Nothing outside Secrets depends on the
// resolver. The error is a problem.List of everything that is missing, broken
// or stale.
func (p Plan) Fill(ctx context.Context, r Resolver, opt Options) ([]object.Object, error) {
	var l problem.List
	files, raws, err := p.sealedFiles()
	l.Join(err)
	for _, s := range p.Slots {
		l = append(l, p.checkSlot(s, files[s.Expected.Name], r.NeedsSealed(), opt)...)
	}
	if err := l.Err(); err != nil {
		return nil, err
	}
	objects := make([]object.Object, len(p.Objects))
	for i, o := range p.Objects {
		objects[i] = o.Copy()
	}
	omit := map[int]bool{}
	rollout := map[string]map[string]string{}
	for _, s := range p.Slots {
		f := files[s.Expected.Name]
		c, err := r.Resolve(ctx, s, f, raws[s.Expected.Name])
		if err != nil {
			l.Join(err)
			continue
		}
		data, block := c.parts()
		for _, i := range s.Objects {
			omit[i] = c.Omit
			fillSecret(objects[i], data, block)
		}
		if f != nil {
			rollout[s.Expected.Name] = f.Record.Rollout
		}
	}
	if err := l.Err(); err != nil {
		return nil, err
	}
	put, err := p.corrections(files)
	if err != nil {
		return nil, err
	}
	var out []object.Object
	for i, o := range objects {
		if !omit[i] {
			if len(put) > 0 {
				o = corrected(o, put)
			}
			annotateRollout(o, rollout)
			out = append(out, o)
		}
	}
	if len(out) == 0 && !p.kinded.bare {
		return nil, problem.List{{What: "the build has no objects"}}
	}
	return out, nil
}

// sealedFiles parses the sealed files that the slots need, by Secret name.
func (p Plan) sealedFiles() (map[string]*sealed.File, map[string][]byte, error) {
	var l problem.List
	files, raws := map[string]*sealed.File{}, map[string][]byte{}
	want := map[string]string{}
	for _, s := range p.Slots {
		want[s.Expected.Name+".yaml"] = s.Expected.Name
	}
	for _, f := range p.sealed {
		name, ok := want[filepath.Base(f.Path)]
		if !ok {
			continue
		}
		parsed, err := sealed.Parse(f.Path, f.Data)
		if err != nil {
			l.Join(err)
			files[name] = nil
			continue
		}
		files[name], raws[name] = &parsed, f.Data
	}
	return files, raws, l.Err()
}

// checkSlot tells what is wrong with a slot's sealed file. One that is there is
// checked for every resolver: rollout digests come out of its record, and an
// old one would leave pods running on old secrets.
func (p Plan) checkSlot(s Slot, f *sealed.File, needed bool, opt Options) problem.List {
	if f == nil && !needed {
		return nil
	}
	if f == nil {
		for _, have := range p.sealed {
			if filepath.Base(have.Path) == s.Expected.Name+".yaml" {
				return nil // already told as broken
			}
		}
		return problem.List{{File: p.sealedPath(s.Expected.Name), What: fmt.Sprintf("is missing: the sealed file of the Secret %q", s.Expected.Name), Next: "reggen seal"}}
	}
	broken, stale := f.Check(s.Expected)
	if !p.Spec.Seals() {
		broken, stale = sealedElsewhere(broken), sealedElsewhere(stale)
	}
	if !opt.StaleOK {
		return append(broken, stale...)
	}
	for _, w := range stale {
		if opt.Warn != nil {
			opt.Warn(w)
		}
	}
	return broken
}

// parts are the data and the sops block as mappings of their own, for all
// Secrets of a slot.
func (c Content) parts() (data, block map[string]any) {
	data = make(map[string]any, len(c.Data))
	for k, v := range c.Data {
		data[k] = v
	}
	if c.SOPS != nil {
		block = object.Object(c.SOPS).Copy().Map()
	}
	return data, block
}

func fillSecret(o object.Object, data, block map[string]any) {
	delete(o, "stringData")
	o["data"] = data
	if block != nil {
		o["sops"] = block
	}
}

// annotateRollout combines the recorded digests of the Secret keys that a pod
// template reads through its environment. Mounted Secrets don't count: the
// registry reads its htpasswd file again by itself.
func annotateRollout(o object.Object, rollout map[string]map[string]string) {
	template, ok := o.PodTemplate()
	if !ok {
		return
	}
	lines := map[string]bool{}
	add := func(name, key string) {
		if d := rollout[name][key]; d != "" {
			lines[name+"/"+key+"="+d] = true
		}
	}
	pod := object.Object(template)
	for _, list := range []string{"initContainers", "containers"} {
		containers, _ := pod.Map("spec")[list].([]any)
		for _, c := range containers {
			container, _ := c.(map[string]any)
			env, _ := container["env"].([]any)
			for _, e := range env {
				entry, _ := e.(map[string]any)
				ref := object.Object(entry).Map("valueFrom", "secretKeyRef")
				name, _ := ref["name"].(string)
				key, _ := ref["key"].(string)
				add(name, key)
			}
			from, _ := container["envFrom"].([]any)
			for _, e := range from {
				entry, _ := e.(map[string]any)
				name, _ := object.Object(entry).Map("secretRef")["name"].(string)
				for key := range rollout[name] {
					add(name, key)
				}
			}
		}
	}
	if len(lines) == 0 {
		return
	}
	sorted := sortedKeys(lines)
	sort.Strings(sorted)
	sum := sha256.Sum256([]byte(strings.Join(sorted, "\n")))
	meta, _ := template["metadata"].(map[string]any)
	if meta == nil {
		meta = map[string]any{}
		template["metadata"] = meta
	}
	annotations, _ := meta["annotations"].(map[string]any)
	if annotations == nil {
		annotations = map[string]any{}
		meta["annotations"] = annotations
	}
	annotations[RolloutKey] = hex.EncodeToString(sum[:])[:32]
}
