package takeover

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/object"
)

// What a cluster keeps for itself and fills in is no difference.
func TestSettled(t *testing.T) {
	written := `apiVersion: apps/v1
kind: Deployment
metadata: {name: d, labels: {a: b}}
spec: {replicas: 2, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i, livenessProbe: {httpGet: {path: /, port: 5000}, failureThreshold: 60}}]}}}
`
	live := `apiVersion: apps/v1
kind: Deployment
metadata: {name: d, labels: {a: b}, uid: u, resourceVersion: "3", generation: 2, creationTimestamp: "2026-01-01T00:00:00Z", managedFields: [], annotations: {deployment.kubernetes.io/revision: "1"}}
spec:
  replicas: 2
  progressDeadlineSeconds: 600
  revisionHistoryLimit: 10
  selector: {matchLabels: {a: b}}
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}
  template:
    metadata: {labels: {a: b}}
    spec:
      dnsPolicy: ClusterFirst
      restartPolicy: Always
      schedulerName: default-scheduler
      securityContext: {}
      terminationGracePeriodSeconds: 30
      containers: [{name: c, image: i, resources: {}, terminationMessagePath: /dev/termination-log, terminationMessagePolicy: File, livenessProbe: {httpGet: {path: /, port: 5000, scheme: HTTP}, failureThreshold: 60, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1}}]
status: {replicas: 2}
`
	parse := func(text string) object.Object {
		l, err := object.Parse("", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return l[0]
	}
	a, b := parse(written), parse(live)
	if got := Settled(b, a); !reflect.DeepEqual(got, Settled(a, a)) || !reflect.DeepEqual(got, a) {
		t.Errorf("%v\ninstead of\n%v", got, a)
	}
	if object.Equal(b, Settled(b, a)) || b["status"] == nil {
		t.Error("the live object itself was changed")
	}
	service, headless := parse("apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {clusterIP: 10.0.0.1}\n"), parse("apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {clusterIP: None}\n")
	if Settled(service, headless).Map("spec")["clusterIP"] != "10.0.0.1" || Settled(service, a).Map("spec")["clusterIP"] != nil {
		t.Error("an address counts where ours names one, and there alone")
	}
	s := Settled(parse("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {k: Y2FuYXJ5}\nstringData: {l: canary}\nsops: {x: y}\n"), nil)
	if s.Map("data")["k"] != "a value" || s.Map("stringData")["l"] != "a value" || s["sops"] != nil {
		t.Errorf("%v", s)
	}
}

func TestWhy(t *testing.T) {
	const c = "spec/template/spec/containers/name=c/"
	for _, x := range []struct {
		kind, path, from, to string
		want                 []Word
	}{
		{"Service", "metadata", "annotations:\n  meta.helm.sh/release-name: x", "", []Word{Needed}},
		{"Service", "metadata", "annotations:\n  a: x", "", []Word{Look}},
		{"Service", "metadata/labels", "heritage: Helm\nteam: a", "", []Word{Same, Look}},
		{"Service", "metadata/labels", "", "app.kubernetes.io/name: x", []Word{Better}},
		{"Deployment", c + "env", "- name: REGISTRY_STORAGE_S3_BUCKET\n  value: b", "", []Word{Same}},
		{"Deployment", c + "env", "", "- name: AWS_ACCESS_KEY_ID\n  valueFrom:\n    secretKeyRef:\n      name: a", []Word{Needed}},
		{"Deployment", c + "env", "- name: REGISTRY_STORAGE_S3_BUCKET\n  value: b\n- name: MINE\n  value: c", "", []Word{Same, Look}},
		{"Deployment", c + "env/name=REGISTRY_HTTP_SECRET/valueFrom/secretKeyRef/name", "a", "b", []Word{Needed}},
		{"Deployment", c + "env/name=REGISTRY_HTTP_SECRET/value", "a", "b", []Word{Look}},
		{"Deployment", c + "livenessProbe", "", "failureThreshold: 60", []Word{Better}},
		{"Deployment", "spec/template/spec/containers", "- livenessProbe: {}\n  name: sidecar", "", []Word{Look}},
		{"Deployment", c + "command/0", "/bin/registry", "registry", []Word{Same}},
		{"Deployment", c + "command/0", "/bin/mine", "registry", []Word{Look}},
		{"Deployment", c + "image", "a", "b", []Word{Look}},
		{"Deployment", c + "volumeMounts", "- mountPath: /etc/distribution\n  name: x", "", []Word{Same}},
		{"Deployment", c + "volumeMounts/name=data/mountPath", "/images", "/var/lib/registry", []Word{Look}},
		{"Deployment", c + "volumeMounts", "- mountPath: /images\n  name: data", "", []Word{Look}},
		{"Deployment", "spec/template/spec/volumes/name=data/persistentVolumeClaim/claimName", "all-images", "registry", []Word{Look}},
		{"Deployment", "spec/template/spec/volumes", "- name: data\n  persistentVolumeClaim:\n    claimName: all-images", "", []Word{Look}},
		{"Deployment", "spec/template/spec/volumes", "", "- name: tmp\n  emptyDir: {}\n- name: data\n  persistentVolumeClaim:\n    claimName: x", []Word{Needed, Look}},
		{"Deployment", "spec/template/spec/securityContext/runAsUser", "2000", "1000", []Word{Look}},
		{"Deployment", "spec/template/spec/securityContext", "", "runAsNonRoot: true", []Word{Better}},
		{"Deployment", "spec/template/spec", "", "automountServiceAccountToken: false\nhostNetwork: true", []Word{Better, Look}},
		{"Deployment", "spec/template/spec/volumes", "- name: x\n  configMap:\n    name: docker-registry-config\n- name: y\n  secret:\n    secretName: corp-ca-secret", "", []Word{Same, Look}},
		{"Deployment", "spec/template/spec/securityContext", "", "fsGroup: 1000\nrunAsGroup: 1000", []Word{Look, Better}},
		{"Deployment", "spec/template/spec", "", "securityContext:\n  runAsUser: 1000\n  seccompProfile:\n    type: RuntimeDefault", []Word{Look}},
		{"Deployment", "spec/replicas", "1", "3", []Word{Look}},
		{"Deployment", "spec/strategy/type", "RollingUpdate", "Recreate", []Word{Look}},
		{"Service", "spec/ports/name=http/targetPort", "http", "5000", []Word{Same}},
		{"Service", "spec/ports/name=http/port", "8080", "5000", []Word{Look}},
		{"Service", "spec/ports", "- name: http-5000\n  port: 5000", "", []Word{Look}},
		{"Ingress", "spec/rules/0/host", "a", "b", []Word{Look}},
		{"Ingress", "metadata/annotations", "kubernetes.io/ingress.class: nginx\nnginx.ingress.kubernetes.io/auth-url: x", "", []Word{Same, Look}},
		{"ConfigMap", "data/config.yml: auth", "", "htpasswd: x", []Word{Needed}},
		{"ConfigMap", "data/config.yml: storage/s3", "", "rootdirectory: /x\nbucket: b", []Word{Needed, Look}},
		{"ConfigMap", "data/config.yml: storage/s3/bucket", "a", "b", []Word{Look}},
		{"ConfigMap", "data/config.yml: health/storagedriver/interval", "10s", "5s", []Word{Better}},
		{"ConfigMap", "data/config.yml: health/storagedriver/interval", "1m", "5s", []Word{Look}},
		{"Deployment", c + "lifecycle", "", "preStop:\n  exec:\n    command:\n    - sleep\n    - \"5\"", []Word{Better}},
	} {
		var got []Word
		text := ""
		how := Changed
		switch {
		case x.from == "":
			how = Added
		case x.to == "":
			how = Removed
		}
		for _, d := range (Judge{name: "docker-registry"}).Why(x.kind, how, x.path, x.from, x.to) {
			got = append(got, d.Word)
			text += d.From + d.To
			if d.Reason == "" || d.Path != x.path {
				t.Errorf("%s: %+v", x.path, d)
			}
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%s %q %q: %s", x.path, x.from, x.to, got)
		}
		for _, word := range strings.FieldsFunc(x.from+x.to, func(r rune) bool { return strings.ContainsRune(" \n{}", r) }) {
			if !strings.Contains(text, word) {
				t.Errorf("%s: %q is lost in %q", x.path, word, text)
			}
		}
	}
}

func TestOf(t *testing.T) {
	for text, want := range map[string]bool{
		"kind: CronJob\nmetadata: {name: x, labels: {heritage: Helm, release: r}}":                true,
		"kind: CronJob\nmetadata: {name: x, labels: {heritage: Helm, release: other}}":            false,
		"kind: Role\nmetadata: {name: x, annotations: {meta.helm.sh/release-name: r}}":            true,
		"kind: Role\nmetadata: {name: x, annotations: {meta.helm.sh/release-name: other}}":        false,
		"kind: Secret\nmetadata: {name: x}":                                                       false,
		"kind: ConfigMap\nmetadata: {name: x, labels: {heritage: Somebody}, annotations: {a: b}}": false,
	} {
		l, err := object.Parse("", []byte("apiVersion: v1\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		what, _ := Left(l[0], nil)
		if got := Of(l[0], "r"); got != want || what == "" {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// No command deletes what the environment reads, or a volume; and none is made of a
// kind that is no word.
func TestLeftDeletesNothingThatIsRead(t *testing.T) {
	parse := func(text string) object.Object {
		l, err := object.Parse("", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return l[0]
	}
	pods := func(spec string) []object.Object {
		return []object.Object{parse("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: " + spec + "}}")}
	}
	for _, c := range []struct {
		left          string
		built         []object.Object
		what, command string
	}{
		{"apiVersion: v1\nkind: Secret\nmetadata: {name: r-secret, namespace: ns}", pods("{containers: [{env: [{valueFrom: {secretKeyRef: {name: r-secret}}}]}]}"), "stays", ""},
		{"apiVersion: v1\nkind: Secret\nmetadata: {name: r-secret, namespace: ns}", pods("{}"), "reggen takeover --forget", ""},
		{"apiVersion: v1\nkind: Secret\nmetadata: {name: ca, namespace: ns}", pods("{volumes: [{secret: {secretName: ca}}]}"), "stays", ""},
		{"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca, namespace: ns}", pods("{volumes: [{configMap: {name: ca}}]}"), "stays", ""},
		{"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca, namespace: ns}", pods("{}"), "is left behind", "kubectl -n ns delete configmap ca"},
		{"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: r, namespace: ns}", pods("{volumes: [{persistentVolumeClaim: {claimName: r}}]}"), "stays", ""},
		{"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: r, namespace: ns}", pods("{}"), "is left behind", ""},
		{"apiVersion: v1\nkind: \"Secret; touch pwned #\"\nmetadata: {name: r, namespace: ns}", pods("{}"), "is left behind", ""},
		{"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: r, namespace: ns}", pods("{}"), "collecting", "kubectl -n ns delete cronjob r"},
	} {
		if what, command := Left(parse(c.left), c.built); !strings.Contains(what, c.what) || command != c.command {
			t.Errorf("%s: %q, %q", c.left, what, command)
		}
	}
}

// What the live registry is told by variables, the environment says too, or it has
// to be looked at.
func TestJudge(t *testing.T) {
	config := func(text string) object.Object {
		return object.Object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "r-config"}, "data": map[string]any{"config.yml": text}}
	}
	pods := func(env ...any) object.Object {
		return object.Object{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "r"}, "spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"env": env}}}}}}
	}
	v := func(name, value string) any { return map[string]any{"name": name, "value": value} }
	target := Target{name: "r"}
	live := []object.Object{config("version: 0.1\n"), pods(v("REGISTRY_STORAGE_S3_BUCKET", "other"), v("REGISTRY_STORAGE_S3_REGIONENDPOINT", "nyc3.example.org"), v("REGISTRY_STORAGE_S3_ROOTDIRECTORY", "/prod"),
		v("REGISTRY_AUTH", "htpasswd"), v("REGISTRY_PROXY_REMOTEURL", "https://x"), map[string]any{"name": "REGISTRY_STORAGE_S3_ACCESSKEY", "valueFrom": map[string]any{}})}
	built := []object.Object{config("auth: {htpasswd: {path: /auth/htpasswd}}\nstorage: {s3: {bucket: bkt, regionendpoint: https://nyc3.example.org}}\n"), pods()}
	j := target.Judge(live, built)
	if got := fmt.Sprint(j.odd); got != "map[REGISTRY_PROXY_REMOTEURL:the environment has no proxy.remoteurl REGISTRY_STORAGE_S3_BUCKET:the environment has another storage.s3.bucket REGISTRY_STORAGE_S3_ROOTDIRECTORY:the environment has no storage.s3.rootdirectory]" || len(j.look) > 0 {
		t.Errorf("%s %q", got, j.look)
	}
	d := j.Why("Deployment", Removed, "spec/template/spec/containers/name=c/env", "- name: REGISTRY_STORAGE_S3_BUCKET\n  value: other\n- name: REGISTRY_AUTH\n  value: htpasswd", "")
	if len(d) != 2 || d[0].Word != Look || d[1].Word != Same {
		t.Errorf("%+v", d)
	}
	built[0] = config("storage: {s3: {bucket: other, rootdirectory: /new}}")
	live[1] = pods(v("REGISTRY_STORAGE_S3_BUCKET", "other"))
	if j := target.Judge(live, built); len(j.odd) > 0 || len(j.look) != 1 || !strings.Contains(j.look[0], "storage.s3.rootdirectory") {
		t.Errorf("%v %q", j.odd, j.look)
	}
}

func TestAlike(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"a", "a"}: true, {"a", "A"}: false, {"/prod", "prod/"}: true, {"/prod", "/Prod"}: false, {"True", "true"}: true,
		{"https://x", "x"}: true, {"https://x", "http://x"}: false, {"true", "false"}: false,
	} {
		if alike(pair[0], pair[1]) != want {
			t.Errorf("%q: not %v", pair, want)
		}
	}
}

// An entry is called by no name that the block itself doesn't show.
func TestEntriesShowNothing(t *testing.T) {
	for _, c := range []struct{ path, text string }{
		{"data/config.yml: notifications/endpoints", "- name: canary\n  url: x"},
		{"spec/template/spec/volumes/name=x/csi/volumeAttributes/list", "- name: canary"},
		{"spec/template/spec/containers/name=c/args", "- canary"},
		{"spec/whatever", "- name: https://a:canary@b\n"},
	} {
		for _, d := range (Judge{}).Why("ConfigMap", Removed, c.path, c.text, "") {
			if strings.Contains(fmt.Sprint(d.Entries, d.Reason), "canary") {
				t.Errorf("%s: %q", c.path, d.Entries)
			}
		}
	}
}
