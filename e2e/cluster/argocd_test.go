package cluster

import (
	"encoding/json"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync/common"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/tracing"
	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// namespaced says of every kind that it is in a namespace, as reggen's are.
type namespaced struct{}

func (namespaced) IsNamespaced(schema.GroupKind) (bool, error) { return true, nil }

// argocd syncs as Argo CD does, by its own engine with its own defaults: in its
// order of kinds, each by client-side apply; or server-side, as its option
// ServerSideApply=true has it.
func (l *live) argocd(serverSide bool) {
	l.t.Helper()
	kubectl := &kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NopTracer{}}
	var target []*unstructured.Unstructured
	there := map[kube.ResourceKey]*unstructured.Unstructured{}
	for _, o := range l.ours {
		u := &unstructured.Unstructured{}
		must(l.t, json.Unmarshal([]byte(asJSON(o)), &u.Object))
		target = append(target, u)
		if found, err := kubectl.GetResource(l.t.Context(), config(), u.GroupVersionKind(), u.GetName(), l.namespace); err == nil {
			there[kube.GetResourceKey(u)] = found
		}
	}
	opts := []sync.SyncOpt{sync.WithLogr(logr.Discard()), sync.WithOperationSettings(false, false, false, false), sync.WithManifestValidation(true)}
	if serverSide {
		opts = append(opts, sync.WithServerSideApply(true), sync.WithServerSideApplyManager("argocd-controller"))
	}
	s, done, err := sync.NewSyncContext("main", sync.Reconcile(target, there, l.namespace, namespaced{}), config(), config(), kubectl, l.namespace, opts...)
	must(l.t, err)
	defer done()
	for end := time.Now().Add(time.Minute); ; {
		s.Sync()
		phase, message, results := s.GetState()
		switch {
		case phase.Successful():
			return
		case phase.Completed() || time.Now().After(end):
			for _, r := range results {
				if r.Status != common.ResultCodeSynced {
					l.t.Errorf("%s %s: %s", r.ResourceKey.Kind, r.ResourceKey.Name, r.Message)
				}
			}
			l.t.Fatalf("Argo CD's sync: %s: %s", phase, message)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
