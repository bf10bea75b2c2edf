package start

import (
	"path/filepath"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/internal/repository"
)

// patch is what this environment changes in the base.
func (i *initial) patch() map[string]any {
	o, s := i.o, map[string]any{}
	if i.moved != nil {
		return registryOf(o, i.moved.Spec)
	}
	if o.Host != "" {
		s["host"] = o.Host
	}
	switch o.Storage {
	case "s3":
		s3 := map[string]any{"bucket": o.Bucket}
		for k, v := range map[string]string{"provider": o.Provider, "region": o.Region, "endpoint": o.Endpoint} {
			if v != "" {
				s3[k] = v
			}
		}
		s["storage"] = map[string]any{"s3": s3}
	case "filesystem":
		size := o.Size
		if size == "" {
			size = "10Gi"
		}
		s["storage"] = map[string]any{"filesystem": map[string]any{"size": size}}
	}
	if o.ClassName != "none" && !i.says("ingress") {
		ingress := map[string]any{"className": o.ClassName}
		if o.Issuer != "" {
			ingress["clusterIssuer"] = o.Issuer
		}
		s["ingress"] = ingress
	}
	return registryOf(o, s)
}

// registryOf is a Registry, or a layer of one.
func registryOf(o Options, s map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": spec.APIVersion, "kind": spec.KindRegistry,
		"metadata": map[string]any{"name": o.Name, "namespace": o.Namespace}, "spec": s,
	}
}

func (i *initial) newBase() map[string]any {
	s := map[string]any{
		"image": map[string]any{"flavor": string(spec.Distribution), "repository": "registry", "tag": "3.1.1"},
		"auth":  map[string]any{"realm": "Registry"},
	}
	if i.moved != nil {
		delete(s, "image") // the release says which
	}
	if i.o.PullSecret != "none" && i.o.PullSecret != "" {
		s["pullSecrets"] = map[string]any{i.o.PullSecret: map[string]any{"user": i.o.PullUser, "namespaces": i.o.PullNamespaces}}
	}
	return registryOf(i.o, s)
}

// plan checks the merged spec and fixes the files to be written.
func (i *initial) plan() error {
	if err := i.storageKnown(); err != nil {
		return err
	}
	base := i.had
	if i.isNew {
		base = i.newBase()
	}
	merged, err := yaml.Marshal(object.Merge(base, i.patch()))
	if err != nil {
		return err
	}
	reg, err := spec.Decode(merged, "")
	if err != nil {
		return err
	}
	i.o.Host = reg.Spec.Host
	add := func(path, why, text string) {
		i.files = append(i.files, repository.Change{Path: path, Data: []byte(text), Why: why})
	}
	if i.isNew {
		add(filepath.Join(i.base, "registry.yaml"), "the base spec, shared by all environments",
			"# What every environment shares. reggen schema prints all there is to say.\n"+document(base))
		add(filepath.Join(i.base, "kustomization.yaml"), "lists it", kustomization("resources", "registry.yaml"))
	}
	inner := filepath.Join(i.dir, "registry")
	rel, err := filepath.Rel(inner, i.base)
	if err != nil {
		return problem.Problem{Path: "--base", What: "can't be reached from " + i.w.Repo.Show(i.dir) + " by a relative path"}
	}
	add(filepath.Join(inner, "registry.yaml"), "what this environment changes in the base spec",
		"# What this environment changes in the base spec.\n"+document(i.patch()))
	add(filepath.Join(inner, "kustomization.yaml"), "base and changes, merged by kustomize",
		kustomization("resources", filepath.ToSlash(rel))+"patches:\n  - path: registry.yaml\n")
	add(filepath.Join(i.dir, "kustomization.yaml"), "the environment; patches of the output and other resources go here",
		kustomization("generators", "registry"))
	return nil
}

func document(v map[string]any) string {
	text, err := yaml.Marshal(v)
	if err != nil {
		return "" // can't be: maps of strings
	}
	return string(text)
}

func kustomization(field, entry string) string {
	return "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" + field + ":\n  - " + entry + "\n"
}
