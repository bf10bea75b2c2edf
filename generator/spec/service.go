package spec

import (
	"fmt"
	"net/netip"

	"github.com/reggen/reggen/generator/problem"
)

// Service is the registry's Service. The port is 5000, which clients in the
// cluster know.
type Service struct {
	Type                     string            `json:"type,omitempty"`
	NodePort                 *int              `json:"nodePort,omitempty"`
	Annotations              map[string]string `json:"annotations,omitempty"`
	LoadBalancerIP           string            `json:"loadBalancerIP,omitempty"`
	LoadBalancerSourceRanges []string          `json:"loadBalancerSourceRanges,omitempty"`
}

// ServiceAccount is the one that the registry's pods run as.
type ServiceAccount struct {
	Create      *bool             `json:"create,omitempty"`
	Name        string            `json:"name,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

var ServiceTypes = []string{"ClusterIP", "NodePort", "LoadBalancer"}

func defaultService(s Service) *Service {
	set(&s.Type, "ClusterIP")
	return &s
}

func defaultServiceAccount(s ServiceAccount) *ServiceAccount {
	if s.Create == nil {
		s.Create = pointer(true)
	}
	return &s
}

func (v *validator) service() {
	s := v.s.Service
	if s == nil {
		return
	}
	const path = "spec.service"
	known := v.Enum(path+".type", s.Type, ServiceTypes)
	v.annotations(path+".annotations", s.Annotations, false)
	if n := s.NodePort; n != nil {
		switch {
		case *n < 1 || *n > 65535:
			v.Add(path+".nodePort", fmt.Sprintf("is %d", *n), "a port: 30000 to 32767 unless the cluster has another range")
		case known && s.Type == "ClusterIP":
			v.Add(path+".nodePort", "a Service of type ClusterIP has no port on nodes", "type NodePort or LoadBalancer, or no nodePort")
		}
	}
	balancer := func(field string, set bool) {
		if set && known && s.Type != "LoadBalancer" {
			v.Add(path+"."+field, "a Service of type "+s.Type+" has no load balancer", "type LoadBalancer, or no "+field)
		}
	}
	balancer("loadBalancerIP", s.LoadBalancerIP != "")
	balancer("loadBalancerSourceRanges", len(s.LoadBalancerSourceRanges) > 0)
	if a := s.LoadBalancerIP; a != "" {
		if _, err := netip.ParseAddr(a); err != nil {
			v.Add(path+".loadBalancerIP", problem.Quoted(a)+" is not an address", "one, for instance 203.0.113.10")
		}
	}
	seen := map[string]bool{}
	for i, r := range s.LoadBalancerSourceRanges {
		at := fmt.Sprintf("%s.loadBalancerSourceRanges[%d]", path, i)
		v.cidr(at, r)
		if seen[r] {
			v.Add(at, "stands in the list twice", "")
		}
		seen[r] = true
	}
}

// cidr checks a range of addresses. Host bits are refused: newer clusters
// refuse them, and the range is rarely what was meant.
func (v *validator) cidr(at, s string) {
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		v.Add(at, problem.Quoted(s)+" is not a range of addresses", "one, for instance 192.0.2.0/24; a single address ends in /32, or /128")
	case p.Masked() != p:
		v.Add(at, problem.Quoted(s)+" has bits set behind its prefix", p.Masked().String())
	}
}

func (v *validator) serviceAccount() {
	s := v.s.ServiceAccount
	if s == nil {
		return
	}
	const path = "spec.serviceAccount"
	v.Name(path+".name", s.Name)
	v.annotations(path+".annotations", s.Annotations, false)
	if s.Create == nil || *s.Create {
		return
	}
	if s.Name == "" {
		v.Add(path+".name", "is missing: create is false, and pods would run as default", "the name of the account that something else brings")
	}
	if len(s.Annotations) > 0 {
		v.Add(path+".annotations", "stand beside create: false, and reggen doesn't touch an account that it doesn't make", "annotations on that account where it is made, or create: true")
	}
}
