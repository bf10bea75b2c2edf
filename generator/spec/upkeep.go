package spec

import "github.com/reggen/reggen/generator/syntax"

// GarbageCollection frees the room of layers that no image has any more, at
// set times.
type GarbageCollection struct {
	Schedule       string `json:"schedule"`
	DeleteUntagged bool   `json:"deleteUntagged,omitempty"`
}

// garbageCollection needs a volume that a second pod can have. It may stand
// there all the time: the registry doesn't lock anything, and what is pushed
// meanwhile would be lost, so the CronJob is suspended unless readOnly is set.
func (v *validator) garbageCollection() {
	g := v.s.GarbageCollection
	if g == nil {
		return
	}
	const path = "spec.garbageCollection"
	if !v.Missing(path+".schedule", g.Schedule, "when to collect, as cron has it, for instance 0 3 * * 0") {
		if what := syntax.CheckSchedule(g.Schedule); what != "" {
			v.Add(path+".schedule", what, syntax.WantSchedule)
		}
	}
	f := v.s.Storage.Filesystem
	switch {
	case f == nil:
	case f.EmptyDir:
		v.Add(path, "runs in a pod of its own, and an emptyDir is the registry's pod's alone", "another storage, or no garbageCollection: a new pod starts empty")
	case f.AccessMode == "ReadWriteOncePod":
		v.Add(path, "runs in a pod of its own, and a ReadWriteOncePod volume belongs to the registry's", "accessMode: ReadWriteOnce or ReadWriteMany, or spec.storage.s3")
	}
}
