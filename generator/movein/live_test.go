package movein

import (
	"reflect"
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
	for _, c := range []struct {
		path, from, to string
		want           Word
	}{
		{"metadata", "annotations:\n  meta.helm.sh/release-name: x", "", Needed},
		{"metadata/labels", "heritage: Helm", "", Same},
		{"metadata/labels", "", "app.kubernetes.io/name: x", Better},
		{"spec/template/spec/containers/name=c/env", "- name: REGISTRY_STORAGE_S3_BUCKET\n  value: b", "", Same},
		{"spec/template/spec/containers/name=c/env", "", "- name: AWS_ACCESS_KEY_ID", Needed},
		{"spec/template/spec/containers/name=c/env/name=REGISTRY_HTTP_SECRET/valueFrom/secretKeyRef/name", "a", "b", Needed},
		{"spec/template/spec/containers/name=c/livenessProbe", "", "failureThreshold: 60", Better},
		{"spec/ports/name=http/targetPort", "http", "5000", Same},
		{"spec/template/spec/volumes/name=auth/secret/secretName", "a", "b", Needed},
		{"data/config.yml", "", "auth: x", Needed},
		{"spec/replicas", "1", "3", Look},
		{"spec/template/spec/containers/name=c/image", "a", "b", Look},
	} {
		if got, reason := Why(c.path, c.from, c.to); got != c.want || reason == "" {
			t.Errorf("%s: %s, %s", c.path, got, reason)
		}
	}
}

func TestLeft(t *testing.T) {
	for text, want := range map[string]bool{
		"kind: CronJob\nmetadata: {name: x, labels: {heritage: Helm}}":                            true,
		"kind: Role\nmetadata: {name: x, annotations: {meta.helm.sh/release-name: r}}":            true,
		"kind: Secret\nmetadata: {name: x}":                                                       false,
		"kind: ConfigMap\nmetadata: {name: x, labels: {heritage: Somebody}, annotations: {a: b}}": false,
	} {
		l, err := object.Parse("", []byte("apiVersion: v1\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		if got := Left(l[0]); (got != "") != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}
