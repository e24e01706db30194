// Package policy turns Kubernetes network policies into packet rules. It is pure: no client, no kernel, no clock.
package policy

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// Input is one consistent view of the cluster.
type Input struct {
	// Namespaces maps each namespace to its labels.
	Namespaces map[string]map[string]string
	// Pods are those on the pod network; pods on the host's network are the host.
	Pods     []Pod
	Policies []*networkingv1.NetworkPolicy
	// SystemNamespaces are those whose pods may reach the API server.
	SystemNamespaces []string
}

// Pod is what policies can see of a pod.
type Pod struct {
	Namespace string
	Name      string
	Labels    map[string]string
	Address   netip.Addr
	Ports     []NamedPort
}

// NamedPort is a container port that policies may call by name.
type NamedPort struct {
	Name     string
	Protocol corev1.Protocol
	Port     uint16
}

// RuleSet is what the kernel shall enforce. Everything is sorted: equal input gives equal output.
type RuleSet struct {
	Pods   []PodRules
	Chains []Chain
	// System are the addresses that may reach the API server.
	System []netip.Addr
}

// PodRules says which chains guard a pod.
type PodRules struct {
	Address netip.Addr
	// Name is "namespace/name", for people.
	Name    string
	Ingress Guard
	Egress  Guard
}

// Guard is one direction of a pod. A pod that no policy selects is open; a selected one drops what no chain accepts.
type Guard struct {
	Selected bool
	Chains   []string
}

// Direction is seen from the pod that a policy selects.
type Direction string

// The two directions.
const (
	Ingress Direction = "ingress"
	Egress  Direction = "egress"
)

// Chain is one direction of one policy: a packet is accepted when a rule matches.
type Chain struct {
	ID        string
	Direction Direction
	// Policy is "namespace/name", for people.
	Policy string
	Rules  []Rule
}

// Rule matches when both the peer and the port match.
type Rule struct {
	Peers Peers
	Ports Ports
}

// Peers matches the other side: the source for ingress, the destination for egress.
type Peers struct {
	Any    bool
	Pods   []netip.Addr
	Blocks []Block
}

// Block is a range of addresses with holes.
type Block struct {
	CIDR   netip.Prefix
	Except []netip.Prefix
}

// Ports matches the destination's port.
type Ports struct {
	// Any matches every port of every protocol, and protocols without ports.
	Any    bool
	Ranges []PortRange
	// Endpoints are named ports, resolved: the same name may be another number on another pod.
	Endpoints []Endpoint
}

// PortRange is inclusive at both ends. Zero to zero is every port of the protocol.
type PortRange struct {
	Protocol    string
	First, Last uint16
}

// Endpoint is one port of one pod.
type Endpoint struct {
	Address  netip.Addr
	Protocol string
	Port     uint16
}
