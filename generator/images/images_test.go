package images

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/reggen/reggen/generator/spec"
)

func pull(s spec.ImagesSpec) *spec.ImagePullSecrets {
	s.Host = "r.example.com"
	return &spec.ImagePullSecrets{Metadata: spec.Metadata{Name: "regcred"}, Spec: s}
}

func nodes(t testing.TB, text string) []*yaml.RNode {
	t.Helper()
	out, err := (&kio.ByteReader{Reader: strings.NewReader(text), OmitReaderAnnotations: true}).Read()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func text(t testing.TB, nodes []*yaml.RNode) string {
	t.Helper()
	out, err := kio.StringAll(nodes)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const secrets = "imagePullSecrets:"

// Every kind with pods, and where its containers can be.
func TestPodsOfEveryKind(t *testing.T) {
	here := map[string]string{
		"v1 Pod":                      "spec: {containers: [{image: IMAGE}]}",
		"v1 ReplicationController":    "spec: {template: {spec: {containers: [{image: IMAGE}]}}}",
		"apps/v1 Deployment":          "spec: {template: {spec: {containers: [{image: other/x}, {image: IMAGE}]}}}",
		"apps/v1 ReplicaSet":          "spec: {template: {spec: {initContainers: [{image: IMAGE}], containers: [{image: x}]}}}",
		"apps/v1 StatefulSet":         "spec: {template: {spec: {containers: [{image: x}], ephemeralContainers: [{image: IMAGE}]}}}",
		"apps/v1 DaemonSet":           "spec: {template: {spec: {containers: [{image: x}], volumes: [{name: v, image: {reference: IMAGE}}]}}}",
		"batch/v1 Job":                "spec: {template: {spec: {imagePullSecrets: null, containers: [{image: IMAGE}]}}}",
		"batch/v1 CronJob":            "spec: {jobTemplate: {spec: {template: {spec: {imagePullSecrets: [{name: mine}], containers: [{image: IMAGE}]}}}}}",
		"argoproj.io/v1 Rollout":      "spec: {template: {spec: {containers: [{image: IMAGE}]}}}",
		"batch.volcano.sh/v1 Job":     "spec: {tasks: [{template: {spec: {containers: [{image: IMAGE}]}}}, {template: {spec: {containers: [{image: x}]}}}]}",
		"example.com/v1 Deployment":   "spec: {template: {spec: {containers: [{image: IMAGE}]}}} # nobody's",
		"apps/v1 Deployment # broken": "spec: {template: {spec: [a, list]}}",
		"v1 ConfigMap":                "data: {image: IMAGE}",
	}
	never := []string{"example.com/v1 Deployment", "apps/v1 Deployment # broken", "v1 ConfigMap"}
	s := pull(spec.ImagesSpec{Kinds: map[string]string{"Rollout.argoproj.io": "spec.template.spec", "Job.batch.volcano.sh": "spec.tasks[].template.spec"}})
	for kind, body := range here {
		for image, on := range map[string]bool{
			"r.example.com/a/b:1": true, "r.example.com/a": true, "r.example.com/a@sha256:" + strings.Repeat("a", 64): true,
			"r.example.com.evil.org/a": false, "x.r.example.com/a": false, "r.example.com:5000/a": false, "example.com/r.example.com/a": false, "a": false, "$(IMAGE)": false, "\"\"": false,
		} {
			apiVersion, name, _ := strings.Cut(kind, " ")
			in := "apiVersion: " + apiVersion + "\nkind: " + name + "\nmetadata: {name: x, namespace: apps}\n" + strings.ReplaceAll(body, "IMAGE", image) + "\n"
			objects := nodes(t, in)
			before := text(t, objects)
			found, err := Apply(s, objects)
			if err != nil {
				t.Fatal(err)
			}
			got := text(t, objects)
			want := on && !slices.Contains(never, kind)
			if strings.Contains(got, "name: regcred") != want || (len(found.Namespaces) == 1) != want || !want && got != before {
				t.Errorf("%s with %s: %v\n%s", kind, image, found, got)
			}
			if strings.Count(got, "name: regcred") > 1 || strings.Contains(body, "name: mine") && !strings.Contains(got, "name: mine") {
				t.Errorf("%s: %s", kind, got)
			}
			if _, err := Apply(s, objects); err != nil || text(t, objects) != got {
				t.Errorf("%s: the second time it is another one: %v\n%s", kind, err, text(t, objects))
			}
		}
	}
}

func TestRewrite(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	s := pull(spec.ImagesSpec{Rewrite: map[string]string{
		"docker.io": "r.example.com", "docker.io/library/nginx": "r.example.com/web/nginx", "ghcr.io/acme": "r.example.com/acme", "localhost:5000": "r.example.com/local",
	}})
	for image, want := range map[string]string{
		"nginx":                         "r.example.com/web/nginx",
		"nginx:1.29":                    "r.example.com/web/nginx:1.29",
		"docker.io/library/nginx:1.29":  "r.example.com/web/nginx:1.29",
		"docker.io/nginx@" + digest:     "r.example.com/web/nginx@" + digest,
		"nginxinc/nginx:1@" + digest:    "r.example.com/nginxinc/nginx:1@" + digest,
		"index.docker.io/library/redis": "r.example.com/library/redis",
		"redis":                         "r.example.com/library/redis",
		"ghcr.io/acme/app/worker:v1":    "r.example.com/acme/app/worker:v1",
		"ghcr.io/acme":                  "r.example.com/acme",
		"localhost:5000/x:y":            "r.example.com/local/x:y",
		"ghcr.io/acmecorp/app":          "",
		"r.example.com/library/redis":   "",
		"quay.io/a/b":                   "",
		"UPPER/case":                    "",
	} {
		objects := nodes(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - image: "+image+"\n")
		if _, err := Apply(s, objects); err != nil {
			t.Fatal(err)
		}
		out := text(t, objects)
		if want == "" {
			want = image
		}
		if !strings.Contains(out, "image: "+want+"\n") || strings.Contains(out, secrets) != strings.HasPrefix(want, "r.example.com/") {
			t.Errorf("%s: want %s\n%s", image, want, out)
		}
	}
	long := nodes(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: n}\nspec: {containers: [{image: ghcr.io/acme/"+strings.Repeat("a", 240)+"}]}\n")
	longer := pull(spec.ImagesSpec{Rewrite: map[string]string{"ghcr.io/acme": "r.example.com/" + strings.Repeat("b", 40)}})
	if _, err := Apply(longer, long); err == nil || !strings.Contains(err.Error(), "Pod x in n: the image") {
		t.Errorf("a name that grows too long: %v", err)
	}
}

// What people write around an image stays.
func TestCommentsAndQuotesStay(t *testing.T) {
	objects := nodes(t, `# the shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop # its name
spec:
  template:
    spec:
      # one container
      containers:
      - image: "r.example.com/shop:1" # pinned
        name: shop
`)
	if _, err := Apply(pull(spec.ImagesSpec{}), objects); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# the shop", "# its name", "# one container", `image: "r.example.com/shop:1" # pinned`, "imagePullSecrets:\n      - name: regcred"} {
		if out := text(t, objects); !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestFoundSaysWhatThereIs(t *testing.T) {
	objects := nodes(t, `apiVersion: v1
kind: Pod
metadata: {name: a, namespace: one}
spec: {containers: [{image: r.example.com/a}, {image: quay.io/b}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b}
spec: {containers: [{image: r.example.com/a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: c, namespace: two}
spec: {containers: [{image: b}]}
`)
	found, err := Apply(pull(spec.ImagesSpec{}), objects)
	if err != nil || !slices.Equal(found.Namespaces, []string{"", "one"}) || found.Pods != 3 || !slices.Equal(found.Hosts, []string{"docker.io", "quay.io", "r.example.com"}) {
		t.Errorf("%+v %v", found, err)
	}
}

// Whatever stands in an object, Apply neither panics nor does more the second time.
func FuzzApply(f *testing.F) {
	f.Add([]byte("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{image: nginx}], imagePullSecrets: {a: b}}\n"))
	f.Add([]byte("apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: &p {containers: [{image: r.example.com/x}, null, 1], imagePullSecrets: [null, 1, {name: 2}]}}}}}\n"))
	f.Add([]byte("apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {volumes: [{image: 1}], containers: *x}}}\n"))
	s := pull(spec.ImagesSpec{Rewrite: map[string]string{"docker.io": "r.example.com"}})
	f.Fuzz(func(t *testing.T, in []byte) {
		objects, err := (&kio.ByteReader{Reader: bytes.NewReader(in), OmitReaderAnnotations: true}).Read()
		if err != nil || slices.ContainsFunc(objects, func(o *yaml.RNode) bool { return o.YNode().Kind != yaml.MappingNode }) {
			return
		}
		if _, err := Apply(s, objects); err != nil {
			return
		}
		once, err := kio.StringAll(objects)
		if err != nil {
			return
		}
		if _, err := Apply(s, objects); err != nil {
			t.Fatal(err)
		}
		if twice, _ := kio.StringAll(objects); twice != once {
			t.Errorf("%s\nbecame\n%s", once, twice)
		}
	})
}
