package sops

import (
	"time"

	"github.com/getsops/sops/v3"
)

// dated notes the day of the data key in the annotation Options.Dated: today for
// a new one, and for one that is kept what the older file says, if it does.
func (o Options) dated(branch sops.TreeBranch) sops.TreeBranch {
	if o.Dated == "" {
		return branch
	}
	day := clock().UTC().Format(time.DateOnly)
	if o.keeps(branch) {
		day = ""
		old, _ := valueOf(o.Reuse.branch, "metadata").(sops.TreeBranch)
		if old, is := valueOf(old, "annotations").(sops.TreeBranch); is {
			day, _ = valueOf(old, o.Dated).(string)
		}
	}
	meta, is := valueOf(branch, "metadata").(sops.TreeBranch)
	if !is {
		return branch
	}
	notes, _ := valueOf(meta, "annotations").(sops.TreeBranch)
	if notes = without(notes, o.Dated); day != "" {
		notes = append(notes, sops.TreeItem{Key: o.Dated, Value: day})
	}
	meta = append(without(meta, "annotations"), sops.TreeItem{Key: "annotations", Value: notes})
	return append(without(branch, "metadata"), sops.TreeItem{Key: "metadata", Value: meta})
}

// without is a copy of a mapping with one key less.
func without(branch sops.TreeBranch, key string) sops.TreeBranch {
	out := sops.TreeBranch{}
	for _, item := range branch {
		if item.Key != key {
			out = append(out, item)
		}
	}
	return out
}
