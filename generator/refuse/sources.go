package refuse

import (
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/syntax"
)

// sourceConflicts reports values that name a Secret of somebody else's where the
// spec has the place to say it: the credentials would have no effect, and pull
// secrets would hold passwords that open nothing.
func sourceConflicts(l *problem.List, r *spec.Registry) {
	refuse := func(want string, path ...string) {
		at := object.Object(r.Spec.Values)
		for _, k := range path[:len(path)-1] {
			at = at.Map(k)
		}
		name, _ := at[path[len(path)-1]].(string)
		if name == "" {
			return
		}
		where := "spec.values"
		for _, k := range path {
			where = join(where, k)
		}
		l.Add(problem.Problem{Path: where, What: "names a Secret that the spec doesn't know of", Want: want, Next: "set it there and take it out of spec.values"})
	}
	if r.Spec.Auth.ExistingSecret == nil {
		refuse("spec.auth.existingSecret", "auth", "existingSecret", "name")
	}
	s := r.Spec.Storage
	for kind, named := range map[string]bool{
		"s3":    s.S3 == nil || s.S3.ExistingSecret != nil,
		"azure": s.Azure == nil || s.Azure.ExistingSecret != nil,
		"gcs":   s.GCS == nil || s.GCS.ExistingSecret != nil,
		"swift": s.Swift == nil || s.Swift.ExistingSecret != nil,
	} {
		if !named {
			refuse("spec.storage."+kind+".existingSecret", "secrets", kind, "secretRef")
		}
	}
	if p := r.Spec.Proxy; p != nil && p.ExistingSecret == nil {
		refuse("spec.proxy.existingSecret", "proxy", "secretRef")
	}
}

// scheduleConflict reports a schedule among the values that no CronJob takes.
func scheduleConflict(l *problem.List, r *spec.Registry) {
	text, set := object.Object(r.Spec.Values).Map("garbageCollect")["schedule"].(string)
	if !set {
		return
	}
	if what := syntax.CheckSchedule(text); what != "" {
		l.Add(problem.Problem{Path: "spec.values.garbageCollect.schedule", What: what, Want: syntax.WantSchedule})
	}
}
