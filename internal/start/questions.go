package start

import (
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/storage"
	"github.com/reggen/reggen/internal/terminal"
)

// ask fills in what no flag and no base says, from the terminal; without one
// it tells everything that is missing at once.
func (i *initial) ask() error {
	o := &i.o
	if o.Storage == "" {
		switch {
		case o.Bucket != "" || o.Provider != "":
			o.Storage = "s3"
		case o.Size != "":
			o.Storage = "filesystem"
		}
	}
	if i.w.Tell.StdinIsTerm {
		return i.askPerson()
	}
	var l problem.List
	need := func(missing bool, flag, what string) {
		if missing {
			l.Add(problem.Problem{Path: flag, What: "is missing", Want: what})
		}
	}
	need(o.Host == "" && !i.says("host"), "--host", "the registry's host name, for instance registry.example.com")
	need(o.Storage == "" && !i.says("storage"), "--storage", "s3 (with --provider, --region, --bucket) or filesystem (with --size)")
	if o.Storage == "s3" {
		need(o.Bucket == "", "--bucket", "the bucket's name")
	}
	if err := l.Err(); err != nil {
		return terminal.Misuse{Command: "reggen init", Err: err}
	}
	return nil
}

// question is one thing that a person is asked for, and the field of the spec
// that it answers: what is wrong with that, Validate says.
type question struct {
	to        *string
	wanted    func() bool
	text      string
	byDefault string
	choices   []terminal.Choice
	field     string
}

// storages and providers are the choices of two questions.
var (
	storages  = []terminal.Choice{{Name: "s3", Text: "a bucket on S3 or on a service like it"}, {Name: "filesystem", Text: "a volume of the cluster"}}
	providers = []terminal.Choice{{Name: "aws", Text: "Amazon S3"}, {Name: "digitalocean", Text: "DigitalOcean Spaces"}, {Name: "minio", Text: "MinIO, or another service by its endpoint"},
		{Name: "r2", Text: "Cloudflare R2"}, {Name: "ceph", Text: "Ceph's object gateway"}}
)

func (i *initial) questions() []question {
	o := &i.o
	s3 := func() bool { return o.Storage == "s3" }
	needs := func(which func(region, endpoint string) string) func() bool {
		return func() bool { return s3() && which(storage.Needs(o.Provider)) != "" }
	}
	return []question{
		{to: &o.Host, wanted: func() bool { return !i.says("host") }, text: "host name of the registry, for instance registry.example.com", field: "spec.host"},
		{to: &o.Storage, wanted: func() bool { return !i.says("storage") }, text: "storage", byDefault: "s3", choices: storages},
		{to: &o.Provider, wanted: s3, text: "S3 provider", byDefault: "aws", choices: providers, field: "spec.storage.s3.provider"},
		{to: &o.Region, wanted: needs(func(region, _ string) string { return region }), text: "region", field: "spec.storage.s3.region"},
		{to: &o.Bucket, wanted: s3, text: "bucket", field: "spec.storage.s3.bucket"},
		{to: &o.Endpoint, wanted: needs(func(_, endpoint string) string { return endpoint }), text: "endpoint, with https://", field: "spec.storage.s3.endpoint"},
		{to: &o.Size, wanted: func() bool { return o.Storage == "filesystem" }, text: "size of the volume", byDefault: "10Gi", field: "spec.storage.filesystem.size"},
		{to: &o.Issuer, wanted: func() bool { return !i.says("ingress") && o.ClassName != "none" }, text: "cert-manager ClusterIssuer (empty: none)", field: "spec.ingress.clusterIssuer"},
	}
}

// askPerson asks for what is not said. Each answer is judged before the next
// question, and what flags say before the first.
func (i *initial) askPerson() error {
	questions := i.questions()
	for _, q := range questions {
		if *q.to != "" {
			if err := i.wrong(q); err != nil {
				return err
			}
		}
	}
	for _, q := range questions {
		if *q.to != "" || !q.wanted() {
			continue
		}
		_, err := i.w.Tell.Ask(terminal.Question{Text: q.text, Default: q.byDefault, Choices: q.choices, Check: func(answer string) error {
			*q.to = answer
			return unplaced(i.wrong(q))
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// wrong is what is wrong with the field that a question is about, in the spec as
// far as it is known by then.
func (i *initial) wrong(q question) error {
	if q.field == "" {
		return i.storageKnown()
	}
	base := i.had
	if i.isNew {
		base = i.newBase()
	}
	merged, err := yaml.Marshal(object.Merge(base, i.patch()))
	if err != nil {
		return err
	}
	_, err = spec.Decode(merged, "")
	var all, here problem.List
	all.Join(err)
	for _, p := range all {
		if p.Path == q.field {
			here.Add(p)
		}
	}
	return here.Err()
}

// unplaced leaves out which field of the spec a mistake is in: who is asked for
// the host knows that it is the host's.
func unplaced(err error) error {
	var l problem.List
	l.Join(err)
	for i := range l {
		l[i].Path = ""
	}
	return l.Err()
}

// storageKnown refuses a storage that init can't set up.
func (i *initial) storageKnown() error {
	if s := i.o.Storage; s != "" && s != "s3" && s != "filesystem" {
		return terminal.Misuse{Err: problem.Problem{Path: "--storage", What: fmt.Sprintf("%q is no storage", s), Want: "s3 or filesystem"}}
	}
	return nil
}
