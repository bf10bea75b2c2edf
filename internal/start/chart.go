package start

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator/chart"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/repository"
)

// InitChart makes an environment of a chart: which Secrets it has, and which
// values feed them, is found by rendering. Nothing that is there is written over.
func (w *Work) InitChart(ctx context.Context, dir, path string, o Options) error {
	i := &initial{w: w, o: o, dir: w.Repo.Abs(dir)}
	return i.make(ctx, func() error { return i.planChart(ctx, path) }, i.refuse)
}

// planChart renders the chart and fixes the files to be written.
func (i *initial) planChart(ctx context.Context, path string) error {
	rel, err := filepath.Rel(i.dir, i.w.Repo.Abs(path))
	if err != nil {
		return problem.Problem{Path: "--chart", What: "can't be reached from " + i.w.Repo.Show(i.dir) + " by a relative path"}
	}
	src, err := i.w.Repo.Chart(i.dir)(filepath.ToSlash(rel))
	if err != nil {
		var p problem.Problem
		if errors.As(err, &p) && p.Path != "" {
			p.Path, p.Want = "--chart", "a folder with a Chart.yaml, or a .tgz, in this repository"
			return p
		}
		return err
	}
	job := chart.Job{Chart: src, For: chart.Release{Name: "release", Namespace: "release"}, Describe: true}
	first, err := i.w.Builds.RenderChart(ctx, job)
	switch {
	case err != nil:
		return err
	case first.Chart == "": // it can't be read
		return first.Problems.Err()
	}
	name, _, _ := strings.Cut(first.Chart, " ")
	if i.o.Name == "" {
		i.o.Name = name
	}
	if i.o.Namespace == "" {
		i.o.Namespace = i.o.Name
	}
	i.o.Host = i.o.Name // names the cluster's key file
	f := finder{defaults: first.Defaults, render: func(values map[string]any) (chart.Outcome, error) {
		job := chart.Job{Chart: src, For: chart.Release{Name: i.o.Name, Namespace: i.o.Namespace}, Values: values}
		return i.w.Builds.RenderChart(ctx, job)
	}}
	if err := f.find(); err != nil {
		return err
	}
	values := map[string]any{}
	i.generic = map[string]bool{}
	var others []string // that feed Secrets and are not under secretValues
	for _, path := range slices.Sorted(maps.Keys(f.fed)) {
		if ofAForm().MatchString(path) || slices.ContainsFunc(f.fed[path], ofAForm().MatchString) {
			others = append(others, path)
			i.credits = append(i.credits, fmt.Sprintf("left alone: %s, which feeds %s, takes a certificate, its key or a hash: add it to spec.secretValues with one of yours", path, strings.Join(f.fed[path], " and ")))
			continue
		}
		field := fieldOf(path, i.generic)
		i.generic[field] = true
		values[path] = map[string]any{"credential": i.o.Name, "field": field}
		i.credits = append(i.credits, fmt.Sprintf("%s feeds %s", path, strings.Join(f.fed[path], " and ")))
	}
	for _, path := range slices.Sorted(maps.Keys(f.unsure)) {
		others = append(others, path)
		i.credits = append(i.credits, fmt.Sprintf("left alone: %s, which feeds %s and is empty: give it under spec.values, or under spec.secretValues if it is secret", path, strings.Join(f.unsure[path], " and ")))
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
	head := "# A release of a chart. reggen schema Chart prints all there is to say.\n"
	if len(others) > 0 {
		head += "# These feed Secrets too and are left to you: " + list(others) + ".\n"
	}
	add(i.o.Name+"/chart.yaml", "the spec: the chart, its values, and which of them are secret", head+text)
	add(i.o.Name+"/kustomization.yaml", "lists it", kustomization("resources", "chart.yaml"))
	add("kustomization.yaml", "the environment; patches of the output and other resources go here",
		strings.Replace(kustomization("generators", i.o.Name), "generators:", "namespace: "+i.o.Namespace+"\ngenerators:", 1))
	return nil
}

// ofAForm are names of values, and of keys of Secrets, that no random text can be.
var ofAForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\.(crt|key|pem|p12|jks|json|ya?ml)$|(cert|certificate|htpasswd\w*|privatekey|kubeconfig)$|\b(tls|ca|certs?)\.`)
})

var fieldPart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z0-9_-]+`) })

// fieldOf is a name for a value's field: its last part, with more before it where
// that is taken.
func fieldOf(path string, taken map[string]bool) string {
	parts := fieldPart().FindAllString(path, -1)
	if len(parts) == 0 {
		parts = []string{"value"}
	}
	for n := 1; n <= len(parts); n++ {
		if name := strings.Join(parts[len(parts)-n:], "-"); !taken[name] {
			return name
		}
	}
	for n := 2; ; n++ {
		if name := fmt.Sprintf("%s-%d", strings.Join(parts, "-"), n); !taken[name] {
			return name
		}
	}
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
