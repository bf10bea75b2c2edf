package cluster

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/endpointslice"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/replicaset"
)

// Control runs Kubernetes' own controllers of Deployments, ReplicaSets,
// EndpointSlices and of what an owner leaves behind, until ctx ends: those of
// kube-controller-manager that decide which pods a Service has.
func Control(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return err
	}
	f := informers.NewSharedInformerFactory(client, 0)
	pods, sets, slices := f.Core().V1().Pods(), f.Apps().V1().ReplicaSets(), f.Discovery().V1().EndpointSlices()
	rollouts, err := deployment.NewDeploymentController(ctx, f.Apps().V1().Deployments(), sets, pods, client)
	if err != nil {
		return err
	}
	replicas := replicaset.NewReplicaSetController(ctx, sets, pods, client, replicaset.BurstReplicas)
	endpoints := endpointslice.NewController(ctx, pods, f.Core().V1().Services(), f.Core().V1().Nodes(), slices, 100, client, 0)
	started := make(chan struct{})
	both := informerfactory.NewInformerFactory(f, metadatainformer.NewSharedInformerFactory(meta, 0))
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery()))
	collector, err := garbagecollector.NewGarbageCollector(ctx, client, meta, mapper, garbagecollector.DefaultIgnoredResources(), both, started)
	if err != nil {
		return err
	}
	both.Start(ctx.Done())
	close(started)
	for kind, ok := range f.WaitForCacheSync(ctx.Done()) {
		if !ok {
			return fmt.Errorf("the controllers don't get to see %v", kind)
		}
	}
	go rollouts.Run(ctx, 5)
	go replicas.Run(ctx, 5)
	go endpoints.Run(ctx, 5)
	go collector.Run(ctx, 5, 30*time.Second)
	go collector.Sync(ctx, client.Discovery(), 5*time.Second)
	return nil
}
