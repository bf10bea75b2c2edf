package sops

import (
	"slices"
	"time"

	"github.com/getsops/sops/v3"

	"github.com/reggen/reggen/generator/memo"
	"github.com/reggen/reggen/generator/rules"
)

// Metadata is the public side of an encrypted file.
type Metadata struct {
	rules.Readers
	EncryptedRegex   string
	MACOnlyEncrypted bool
	HasMAC           bool
	LastModified     time.Time // when it was encrypted, as it says; the MAC is bound to it
}

// Inspect reads the sops block of an encrypted file. It needs no key and
// checks nothing that takes one. It fails with ErrFormat.
func Inspect(data []byte) (m Metadata, err error) {
	defer guard(&err, ErrFormat, "the file can't be read as a SOPS file")
	i, err := inspected.Get(data, func() (inspection, error) {
		rules.Quiet()
		_, meta, err := load(data)
		if err != nil {
			return inspection{}, err
		}
		return inspection{meta, describe(meta)}, nil
	})
	if err != nil {
		return Metadata{}, err
	}
	m = i.public
	m.Recipients, m.Groups = slices.Clone(m.Recipients), slices.Clone(m.Groups)
	for i, g := range m.Groups {
		m.Groups[i] = slices.Clone(g)
	}
	return m, nil
}

// inspection is what Inspect has read of a file. Nobody changes it.
type inspection struct {
	read   sops.Metadata
	public Metadata
}

var inspected memo.Of[inspection]

func describe(meta sops.Metadata) Metadata {
	m := Metadata{
		EncryptedRegex:   meta.EncryptedRegex,
		MACOnlyEncrypted: meta.MACOnlyEncrypted,
		HasMAC:           meta.MessageAuthenticationCode != "",
		LastModified:     meta.LastModified,
	}
	var groups [][]string
	for _, g := range meta.KeyGroups {
		var ids []string
		for _, k := range g {
			ids = append(ids, k.ToString())
		}
		groups = append(groups, ids)
	}
	m.Readers = rules.ReadersOf(groups, meta.ShamirThreshold)
	return m
}
