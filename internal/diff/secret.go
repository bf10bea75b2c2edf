package diff

import (
	"slices"
	"sort"

	"github.com/reggen/reggen/generator/object"
)

// public is a Secret without what is, or encrypts, its content.
func public(o object.Object) object.Object {
	out := o.Copy()
	for _, k := range []string{"data", "stringData", "sops"} {
		delete(out, k)
	}
	// kubectl keeps a copy of the whole object there.
	delete(out.Map("metadata", "annotations"), "kubectl.kubernetes.io/last-applied-configuration")
	return out
}

// secretKeys compares the keys of two Secrets; a is nil for a new one.
func secretKeys(a, b object.Object) []Field {
	var out []Field
	if b == nil || !b.IsSecret() {
		return nil
	}
	note := ""
	if a != nil && newDataKey(a, b) {
		note = onlyEncrypted
	}
	for _, field := range []string{"data", "stringData"} {
		var x map[string]any
		if a != nil {
			x = a.Map(field)
		}
		y := b.Map(field)
		names := map[string]bool{}
		for k := range x {
			names[k] = true
		}
		for k := range y {
			names[k] = true
		}
		for _, k := range sorted(names) {
			p, had := x[k]
			q, has := y[k]
			f := Field{Path: field + "/" + k}
			switch {
			case !had:
				f.Change = Added
			case !has:
				f.Change = Removed
			case p != q:
				f.Change, f.Note = Changed, note
			default:
				continue
			}
			out = append(out, f)
		}
	}
	return out
}

const onlyEncrypted = "or only encrypted with a new data key"

// newDataKey says whether two sealed Secrets may have different data keys: all
// that wraps it differs. With the same one, an unchanged value keeps its
// ciphertext, so that another ciphertext is another value.
func newDataKey(a, b object.Object) bool {
	old := map[string]bool{}
	for _, e := range wrapped(a.Map("sops")) {
		old[e] = true
	}
	now := wrapped(b.Map("sops"))
	return len(old) > 0 && len(now) > 0 && !slices.ContainsFunc(now, func(e string) bool { return old[e] })
}

// wrapped are the data keys of a sops block as each recipient gets them.
func wrapped(v any) (out []string) {
	switch t := v.(type) {
	case map[string]any:
		if s, ok := t["enc"].(string); ok {
			out = append(out, s)
		}
		for _, e := range t {
			out = append(out, wrapped(e)...)
		}
	case []any:
		for _, e := range t {
			out = append(out, wrapped(e)...)
		}
	}
	return out
}

// recipients compares who can decrypt two sealed Secrets, by any name that a
// sops block gives a key.
func recipients(a, b object.Object) []Field {
	var out []Field
	x, y := recipientsOf(a), recipientsOf(b)
	for _, r := range y {
		if !slices.Contains(x, r) {
			out = append(out, Field{Path: "sops/recipients", Change: Added, To: r})
		}
	}
	for _, r := range x {
		if !slices.Contains(y, r) {
			out = append(out, Field{Path: "sops/recipients", Change: Removed, From: r})
		}
	}
	return out
}

// recipientFields name a recipient in the entries of a sops block, by kind of
// key.
var recipientFields = []string{"recipient", "fp", "arn", "resource_id", "key_id", "vault_url", "vaultUrl", "vault_address"}

func recipientsOf(o object.Object) []string {
	seen := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch t := v.(type) {
		case map[string]any:
			for _, f := range recipientFields {
				if s, ok := t[f].(string); ok {
					seen[s] = true
				}
			}
			for _, e := range t {
				walk(e)
			}
		case []any:
			for _, e := range t {
				walk(e)
			}
		}
	}
	walk(map[string]any(o.Map("sops")))
	return sorted(seen)
}

func sorted(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
