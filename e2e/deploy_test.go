package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"sigs.k8s.io/yaml"
)

// goTypes are the products' own types: an object is decoded into one strictly,
// so that an unknown field is an error.
var goTypes = map[string]func() any{
	"v1/ConfigMap":       func() any { return &corev1.ConfigMap{} },
	"v1/Namespace":       func() any { return &corev1.Namespace{} },
	"apps/v1/Deployment": func() any { return &appsv1.Deployment{} },
	"kustomize.toolkit.fluxcd.io/v1/Kustomization": func() any { return &kustomizev1.Kustomization{} },
	"source.toolkit.fluxcd.io/v1/GitRepository":    func() any { return &sourcev1.GitRepository{} },
	"source.toolkit.fluxcd.io/v1/OCIRepository":    func() any { return &sourcev1.OCIRepository{} },
}

// definitions are the kinds whose types are no Go library: their product's own
// custom resource definitions (testdata/argocd/README.md).
var definitions = map[string]string{
	"argoproj.io/v1alpha1/AppProject":     "testdata/argocd/appproject-crd.yaml.gz",
	"argoproj.io/v1alpha1/Application":    "testdata/argocd/application-crd.yaml.gz",
	"argoproj.io/v1alpha1/ApplicationSet": "testdata/argocd/applicationset-crd.yaml.gz",
}

// valid holds an object against its product's own schema.
func valid(t testing.TB, o map[string]any) error {
	t.Helper()
	kind := fmt.Sprintf("%v/%v", o["apiVersion"], o["kind"])
	if typed := goTypes[kind]; typed != nil {
		text, err := yaml.Marshal(o)
		must(t, err)
		return yaml.UnmarshalStrict(text, typed())
	}
	if file := definitions[kind]; file != "" {
		return validByDefinition(t, file, o)
	}
	return fmt.Errorf("no schema for %s: add one", kind)
}

func validByDefinition(t testing.TB, file string, o map[string]any) error {
	t.Helper()
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	text, err := io.ReadAll(z)
	must(t, err)
	var crd apiextensionsv1.CustomResourceDefinition
	must(t, yaml.Unmarshal(text, &crd))
	for _, v := range crd.Spec.Versions {
		if crd.Spec.Group+"/"+v.Name != o["apiVersion"] {
			continue
		}
		var internal apiextensions.JSONSchemaProps
		must(t, apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(v.Schema.OpenAPIV3Schema, &internal, nil))
		structural, err := schema.NewStructural(&internal)
		must(t, err)
		// The way of the API server with fieldValidation=Strict: what pruning
		// would drop is an unknown field.
		text, err := json.Marshal(o)
		must(t, err)
		var copied map[string]any
		must(t, json.Unmarshal(text, &copied))
		if unknown := pruning.PruneWithOptions(copied, structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}); len(unknown) > 0 {
			return fmt.Errorf("unknown fields: %s", strings.Join(unknown, ", "))
		}
		validator, _, err := validation.NewSchemaValidator(&internal)
		must(t, err)
		return validation.ValidateCustomResource(nil, o, validator).ToAggregate()
	}
	return fmt.Errorf("%s has no version %v", file, o["apiVersion"])
}

// deployed builds a folder of deploy/ with the real kustomize: a component on
// top of what it is for.
func deployed(t testing.TB, dir string) []map[string]any {
	t.Helper()
	p := bare(t)
	copyTree(t, filepath.Join(repo, "deploy"), filepath.Join(p.dir, "deploy"))
	if bytes.Contains(p.read(filepath.Join(dir, "kustomization.yaml")), []byte("kind: Component")) {
		copyTree(t, "testdata/argocd/install", filepath.Join(p.dir, "install"))
		p.write("mine/kustomization.yaml", "namespace: argocd\nresources: [../install]\ncomponents: [../"+dir+"]\n")
		dir = "mine"
	}
	_, objects := documents(t, p.ok("", tool("kustomize"), "build", dir))
	return objects
}

// deployDirs are the kustomizations below deploy/.
func deployDirs(t testing.TB) []string {
	t.Helper()
	var dirs []string
	must(t, filepath.WalkDir(filepath.Join(repo, "deploy"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "kustomization.yaml" {
			rel, _ := filepath.Rel(repo, filepath.Dir(path))
			dirs = append(dirs, rel)
		}
		return err
	}))
	if len(dirs) < 6 {
		t.Fatalf("found only %v", dirs)
	}
	return dirs
}

// Everything below deploy/ builds, and every object is what its product takes.
func TestDeployBuilds(t *testing.T) {
	for _, dir := range deployDirs(t) {
		t.Run(dir, func(t *testing.T) {
			for _, o := range deployed(t, dir) {
				if err := valid(t, o); err != nil {
					t.Errorf("%v %s: %v", o["kind"], nameOf(o), err)
				}
			}
		})
	}
}

// The check above notices a field that nobody knows and a value of a wrong
// type, in objects of each product.
func TestDeployValidationNotices(t *testing.T) {
	for _, dir := range []string{"deploy/argocd/apps", "deploy/argocd/plugin", "deploy/flux/git", "deploy/flux/oci"} {
		for _, o := range deployed(t, dir) {
			if err := valid(t, o); err != nil {
				t.Fatal(err)
			}
			kind, wrong := fmt.Sprint(o["kind"]), "spec"
			if kind == "ConfigMap" {
				wrong = "data"
			}
			old := o[wrong]
			o[wrong] = "text"
			if valid(t, o) == nil {
				t.Errorf("%s %s passes with text for its %s", kind, nameOf(o), wrong)
			}
			o[wrong] = old
			if inner, ok := old.(map[string]any); ok && kind != "ConfigMap" {
				inner["prunee"] = true
				if valid(t, o) == nil {
					t.Errorf("%s %s passes with an unknown field in its spec", kind, nameOf(o))
				}
				delete(inner, "prunee")
			}
			o["speck"] = map[string]any{}
			if valid(t, o) == nil {
				t.Errorf("%s %s passes with an unknown field", kind, nameOf(o))
			}
		}
	}
}
