package start

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/refuse"
	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/repository"
)

// InitChart makes an environment of a chart: which Secrets it has, and which
// values feed them, is found by rendering. Nothing that is there is written over.
func (w *Work) InitChart(ctx context.Context, dir, path string, o Options) error {
	i := &initial{w: w, o: o, dir: w.Repo.Abs(dir)}
	return i.make(ctx, func() error { return i.planChart(ctx, path) }, i.refuse)
}

// most is how many renders a search may take, beyond the first two.
const most = 40

// planChart renders the chart and fixes the files to be written.
func (i *initial) planChart(ctx context.Context, path string) error {
	rel, err := filepath.Rel(i.dir, i.w.Repo.Abs(path))
	if err != nil {
		return problem.Problem{Path: "--chart", What: "can't be reached from " + i.w.Repo.Show(i.dir) + " by a relative path"}
	}
	src, err := i.w.Repo.Chart(i.dir)(filepath.ToSlash(rel))
	if err != nil {
		return err
	}
	f := finder{render: func(values map[string]any, describe bool) (chart.Outcome, error) {
		return i.w.Builds.RenderChart(ctx, chart.Job{Chart: src, For: chart.Release{Name: "release", Namespace: "release"}, Values: values, Describe: describe})
	}}
	if err := f.find(); err != nil {
		return err
	}
	name, _, _ := strings.Cut(f.first.Chart, " ")
	if i.o.Name == "" {
		i.o.Name = name
	}
	if i.o.Namespace == "" {
		i.o.Namespace = i.o.Name
	}
	i.o.Host = i.o.Name // names the cluster's key file
	values := map[string]any{}
	i.generic = map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(f.fed)) {
		if ofAForm.MatchString(path) || slices.ContainsFunc(f.fed[path], ofAForm.MatchString) {
			i.credits = append(i.credits, fmt.Sprintf("left alone: %s, which feeds %s, takes a certificate, its key or a hash: add it to spec.secretValues with one of yours", path, strings.Join(f.fed[path], " and ")))
			continue
		}
		field := fieldOf(path, i.generic)
		i.generic[field] = true
		values[path] = map[string]any{"credential": i.o.Name, "field": field}
		i.credits = append(i.credits, fmt.Sprintf("%s feeds %s", path, strings.Join(f.fed[path], " and ")))
	}
	i.credits = append(i.credits, f.notes...)
	which := map[string]any{"path": filepath.ToSlash(rel)}
	if src.Archive != nil {
		sum := sha256.Sum256(src.Archive)
		which["sha256"] = hex.EncodeToString(sum[:])
	}
	body := map[string]any{"chart": which}
	if len(values) > 0 {
		body["secretValues"] = values
	}
	text := document(map[string]any{"apiVersion": spec.APIVersion, "kind": spec.KindChart, "metadata": map[string]any{"name": i.o.Name, "namespace": i.o.Namespace}, "spec": body})
	if _, err := spec.DecodeChart([]byte(text), ""); err != nil {
		return err
	}
	add := func(path, why, text string) {
		i.files = append(i.files, repository.Change{Path: filepath.Join(i.dir, path), Data: []byte(text), Why: why})
	}
	add(i.o.Name+"/chart.yaml", "the spec: the chart, its values, and which of them are secret", "# A release of a chart. reggen schema Chart prints all there is to say.\n"+text)
	add(i.o.Name+"/kustomization.yaml", "lists it", kustomization("resources", "chart.yaml"))
	add("kustomization.yaml", "the environment; patches of the output and other resources go here",
		strings.Replace(kustomization("generators", i.o.Name), "generators:", "namespace: "+i.o.Namespace+"\ngenerators:", 1))
	return nil
}

// ofAForm are names of values, and of keys of Secrets, that no random text can be.
var ofAForm = regexp.MustCompile(`(?i)\.(crt|key|pem|p12|jks|json|ya?ml)$|(cert|certificate|htpasswd\w*|privatekey|kubeconfig)$|\b(tls|ca|certs?)\.`)

// fieldOf is a name for a value's field: its last part, with more before it where
// that is taken.
func fieldOf(path string, taken map[string]bool) string {
	parts := regexp.MustCompile(`[A-Za-z0-9_-]+`).FindAllString(path, -1)
	for n := 1; n <= len(parts); n++ {
		if name := strings.Join(parts[len(parts)-n:], "-"); !taken[name] {
			return name
		}
	}
	return strings.Join(parts, "-") + "-2"
}

// genericCredential makes the credential of the values that were found.
func (i *initial) genericCredential(ctx context.Context, e repository.Environment) error {
	if len(i.generic) == 0 {
		return nil
	}
	data := map[string]string{}
	for field := range i.generic {
		value, err := credential.Generate(i.w.Keys.Random, 32)
		if err != nil {
			return err
		}
		data[field] = value
	}
	doc := credential.Document{Metadata: spec.Metadata{Name: i.o.Name}, Type: credential.Generic, StringData: data}
	return i.credential(ctx, e, filepath.Join(e.CredentialsDir(), i.o.Name+".enc.yaml"), doc, "the chart's secret values, random; reggen credential set "+problem.QuoteArg(i.o.Name)+" --field FIELD --stdin gives it others")
}

// finder finds which values of a chart feed its Secrets.
type finder struct {
	render func(values map[string]any, describe bool) (chart.Outcome, error)

	first chart.Outcome
	fed   map[string][]string // path of a value -> keys of Secrets that it feeds
	notes []string            // for people
}

// find renders the chart with its defaults, and again with a text of its own in
// the place of each value that may be a secret.
func (f *finder) find() error {
	var err error
	if f.first, err = f.render(nil, true); err != nil {
		return err
	}
	if f.first.Chart == "" { // it can't be read
		return f.first.Problems.Err()
	}
	for _, p := range f.first.Problems {
		f.notes = append(f.notes, "with its defaults: "+p.Error())
	}
	var paths []string
	candidates(f.first.Defaults, "", &paths)
	f.fed = map[string][]string{}
	if all, err := f.marked(paths); err != nil {
		return err
	} else if len(all.Problems) == 0 {
		f.look(all, paths)
		return nil
	}
	// Some of them together, or one alone, end the render: each by itself.
	for n, path := range paths {
		if n == most {
			f.notes = append(f.notes, fmt.Sprintf("%d values that may be secret were not tried", len(paths)-most))
			break
		}
		one, err := f.marked([]string{path})
		if err != nil {
			return err
		}
		if len(one.Problems) == 0 {
			f.look(one, []string{path})
		}
	}
	if len(f.fed) == 0 && len(f.first.Problems) > 0 {
		return f.first.Problems.Err()
	}
	return nil
}

func (f *finder) marked(paths []string) (chart.Outcome, error) {
	values := map[string]any{}
	for _, path := range paths {
		if err := chart.Set(values, path, marker(path)); err != nil {
			return chart.Outcome{}, err
		}
	}
	return f.render(values, false)
}

func marker(path string) string { return secret.Placeholder(secret.FieldRef("init", path)) }

// look notes which of the marked values stand in the data of Secrets, and nowhere
// else.
func (f *finder) look(out chart.Outcome, paths []string) {
	outside := map[string]bool{}
	fed := map[string][]string{}
	for _, file := range out.Files {
		objects, err := object.ParseAsHelm(file.File, file.Data)
		if err != nil {
			continue // a build tells
		}
		for _, o := range objects {
			if !o.IsSecret() {
				text := ""
				o.Walk(func(_, s string) { text += s + "\n" })
				for _, path := range paths {
					outside[path] = outside[path] || strings.Contains(text, marker(path))
				}
				continue
			}
			for _, field := range []string{"data", "stringData"} {
				for key, v := range o.Map(field) {
					text, _ := v.(string)
					if raw, err := base64.StdEncoding.DecodeString(text); err == nil && field == "data" {
						text = string(raw)
					}
					for _, path := range paths {
						if strings.Contains(text, marker(path)) {
							fed[path] = append(fed[path], "Secret "+strings.Replace(o.Name(), "release", "RELEASE", 1)+"/"+key)
						}
					}
				}
			}
		}
	}
	for path, keys := range fed {
		slices.Sort(keys)
		if outside[path] {
			f.notes = append(f.notes, path+" stands outside Secrets too, where no secret may be: left alone")
			continue
		}
		f.fed[path] = slices.Compact(keys)
	}
	slices.Sort(f.notes)
}

// candidates are the paths of texts whose names say that they may be secret.
func candidates(values map[string]any, at string, out *[]string) {
	for _, k := range slices.Sorted(maps.Keys(values)) {
		path := strings.TrimPrefix(at+"."+strings.ReplaceAll(k, ".", `\.`), ".")
		switch v := values[k].(type) {
		case map[string]any:
			candidates(v, path, out)
		case string, nil:
			if refuse.Looks(k, "some text") {
				*out = append(*out, path)
			}
		}
	}
}
