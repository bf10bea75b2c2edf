package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// With Kubernetes' own controllers at work, and pods that become ready when all
// that they name is there, a live release's Service has an endpoint at every
// moment of every take-over: however objects are applied with nothing done
// before, by the script in each of its ways, when new pods never become ready,
// and on the way back. On a volume for one pod there is the one moment in which
// the old pod has gone and the new one comes, as in each of its rollouts.
func TestServesAllTheTime(t *testing.T) {
	before := server
	defer func() { server = before }()
	dir, err := os.MkdirTemp(filepath.Dir(bin), "controlled-")
	must(t, err)
	server, err = Start(context.Background(), bin, dir)
	must(t, err)
	defer server.Stop()
	must(t, customKinds())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	must(t, Control(ctx, config()))
	c, err := kubernetes.NewForConfig(config())
	must(t, err)
	k := &kubelet{t: t, client: c, stuck: map[string]bool{}}
	k.start(ctx)

	t.Run("ways", func(t *testing.T) {
		for mode, flags := range byHelm {
			for way, args := range map[string][]string{
				"kubectl": nil, "server": {"--server-side", "--force-conflicts"}, "helm": {"--server-side", "--force-conflicts", "--field-manager=helm"}, "set-last-applied": nil, "replace": nil, "argocd": nil,
			} {
				t.Run(strings.Join([]string{"apply", mode, way}, "/"), func(t *testing.T) {
					t.Parallel()
					l := k.install(t, "s3", flags...)
					seen := k.watch(l)
					switch way {
					case "set-last-applied":
						l.run(l.run("", "helm", "get", "manifest", release, "-n", l.namespace), "kubectl", "apply", "set-last-applied", "--create-annotation", "-n", l.namespace, "-f", "-")
					case "replace":
						l.replaced()
					}
					if way == "argocd" {
						l.argocd(false)
					} else {
						for _, o := range l.ours {
							must(t, l.one(o, args...))
						}
					}
					l.rolledOut()
					seen.serves(false)
				})
			}
		}
		for _, way := range []string{"kubectl", "server-side", "flux", "argocd"} {
			for _, values := range []string{"s3", "volume", "upkeep", "role"} {
				if (values == "volume" || values == "role") && way != "kubectl" {
					continue // how they come differs no more than with the others
				}
				mode := map[bool]string{true: "server-side", false: "client-side"}[(len(way)+len(values))%2 == 0]
				t.Run(strings.Join([]string{"script", way, values, mode}, "/"), func(t *testing.T) {
					t.Parallel()
					l := k.install(t, values, byHelm[mode]...)
					l.real = true
					seen := k.watch(l)
					take, forget, back := l.script(way)
					for _, line := range take {
						seen.during(line)
						l.line(way, line)
					}
					l.rolledOut()
					if way == "kubectl" {
						for _, line := range slices.Concat(revision(back, mode), take) {
							seen.during(line)
							l.line(way, line)
						}
						l.rolledOut()
					}
					for _, line := range forget {
						seen.during(line)
						l.line(way, line)
					}
					if err := l.try("", "helm", "uninstall", release, "-n", l.namespace); err == nil || !strings.Contains(err.Error(), "not found") {
						t.Errorf("helm uninstall: %v", err)
					}
					time.Sleep(time.Second)                             // whatever would follow
					seen.serves(values == "volume" || values == "role") // by their strategies, and the script says so
				})
			}
		}
		for _, n := range []int{0, 2, 5, 6, 7, 9, 10, 13, 15} { // of 17 calls
			t.Run(fmt.Sprintf("whole/%d", n), func(t *testing.T) {
				t.Parallel()
				k.whole(t, n)
			})
		}
		// New pods that never become ready: the old ones go on, and one can go back.
		for mode, flags := range byHelm {
			t.Run("broken/"+mode, func(t *testing.T) {
				t.Parallel()
				l := k.install(t, "s3", flags...)
				seen := k.watch(l)
				k.holdBack(l.namespace, true)
				take, _, back := l.script("kubectl")
				for _, line := range take {
					if strings.Contains(line, "rollout status") {
						continue // it would not end
					}
					seen.during(line)
					l.line("kubectl", line)
				}
				time.Sleep(3 * time.Second)
				k.holdBack(l.namespace, false)
				for _, line := range revision(back, mode) {
					seen.during(line)
					l.line("kubectl", line)
				}
				l.rolledOut()
				seen.serves(false)
			})
		}
	})
	// The watch sees what it is for: a Service that sends to a port without a name.
	t.Run("seen", func(t *testing.T) {
		l := k.install(t, "s3")
		seen := k.watch(l)
		l.run("", "kubectl", "patch", "service", release, "-n", l.namespace, "--type=json", "-p", `[{"op": "replace", "path": "/spec/ports/0/targetPort", "value": "http-of-no-pod"}]`)
		for range 100 {
			if len(seen.gaps()) > 0 {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Error("a Service without an endpoint is not seen")
	})
}

// whole runs both scripts as a person does, by sh, in which the n-th call of kubectl
// fails (none is the first): nothing is run after it, the registry serves, and from
// the start both come to their ends.
func (k *kubelet) whole(t *testing.T, n int) {
	l := k.install(t, []string{"s3", "upkeep"}[n%2])
	l.real = true
	seen := k.watch(l)
	folder := t.TempDir()
	wrapper := fmt.Sprintf("#!/bin/sh\necho \"$*\" >> %[1]s/calls\n[ -e %[1]s/well ] || [ $(wc -l < %[1]s/calls) -ne %[2]d ] || { cat >/dev/null; echo refused >&2; exit 1; }\nexec %[3]s/kubectl \"$@\"\n", folder, n, bin)
	must(t, os.WriteFile(filepath.Join(folder, "kubectl"), []byte(wrapper), 0o755))
	both := ""
	for _, args := range [][]string{nil, {"--forget"}} {
		text := l.run("", "reggen", append([]string{"takeover", "overlays/prod"}, args...)...)
		for line := range strings.Lines(text) {
			both += l.elsewhere(strings.ReplaceAll(line, somewhere, l.namespace))
		}
	}
	run := func() error {
		return l.try("", "sh", "-c", "PATH="+folder+":$PATH\n"+both)
	}
	err := run()
	text, bad := os.ReadFile(filepath.Join(folder, "calls"))
	must(t, bad)
	switch calls := strings.Split(strings.TrimSpace(string(text)), "\n"); {
	case n == 0 || n > len(calls) || strings.Contains(calls[n-1], "servicemonitor"): // which may not be there
		must(t, err)
	case err == nil || len(calls) != n:
		t.Errorf("the %d-th call of kubectl failed, and after it came %q; %v", n, calls[n:], err)
	}
	must(t, os.WriteFile(filepath.Join(folder, "well"), nil, 0o600))
	if err != nil {
		must(t, run())
	}
	l.rolledOut()
	if err := l.try("", "helm", "uninstall", release, "-n", l.namespace); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("helm uninstall: %v", err)
	}
	if stays := l.leftover(); len(stays) > 0 {
		t.Errorf("of the old release stays in the pods: %q", stays)
	}
	seen.serves(false)
}

// revision fills in what the script leaves open in the commands that lead back.
func revision(back []string, mode string) (out []string) {
	for _, line := range back {
		line = strings.ReplaceAll(line, "REVISION", "1")
		if mode == "client-side" {
			line = strings.ReplaceAll(line, " --force-conflicts", "")
		}
		out = append(out, line)
	}
	return out
}

// rolledOut waits until the Deployment's new pods have taken over from the old.
func (l *live) rolledOut() {
	l.t.Helper()
	l.run("", "kubectl", "rollout", "status", "deployment/"+release, "-n", l.namespace, "--timeout=120s")
	l.served = l.template()
}

// kubelet does what a scheduler and a kubelet do for pods, as far as a Service
// can tell: a pod is ready when the Secrets, ConfigMaps and keys that it names
// are there, and takes a moment to start and to end.
type kubelet struct {
	t      *testing.T
	client *kubernetes.Clientset
	mu     sync.Mutex
	stuck  map[string]bool // namespaces in which no new pod becomes ready
	ips    int
}

const node = "here"

func (k *kubelet) start(ctx context.Context) {
	_, err := k.client.CoreV1().Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node}}, metav1.CreateOptions{})
	must(k.t, err)
	go func() {
		for ctx.Err() == nil {
			if pods, err := k.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{}); err == nil {
				for i := range pods.Items {
					k.tend(ctx, &pods.Items[i])
				}
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
}

func (k *kubelet) holdBack(namespace string, stuck bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stuck[namespace] = stuck
}

func (k *kubelet) tend(ctx context.Context, p *corev1.Pod) {
	pods := k.client.CoreV1().Pods(p.Namespace)
	k.mu.Lock()
	stuck := k.stuck[p.Namespace]
	k.mu.Unlock()
	switch {
	case p.DeletionTimestamp != nil:
		if time.Since(p.DeletionTimestamp.Time) > time.Second-time.Duration(*p.DeletionGracePeriodSeconds)*time.Second {
			_ = pods.Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)})
		}
	case p.Spec.NodeName == "":
		_ = pods.Bind(ctx, &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: p.Name}, Target: corev1.ObjectReference{Kind: "Node", Name: node}}, metav1.CreateOptions{})
	case p.Status.Phase != corev1.PodRunning && !stuck && time.Since(p.CreationTimestamp.Time) > time.Second && k.has(ctx, p):
		k.ips++
		now := metav1.Now()
		p.Status = corev1.PodStatus{Phase: corev1.PodRunning, StartTime: &now, PodIP: fmt.Sprintf("10.1.%d.%d", k.ips/250, k.ips%250+1)}
		p.Status.PodIPs = []corev1.PodIP{{IP: p.Status.PodIP}}
		for _, c := range []corev1.PodConditionType{corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled, corev1.PodInitialized} {
			p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: c, Status: corev1.ConditionTrue, LastTransitionTime: now})
		}
		_, _ = pods.UpdateStatus(ctx, p, metav1.UpdateOptions{})
	}
}

// has says whether all is there that the pod can't start without.
func (k *kubelet) has(ctx context.Context, p *corev1.Pod) bool {
	core := k.client.CoreV1()
	secret := func(name, key string) bool {
		s, err := core.Secrets(p.Namespace).Get(ctx, name, metav1.GetOptions{})
		return err == nil && (key == "" || s.Data[key] != nil)
	}
	for _, c := range p.Spec.Containers {
		for _, e := range c.Env {
			if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil && !secret(e.ValueFrom.SecretKeyRef.Name, e.ValueFrom.SecretKeyRef.Key) {
				return false
			}
		}
	}
	for _, v := range p.Spec.Volumes {
		switch {
		case v.Secret != nil && !secret(v.Secret.SecretName, ""):
			return false
		case v.ConfigMap != nil:
			if _, err := core.ConfigMaps(p.Namespace).Get(ctx, v.ConfigMap.Name, metav1.GetOptions{}); err != nil {
				return false
			}
		case v.PersistentVolumeClaim != nil:
			if _, err := core.PersistentVolumeClaims(p.Namespace).Get(ctx, v.PersistentVolumeClaim.ClaimName, metav1.GetOptions{}); err != nil {
				return false
			}
		}
	}
	return true
}

// install has Helm install a release and waits until its pods serve.
func (k *kubelet) install(t *testing.T, values string, helm ...string) *live {
	t.Helper()
	l := install(t, values, helm...)
	l.rolledOut()
	return l
}

// watched is what became of a Service's endpoints.
type watched struct {
	l    *live
	mu   sync.Mutex
	step string
	lost []string // each moment without one
	now  int
}

// watch follows every change of the Service's EndpointSlices from now on.
func (k *kubelet) watch(l *live) *watched {
	l.t.Helper()
	w := &watched{l: l}
	ctx, cancel := context.WithCancel(context.Background())
	l.t.Cleanup(cancel)
	api := k.client.DiscoveryV1().EndpointSlices(l.namespace)
	of := metav1.ListOptions{LabelSelector: discovery.LabelServiceName + "=" + release}
	all, err := api.List(ctx, of)
	must(l.t, err)
	slices := map[string]*discovery.EndpointSlice{}
	for i := range all.Items {
		slices[all.Items[i].Name] = &all.Items[i]
	}
	if w.look(slices); w.now == 0 {
		l.t.Fatal("there is no endpoint to begin with")
	}
	of.ResourceVersion = all.ResourceVersion
	events, err := api.Watch(ctx, of)
	must(l.t, err)
	go func() {
		for e := range events.ResultChan() {
			s, ok := e.Object.(*discovery.EndpointSlice)
			if !ok {
				continue
			}
			if slices[s.Name] = s; e.Type == "DELETED" {
				delete(slices, s.Name)
			}
			w.look(slices)
		}
		if ctx.Err() == nil {
			w.mu.Lock()
			w.lost = append(w.lost, "the watch ended")
			w.mu.Unlock()
		}
	}()
	return w
}

// look counts the ready endpoints that have the registry's port.
func (w *watched) look(all map[string]*discovery.EndpointSlice) {
	n := 0
	for _, s := range all {
		if !slices.ContainsFunc(s.Ports, func(p discovery.EndpointPort) bool { return p.Port != nil && *p.Port == 5000 }) {
			continue
		}
		for _, e := range s.Endpoints {
			if e.Conditions.Ready != nil && *e.Conditions.Ready {
				n += len(e.Addresses)
			}
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if n == 0 && w.now > 0 {
		w.lost = append(w.lost, w.step)
	}
	w.now = n
}

func (w *watched) during(step string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.step = step
}

func (w *watched) gaps() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lost)
}

// serves says that there was an endpoint all the time and is one now; on a
// volume for one pod at the end of each rollout.
func (w *watched) serves(oneAtATime bool) {
	w.l.t.Helper()
	lost := w.gaps()
	if !oneAtATime && len(lost) > 0 {
		w.l.t.Errorf("a moment without an endpoint, during %q", lost)
	}
	if w.now == 0 {
		w.l.t.Error("no endpoint in the end")
	}
}
