package seal

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/repository"
)

// sealSecret decides whether a sealed file is as it should be and plans its
// writing when it is not.
func (s *sealing) sealSecret(ctx context.Context, path string, sec generator.Sealing) error {
	rule, err := rules.Find(path)
	if err != nil {
		return err
	}
	old, why := s.oldSealed(ctx, path, sec, rule)
	if s.RotateKeys && old != nil {
		old.lostRecipient = true
		why = newDataKey(why)
	}
	if why == "" {
		return nil
	}
	if s.Check {
		// Encrypting can start programs, and nothing is written.
		s.changes = append(s.changes, repository.Change{Path: path, Data: nil, Why: why})
		return nil
	}
	plain, err := sealed.Manifest(sec.Plain)
	if err != nil {
		return err
	}
	opt := sops.Options{MACOnlyEncrypted: true, Dated: spec.DataKeyMade, Network: s.w.Repo.Allow.Network}
	if old != nil {
		opt.Reuse, opt.NewDataKey, opt.Proof = old.file, old.lostRecipient, old.made
	}
	text, made, err := sops.SealProven(ctx, plain, rule, opt)
	if err != nil {
		return s.w.Repo.InFile(path, err)
	}
	sec.Record.Made = made
	if text, err = sealed.WithRecord(text, sec.Record); err != nil {
		return s.w.Repo.InFile(path, err)
	}
	s.changes = append(s.changes, repository.Change{Path: path, Data: text, Why: why})
	return nil
}

// oldFile is a sealed file that could be opened.
type oldFile struct {
	file          *sops.File
	lostRecipient bool   // so the data key may be known
	made          string // what its record says of who made the data key
}

// oldSealed opens the sealed file at path and says why it must be written
// anew; why is empty when it is as it should be.
func (s *sealing) oldSealed(ctx context.Context, path string, sec generator.Sealing, rule *rules.Rule) (old *oldFile, why string) {
	raw, err := s.w.Repo.Read(path)
	if err != nil {
		if !os.IsNotExist(err) {
			return nil, "rebuilt: the old file could not be read"
		}
		return nil, "sealed"
	}
	meta, err := sops.Inspect(raw)
	if err != nil {
		if credential.HasConflict(raw) {
			return nil, "rebuilt: the old file held the markers of an unfinished merge"
		}
		return nil, "rebuilt: the old file was not a SOPS file"
	}
	file, err := sops.Open(ctx, raw, s.w.Keys.For(path))
	if err != nil {
		s.unread = append(s.unread, s.w.Repo.Show(path))
		s.shut = s.shut || errors.Is(err, sops.ErrNoKey)
		why := "rebuilt: the old file could not be opened with the keys at hand"
		if errors.Is(err, sops.ErrMAC) {
			why = "rebuilt: the old file's MAC did not match its content"
		}
		return nil, why
	}
	old = &oldFile{file: file, lostRecipient: lost(rule.Named(meta.Recipients), rule.Recipients())}
	f, perr := sealed.Parse(s.w.Repo.Show(path), raw)
	old.made = f.Record.Made
	data, err := file.Strings("data")
	s.held[sec.Plain.Name] = decoded(data)
	if err != nil || !sameData(data, sec.Plain.Data) {
		// Told apart from a rotation only by its record: a file whose record
		// is up to date but whose content is not was forged or edited.
		if perr == nil && f.Record.Digest == sec.Record.Digest {
			s.found.Add(problem.Problem{File: s.w.Repo.Show(path), Path: differing(data, sec.Plain.Data), What: "holds other content than the credentials say, though its record is up to date: it was forged or edited", Next: "reggen seal"})
		}
		return old, "its content changed"
	}
	if perr != nil {
		return old, "rebuilt: it was changed after reggen sealed it"
	}
	if f.Type != sec.Plain.Type || f.Name != sec.Plain.Name {
		return old, "its name or type changed"
	}
	record := f.Record
	record.Cipher, record.Made = "", ""
	switch {
	case record.String() != sec.Record.String():
		return old, "its record changed"
	case !rule.Same(meta.Readers) && old.lostRecipient:
		return old, "encrypted anew with a new data key: a recipient was removed"
	case !rule.Same(meta.Readers):
		return old, "encrypted for other recipients"
	}
	return old, ""
}

// newDataKey says why a file is written, where it would be anyway and where not.
func newDataKey(why string) string {
	const said = "encrypted anew with a new data key"
	if why == "" || strings.HasPrefix(why, said) || why == "its record changed" {
		return said
	}
	return why + "; " + said
}

func lost(old, now []string) bool {
	have := map[string]bool{}
	for _, r := range now {
		have[r] = true
	}
	for _, r := range old {
		if !have[r] {
			return true
		}
	}
	return false
}

// decoded are the values of a sealed file; one that is no base64 is left out.
func decoded(data map[string]string) map[string][]byte {
	out := map[string][]byte{}
	for k, v := range data {
		if raw, err := base64.StdEncoding.DecodeString(v); err == nil {
			out[k] = raw
		}
	}
	return out
}

func sameData(have map[string]string, want map[string][]byte) bool {
	if len(have) != len(want) {
		return false
	}
	for k, v := range want {
		raw, err := base64.StdEncoding.DecodeString(have[k])
		if err != nil || !bytes.Equal(raw, v) {
			return false
		}
	}
	return true
}

// differing are the keys of a sealed file that do not hold what they should.
func differing(have map[string]string, want map[string][]byte) string {
	var keys []string
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if raw, err := base64.StdEncoding.DecodeString(have[k]); err != nil || !bytes.Equal(raw, want[k]) {
			keys = append(keys, "data["+k+"]")
		}
	}
	for _, k := range slices.Sorted(maps.Keys(have)) {
		if _, is := want[k]; !is {
			keys = append(keys, "data["+k+"]")
		}
	}
	return strings.Join(keys, ", ")
}

// orphans plans the deletion of sealed files that this Registry owned and no
// longer has.
func (s *sealing) orphans(owner string, keep map[string]bool) error {
	for _, entry := range repository.Entries(s.env.SealedDir()) { // sorted by name
		path := filepath.Join(s.env.SealedDir(), entry.Name())
		if keep[path] || entry.IsDir() || !strings.HasSuffix(entry.Name(), ".yaml") {
			continue
		}
		raw, err := s.w.Repo.Read(path)
		if err != nil {
			return s.w.Repo.FileProblem("can't read", path, err)
		}
		f, err := sealed.Parse(s.w.Repo.Show(path), raw)
		switch {
		case f.Record.Owner == owner:
			s.changes = append(s.changes, repository.Change{Path: path, Data: nil, Why: "deleted: the Registry no longer has this Secret"})
		case err != nil:
			s.w.Tell.Note("%s: left alone: not a sealed file that says whose it is", s.w.Repo.Show(path))
		}
	}
	return nil
}
