package sops

import (
	"sort"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
)

// Metadata is the public side of an encrypted file.
type Metadata struct {
	Recipients       []string   // sorted, each once
	Groups           [][]string // the recipients of each key group, sorted
	Threshold        int        // how many groups it takes; 0 with one group
	EncryptedRegex   string
	MACOnlyEncrypted bool
	HasMAC           bool
	LastModified     time.Time // when it was encrypted, as it says; the MAC is bound to it
}

// Inspect reads the sops block of an encrypted file. It needs no key and
// checks nothing that takes one. It fails with ErrFormat.
func Inspect(data []byte) (m Metadata, err error) {
	defer guard(&err, ErrFormat, "the file can't be read as a SOPS file")
	quiet()
	_, meta, err := load(data)
	if err != nil {
		return Metadata{}, err
	}
	return describe(meta), nil
}

func describe(meta sops.Metadata) Metadata {
	m := Metadata{
		EncryptedRegex:   meta.EncryptedRegex,
		MACOnlyEncrypted: meta.MACOnlyEncrypted,
		HasMAC:           meta.MessageAuthenticationCode != "",
		LastModified:     meta.LastModified,
		Threshold:        threshold(meta.ShamirThreshold, len(meta.KeyGroups)),
	}
	for _, g := range meta.KeyGroups {
		var ids []string
		for _, k := range g {
			ids = append(ids, k.ToString())
		}
		m.Groups = append(m.Groups, distinct(ids))
	}
	m.Recipients = flatten(m.Groups)
	return m
}

// threshold is the number of groups that count: all of them unless said
// otherwise, and nothing where there is one group.
func threshold(said, groups int) int {
	switch {
	case groups < 2:
		return 0
	case said == 0:
		return groups
	}
	return said
}

// SameRecipients says whether a file is encrypted for exactly whom the rule
// names: the same groups, in any order, and the same threshold.
func SameRecipients(m Metadata, r *Rule) bool {
	if r == nil || len(m.Groups) != len(r.groups) || m.Threshold != r.Threshold {
		return false
	}
	left := make([]string, len(m.Groups))
	for i, g := range m.Groups {
		left[i] = groupKey(g, r)
	}
	right := make([]string, len(r.groups))
	for i, g := range r.Groups() {
		right[i] = strings.Join(g, "\n")
	}
	sort.Strings(left)
	sort.Strings(right)
	return strings.Join(left, "\n\n") == strings.Join(right, "\n\n")
}

// groupKey writes a file's group the way the rule would.
func groupKey(ids []string, r *Rule) string { return strings.Join(r.Named(ids), "\n") }

// Named writes a file's recipients as the rule names them, sorted, each once:
// an Azure key that the rule names without a version stands in the file with
// one.
func (r *Rule) Named(ids []string) []string {
	open := map[string]bool{}
	for _, g := range r.groups {
		for _, rec := range g {
			if strings.HasSuffix(rec.id, "/") {
				open[rec.id] = true
			}
		}
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		if cut := id[:strings.LastIndex(id, "/")+1]; open[cut] {
			id = cut
		}
		out[i] = id
	}
	return distinct(out)
}

// distinct returns the ids sorted, each once.
func distinct(ids []string) []string {
	out := append([]string{}, ids...)
	sort.Strings(out)
	n := 0
	for i, id := range out {
		if i == 0 || id != out[n-1] {
			out[n] = id
			n++
		}
	}
	return out[:n]
}

func flatten(groups [][]string) []string {
	var all []string
	for _, g := range groups {
		all = append(all, g...)
	}
	return distinct(all)
}
