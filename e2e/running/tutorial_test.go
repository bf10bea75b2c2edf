//go:build linux

package running

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/object"
)

// The tutorial from its first step to its last, as docs/guide/tutorial.md tells
// it: an empty folder, reggen's own commands, and then the registry that they
// say, on a real S3 server behind a real nginx, with a real client.
func TestTutorial(t *testing.T) {
	t.Parallel()
	const host, region, alices = "registry.tutorial.example.com", "atl1", "wet paint & 'quotes' #1"
	e := &environment{t: t, dir: t.TempDir(), overlay: "staging", home: t.TempDir()} // no key but what init makes
	clusterKey := filepath.Join(e.home, "cluster.agekey")

	// Step 1: configure and install.
	e.reggen("", "init", "overlays/staging", "--host", host, "--provider", "digitalocean", "--region", region, "--bucket", bucket,
		"--cluster-issuer", "letsencrypt-prod", "--cluster-key-file", clusterKey)
	e.reggen("accessKey=space-access\nsecretKey=space-secret-0123456789\n", "credential", "set", "s3", "--stdin")
	e.reggen(alices+"\n", "user", "add", "alice", "--password-stdin")
	e.reggen("", "seal", "overlays/staging")
	atCluster := &environment{t: t, dir: e.dir, overlay: e.overlay, home: t.TempDir(), key: clusterKey}
	c := deployOn(t, atCluster, region) // what the cluster makes of it with its own key

	// Step 2: push and pull, which takes step 3's login.
	stranger, alice, mysql := client{t, t.TempDir()}, client{t, t.TempDir()}, newImage(t, 1<<20, 2<<10)
	stranger.refused("push", mysql.dir, host+"/mysql:latest")
	alice.login(host, "alice", alices+"x")
	alice.refused("push", mysql.dir, host+"/mysql:latest")
	alice.login(host, "alice", alices)
	alice.ok("push", mysql.dir, host+"/mysql:latest")
	alice.pulls(host+"/mysql:latest", mysql)
	stranger.refused("pull", "--format", "oci", host+"/mysql:latest", filepath.Join(t.TempDir(), "out"))

	// Step 3: another user, and nothing restarts.
	carol := client{t, t.TempDir()}
	carol.login(host, "carol", "carols own")
	carol.refused("digest", host+"/mysql:latest")
	e.reggen("carols own\n", "user", "add", "carol", "--password-stdin")
	e.reggen("", "seal", "overlays/staging")
	if c.apply() {
		t.Error("a new user rolls the pods")
	}
	carol.pulls(host+"/mysql:latest", mysql)
	c.config("default", "regcred").pulls(host+"/mysql:latest", mysql)

	// Step 4: the sample application, whose image alice pushes. The manifests are
	// the examples', with the image as Docker Hub has it.
	hello := newImage(t, 3<<10, 1<<10, 5<<10)
	alice.ok("push", hello.dir, host+"/paulbouwer/hello-kubernetes:1.8")
	for _, image := range []string{"paulbouwer/hello-kubernetes:1.8", "paulbouwer/hello-kubernetes:1.8@" + hello.digest, "docker.io/paulbouwer/hello-kubernetes@" + hello.digest} {
		e.sample(host, image)
		pod, secrets := atCluster.application("overlays/hello-kubernetes")
		if !slices.Equal(pod.ImagePullSecrets, []corev1.LocalObjectReference{{Name: "regcred"}}) {
			t.Fatalf("%s: the pods get the pull secrets %v", image, pod.ImagePullSecrets)
		}
		want := host + "/" + strings.TrimPrefix(image, "docker.io/")
		if have := pod.Containers[0].Image; have != want {
			t.Fatalf("%s became %s; expected %s", image, have, want)
		}
		node := client{t, t.TempDir()} // what the kubelet has: the pods' own Secret and nothing else
		must(t, os.WriteFile(filepath.Join(node.dir, "config.json"), pullConfig(t, secrets, "hello/regcred", host), 0o600))
		node.pulls(pod.Containers[0].Image, hello)
		stranger.refused("digest", pod.Containers[0].Image)
	}
}

// sample is hello-kubernetes with an ImagePullSecrets, as the guide has it.
func (e *environment) sample(host, image string) {
	e.t.Helper()
	for _, folder := range []string{"bases/hello-kubernetes", "overlays/hello-kubernetes"} {
		to := filepath.Join(e.dir, folder)
		must(e.t, os.RemoveAll(to))
		must(e.t, os.CopyFS(to, os.DirFS(filepath.Join(repo, folder))))
	}
	for path, change := range map[string][2]string{
		"bases/hello-kubernetes/deployment.yaml":      {"registry.example.com/paulbouwer/hello-kubernetes:1.8", image},
		"bases/hello-kubernetes/regcred/regcred.yaml": {"host: registry.example.com", "host: " + host + "\n  rewrite:\n    docker.io: " + host},
	} {
		path = filepath.Join(e.dir, path)
		text, err := os.ReadFile(path)
		must(e.t, err)
		if strings.Count(string(text), change[0]) != 1 {
			e.t.Fatalf("%s is not what this test was written for", path)
		}
		must(e.t, os.WriteFile(path, []byte(strings.Replace(string(text), change[0], change[1], 1)), 0o644))
	}
}

// application is the pod template of an application's one Deployment, and the
// Secrets beside it, as the environment's key opens them.
func (e *environment) application(path string) (corev1.PodSpec, map[string]corev1.Secret) {
	e.t.Helper()
	all, err := object.Parse(path, e.reggen("", "build", "--secrets", "plain", path))
	must(e.t, err)
	secrets := map[string]corev1.Secret{}
	var pods []corev1.PodSpec
	for _, one := range all {
		text, err := yaml.Marshal(map[string]any(one))
		must(e.t, err)
		switch one.Kind() {
		case "Secret":
			secrets[one.Namespace()+"/"+one.Name()] = typed[corev1.Secret](e.t, text)
		case "Deployment":
			d := typed[appsv1.Deployment](e.t, text)
			if d.Namespace != "hello" {
				e.t.Errorf("the Deployment is in the namespace %s, the pull secret in hello", d.Namespace)
			}
			pods = append(pods, d.Spec.Template.Spec)
		}
	}
	if len(pods) != 1 {
		e.t.Fatalf("%d Deployments in %s", len(pods), path)
	}
	return pods[0], secrets
}

// pullConfig is what a pull secret holds, which has to be for the host alone.
func pullConfig(t *testing.T, secrets map[string]corev1.Secret, name, host string) []byte {
	t.Helper()
	if names := slices.Collect(maps.Keys(secrets)); len(names) != 1 || names[0] != name {
		t.Fatalf("the Secrets are %v; expected %s", names, name)
	}
	s := secrets[name]
	var config struct{ Auths map[string]any }
	if err := json.Unmarshal(s.Data[".dockerconfigjson"], &config); err != nil || s.Type != corev1.SecretTypeDockerConfigJson {
		t.Fatalf("%s is no pull secret", name) // its text is secret
	}
	if hosts := slices.Collect(maps.Keys(config.Auths)); !slices.Equal(hosts, []string{host}) {
		t.Errorf("the pull secret is for %v; expected %s", hosts, host)
	}
	return s.Data[".dockerconfigjson"]
}

// login is docker login: it keeps the password and asks nobody yet.
func (c client) login(host, user, password string) {
	c.t.Helper()
	if _, stderr, code := c.feed(password, "auth", "login", host, "-u", user, "--password-stdin"); code != 0 {
		c.t.Fatalf("crane auth login: exit status %d\n%s", code, stderr)
	}
}

// refused runs crane, which must be refused for want of a login.
func (c client) refused(args ...string) {
	c.t.Helper()
	if _, stderr, code := c.run(args...); code == 0 || !strings.Contains(stderr, "UNAUTHORIZED") && !strings.Contains(stderr, "401") {
		c.t.Errorf("crane %s without a good login: exit status %d\n%s", args[0], code, stderr)
	}
}

// pulls pulls an image and computes every digest anew.
func (c client) pulls(ref string, want image) {
	c.t.Helper()
	out := filepath.Join(c.t.TempDir(), fmt.Sprintf("out-%d", len(want.layers)))
	c.ok("pull", "--format", "oci", ref, out)
	verify(c.t, out, want)
}
