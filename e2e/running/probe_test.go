//go:build linux

package running

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// probe asks a pod as the kubelet does: nothing but the startup probe before
// that one succeeded, then readiness and liveness, each at its own pace.
func (p *pod) probe() {
	if probe := p.container.StartupProbe; probe != nil {
		failed := 0
		if !p.delay(probe) {
			return
		}
		for !p.ask(probe) {
			if failed++; failed >= int(or(probe.FailureThreshold, 3)) {
				fmt.Fprintf(p.log, "(the kubelet would restart %s: it has not started)\n", p.name)
				return
			}
			if !p.pause(probe) {
				return
			}
		}
	}
	go p.alive()
	probe := p.container.ReadinessProbe
	if probe == nil {
		p.set(true)
		return
	}
	if !p.delay(probe) {
		return
	}
	for good, bad := 0, 0; ; {
		if p.ask(probe) {
			good, bad = good+1, 0
		} else {
			good, bad = 0, bad+1
		}
		switch {
		case good >= int(or(probe.SuccessThreshold, 1)):
			p.set(true)
		case bad >= int(or(probe.FailureThreshold, 3)):
			p.set(false)
		}
		if !p.pause(probe) {
			return
		}
	}
}

func (p *pod) alive() {
	probe := p.container.LivenessProbe
	if probe == nil || !p.delay(probe) {
		return
	}
	for {
		if !p.ask(probe) {
			p.mu.Lock()
			p.unalive++
			p.mu.Unlock()
		}
		if !p.pause(probe) {
			return
		}
	}
}

func or(value, otherwise int32) int32 {
	if value == 0 {
		return otherwise
	}
	return value
}

func (p *pod) pause(probe *corev1.Probe) (goOn bool) {
	return p.sleep(time.Duration(or(probe.PeriodSeconds, 10)) * time.Second)
}

// delay counts from the container's start, whatever was asked before.
func (p *pod) delay(probe *corev1.Probe) (goOn bool) {
	return p.sleep(time.Until(p.began.Add(time.Duration(probe.InitialDelaySeconds) * time.Second)))
}

func (p *pod) sleep(d time.Duration) (goOn bool) {
	select {
	case <-p.exited:
		return false
	case <-time.After(d):
		return true
	}
}

// ask is one question.
func (p *pod) ask(probe *corev1.Probe) bool {
	timeout := time.Duration(or(probe.TimeoutSeconds, 1)) * time.Second
	switch {
	case probe.TCPSocket != nil:
		c, err := net.DialTimeout("tcp", p.at(probe.TCPSocket.Port), timeout)
		if err != nil {
			return false
		}
		c.Close()
		return true
	case probe.HTTPGet != nil:
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		scheme := "http"
		if probe.HTTPGet.Scheme == corev1.URISchemeHTTPS {
			scheme = "https"
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+p.at(probe.HTTPGet.Port)+probe.HTTPGet.Path, nil)
		if err != nil {
			return false
		}
		r.Header.Set("User-Agent", "kube-probe/1.35")
		// The kubelet trusts any certificate and keeps no connection.
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
		answer, err := client.Do(r)
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode >= 200 && answer.StatusCode < 400
	}
	p.t.Errorf("%s: a probe that this runner doesn't know", p.name)
	return false
}

// at is where a port of the pod is.
func (p *pod) at(port intstr.IntOrString) string {
	if port.Type == intstr.String {
		for _, known := range p.container.Ports {
			if known.Name == port.StrVal {
				return net.JoinHostPort(p.address, fmt.Sprint(known.ContainerPort))
			}
		}
		return net.JoinHostPort(p.address, "0") // the kubelet finds no such port either
	}
	return net.JoinHostPort(p.address, fmt.Sprint(port.IntVal))
}

func (p *pod) set(ready bool) {
	p.mu.Lock()
	was := p.ready
	p.ready, p.wasReady = ready, p.wasReady || ready
	p.mu.Unlock()
	if was != ready {
		p.changed()
	}
}

// isReady says whether a Service sends it requests.
func (p *pod) isReady() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ready && !p.terminating
}

// everReady says whether it was sent requests at any time.
func (p *pod) everReady() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wasReady
}

func (p *pod) failedAlive() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unalive
}
