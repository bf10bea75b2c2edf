// Package sealed is the public side of a sealed file: parse it, check it
// against what a build expects, and take its ciphertexts over. It knows no
// SOPS, so a build can't decrypt by construction.
package sealed

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/codec"
	"github.com/reggen/reggen/generator/memo"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
)

// EncryptedRegex is what reggen has SOPS encrypt, in every file it writes.
const EncryptedRegex = "^(data|stringData)$"

// isCiphertext says whether text has the form of an encrypted string.
func isCiphertext(text string) bool {
	return strings.HasSuffix(text, ",type:str]") && secret.IsCiphertext(text)
}

// File is a sealed file as anyone can read it. Its mappings are shared by all who parse the same bytes: who changes one takes a
// copy.
type File struct {
	Path   string
	Name   string
	Type   string
	Data   map[string]string // key -> ENC[...], or "" for an empty value
	SOPS   map[string]any    // the sops block, taken over as it is
	Record Record
	Made   string // the day of its data key, spec.DataKeyMade
}

// Parse reads a sealed file. The error is a problem.List that says how to get
// a good file again: rebuild it, it is derived.
func Parse(path string, data []byte) (File, error) {
	f, err := files.Get(data, func() (File, error) { return parse(path, data) })
	f.Path = path
	return f, err
}

var files memo.Of[File]

func parse(path string, data []byte) (File, error) {
	f := File{Path: path}
	bad := func(format string, args ...any) (File, error) {
		return f, problem.List{{File: path, What: fmt.Sprintf(format, args...), Next: "reggen seal"}}
	}
	text := "\n" + string(data)
	if strings.Contains(text, "\n<<<<<<< ") || strings.Contains(text, "\n>>>>>>> ") {
		return bad("holds the markers of an unfinished git merge; sealed files are derived, so there is nothing to merge by hand")
	}
	if strings.Contains(strings.ToUpper(text), "AGE-SECRET-KEY-") {
		return bad("holds a private key in the clear; take it for leaked")
	}
	doc, err := read(data)
	if err != nil {
		return bad("is not a sealed Secret: not the YAML that reggen seal writes")
	}
	f.Made = doc.Metadata.Annotations[spec.DataKeyMade]
	f.Name, f.Type, f.Data, f.SOPS = doc.Metadata.Name, doc.Type, doc.Data, doc.SOPS
	if doc.APIVersion != "v1" || doc.Kind != "Secret" {
		return bad("is not a Secret of v1")
	}
	if len(f.SOPS) == 0 {
		return bad("has no sops block: it is not encrypted")
	}
	if f.SOPS["encrypted_regex"] != EncryptedRegex || f.SOPS["mac_only_encrypted"] != true {
		return bad("was encrypted with other settings than encrypted_regex: %s and mac_only_encrypted: true, so its MAC breaks once kustomize has touched it", EncryptedRegex)
	}
	if mac, _ := f.SOPS["mac"].(string); !isCiphertext(mac) {
		return bad("has no MAC in its sops block")
	}
	for _, k := range slices.Sorted(keys(f.Data)) {
		if v := f.Data[k]; v != "" && !isCiphertext(v) {
			return bad("data.%s is readable: not encrypted", k)
		}
	}
	record, ok := ParseRecord(doc.Metadata.Annotations[RecordKey])
	if !ok {
		return bad("has no readable %s annotation", RecordKey)
	}
	f.Record = record
	if f.Record.Cipher != f.Cipher() {
		return bad("was changed after reggen sealed it (by hand, by sops or by a merge)")
	}
	return f, nil
}

// document is what a sealed file may hold.
type document struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metadata          `json:"metadata"`
	Type       string            `json:"type"`
	Data       map[string]string `json:"data"`
	SOPS       map[string]any    `json:"sops"`
}

type metadata struct {
	Name        string            `json:"name"`
	Annotations map[string]string `json:"annotations"`
}

// read takes a sealed file into its fields. What isn't in the form in which seal
// writes it is for the library to take or to refuse.
func read(data []byte) (doc document, err error) {
	v, err := codec.UnmarshalStrict(data)
	if errors.Is(err, codec.ErrSameKey) || err == nil && doc.take(v) {
		return doc, err
	}
	doc = document{}
	err = yaml.UnmarshalStrict(data, &doc)
	return doc, err
}

// take is whether a value is a document to the letter.
func (d *document) take(v any) bool {
	top, is := v.(map[string]any)
	for key, value := range top {
		ok := false
		switch key {
		case "apiVersion":
			d.APIVersion, ok = value.(string)
		case "kind":
			d.Kind, ok = value.(string)
		case "metadata":
			ok = d.Metadata.take(value)
		case "type":
			d.Type, ok = value.(string)
		case "data":
			d.Data, ok = texts(value)
		case "sops":
			d.SOPS, ok = value.(map[string]any)
		}
		is = is && ok
	}
	return is
}

func (m *metadata) take(v any) bool {
	fields, is := v.(map[string]any)
	for key, value := range fields {
		ok := false
		switch key {
		case "name":
			m.Name, ok = value.(string)
		case "annotations":
			m.Annotations, ok = texts(value)
		}
		is = is && ok
	}
	return is
}

// texts is a mapping of nothing but texts.
func texts(v any) (out map[string]string, ok bool) {
	fields, ok := v.(map[string]any)
	out = make(map[string]string, len(fields))
	for key, value := range fields {
		text, is := value.(string)
		out[key], ok = text, ok && is
	}
	return out, ok
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// Cipher is the fingerprint of the file's own ciphertexts and MAC.
func (f File) Cipher() string {
	var parts []string
	for _, k := range slices.Sorted(keys(f.Data)) {
		parts = append(parts, k, f.Data[k])
	}
	mac, _ := f.SOPS["mac"].(string)
	return secret.Fingerprint(append(parts, mac)...)
}

// Expected is what a build knows, without a key, about the sealed twin of one
// Secret.
type Expected struct {
	Owner string
	Name  string
	Type  string
	Data  map[string]string // key -> placeholder data with {{ref}}; "" when the value is empty
	Facts []Fact
}

// Digest is the record digest that a fresh sealed file would carry.
func (e Expected) Digest() string { return Digest(e.Name, e.Type, e.Data, e.Facts) }

// Check compares a sealed file with what is expected. broken are mismatches
// that nothing may excuse; stale are those that only say that its credentials
// or spec have moved on, which an operator may accept for one night.
func (f File) Check(e Expected) (broken, stale problem.List) {
	add := func(l *problem.List, format string, args ...any) {
		l.Add(problem.Problem{File: f.Path, What: fmt.Sprintf(format, args...), Next: "reggen seal"})
	}
	if f.Name != e.Name {
		add(&broken, "is the Secret %q; expected %q", f.Name, e.Name)
	}
	if f.Type != e.Type {
		add(&broken, "has type %q; expected %q", f.Type, e.Type)
	}
	for _, k := range slices.Sorted(keys(e.Data)) {
		v, ok := f.Data[k]
		switch {
		case !ok:
			add(&broken, "lacks the key %q, which the chart now renders", k)
		case v == "" && e.Data[k] != "":
			add(&broken, "data.%s is empty", k)
		}
	}
	for _, k := range slices.Sorted(keys(f.Data)) {
		if _, ok := e.Data[k]; !ok {
			add(&broken, "has the key %q, which the chart does not render", k)
		}
	}
	if f.Record.Owner != e.Owner {
		add(&broken, "belongs to %q; expected %q", f.Record.Owner, e.Owner)
	}
	if len(broken) == 0 && f.Record.Digest != e.Digest() {
		for _, what := range changes(f.Record.Facts, e.Facts) {
			add(&stale, "is stale: %s", what)
		}
		if len(stale) == 0 {
			add(&stale, "is stale: the shape of the Secret changed")
		}
	}
	return broken, stale
}

// changes says in words how facts differ.
func changes(old, now []Fact) []string {
	type id struct {
		ref  secret.Ref
		name string
	}
	was, is := map[id]string{}, map[id]string{}
	for _, f := range old {
		was[id{f.Ref, f.Name}] = f.Value
	}
	var out []string
	for _, f := range now {
		is[id{f.Ref, f.Name}] = f.Value
		v, ok := was[id{f.Ref, f.Name}]
		switch {
		case !ok:
			out = append(out, fmt.Sprintf("%s is new", about(f)))
		case v != f.Value && strings.HasPrefix(f.Name, "user/"):
			out = append(out, fmt.Sprintf("the credential of %s changed since", about(f)))
		case v != f.Value && f.Name == "from":
			out = append(out, fmt.Sprintf("the credential behind %s changed since", f.Ref))
		case v != f.Value:
			out = append(out, fmt.Sprintf("%s changed from %q to %q", about(f), v, f.Value))
		}
	}
	for _, f := range old {
		if _, ok := is[id{f.Ref, f.Name}]; !ok {
			out = append(out, fmt.Sprintf("%s is gone", about(f)))
		}
	}
	sort.Strings(out)
	return out
}

func about(f Fact) string {
	if user, ok := strings.CutPrefix(f.Name, "user/"); ok {
		return fmt.Sprintf("user %q", user)
	}
	return fmt.Sprintf("%s of %s", f.Name, f.Ref)
}

// Manifest is the document that a seal encrypts: the Secret with base64 data,
// keys in the order in which kustomize writes them, and no record yet.
func Manifest(p secret.Plain) ([]byte, error) {
	data := make(map[string]string, len(p.Data))
	for k, v := range p.Data {
		data[k] = base64.StdEncoding.EncodeToString(v)
	}
	out, err := yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": p.Type, "data": data,
		"metadata": map[string]any{"name": p.Name, "annotations": map[string]string{spec.LocalConfig: "true"}},
	})
	if err != nil {
		return nil, fmt.Errorf("writing the Secret %s failed", p.Name)
	}
	return out, nil
}

// WithRecord adds the record to an encrypted manifest. The record lies outside
// data, so the MAC (mac_only_encrypted) does not cover it; its Cipher line is
// computed here.
func WithRecord(encrypted []byte, r Record) ([]byte, error) {
	var doc map[string]any
	if err := yaml.Unmarshal(encrypted, &doc); err != nil {
		return nil, fmt.Errorf("reading the encrypted Secret back failed")
	}
	f := File{Data: map[string]string{}}
	data, _ := doc["data"].(map[string]any)
	for k, v := range data {
		f.Data[k], _ = v.(string)
	}
	f.SOPS, _ = doc["sops"].(map[string]any)
	r.Cipher = f.Cipher()
	meta, _ := doc["metadata"].(map[string]any)
	if meta == nil {
		return nil, fmt.Errorf("the encrypted Secret has no metadata")
	}
	annotations, _ := meta["annotations"].(map[string]any)
	if annotations == nil {
		annotations = map[string]any{}
		meta["annotations"] = annotations
	}
	annotations[RecordKey] = r.String()
	out, err := yaml.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("writing the sealed file failed")
	}
	return out, nil
}
