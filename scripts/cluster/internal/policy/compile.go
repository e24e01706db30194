package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Compile translates the policies of a cluster.
func Compile(input Input) RuleSet {
	pods := slices.Clone(input.Pods)
	slices.SortFunc(pods, func(a, b Pod) int { return a.Address.Compare(b.Address) })
	policies := slices.Clone(input.Policies)
	slices.SortFunc(policies, func(a, b *networkingv1.NetworkPolicy) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})

	c := compiler{namespaces: input.Namespaces, pods: pods, guards: make(map[netip.Addr]*PodRules)}
	var set RuleSet
	for _, pod := range pods {
		c.guards[pod.Address] = &PodRules{Address: pod.Address, Name: pod.Namespace + "/" + pod.Name}
		if slices.Contains(input.SystemNamespaces, pod.Namespace) {
			set.System = append(set.System, pod.Address)
		}
	}
	for _, policy := range policies {
		set.Chains = append(set.Chains, c.policy(policy)...)
	}
	for _, pod := range pods {
		set.Pods = append(set.Pods, *c.guards[pod.Address])
	}
	return set
}

type compiler struct {
	namespaces map[string]map[string]string
	pods       []Pod
	guards     map[netip.Addr]*PodRules
}

// policy makes the chains of one policy and puts them in front of the pods it selects.
func (c *compiler) policy(policy *networkingv1.NetworkPolicy) []Chain {
	selector := selectorOf(&policy.Spec.PodSelector)
	selected := c.matching(func(pod Pod) bool {
		return pod.Namespace == policy.Namespace && selector.Matches(labels.Set(pod.Labels))
	})
	if len(selected) == 0 {
		return nil
	}
	var chains []Chain
	for _, direction := range directions(policy) {
		chain := Chain{
			ID:        chainID(policy, direction),
			Direction: direction,
			Policy:    policy.Namespace + "/" + policy.Name,
			Rules:     c.rules(policy, direction, selected),
		}
		for _, pod := range selected {
			guard := &c.guards[pod.Address].Ingress
			if direction == Egress {
				guard = &c.guards[pod.Address].Egress
			}
			guard.Selected = true
			guard.Chains = append(guard.Chains, chain.ID)
		}
		chains = append(chains, chain)
	}
	return chains
}

func (c *compiler) rules(policy *networkingv1.NetworkPolicy, direction Direction, selected []Pod) []Rule {
	var rules []Rule
	add := func(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) {
		compiled, peerPods := c.peers(policy.Namespace, peers)
		// A named port belongs to the destination: the selected pods for ingress, the peers for egress.
		destinations := selected
		if direction == Egress {
			destinations = peerPods
		}
		rules = append(rules, Rule{Peers: compiled, Ports: compilePorts(ports, destinations)})
	}
	if direction == Ingress {
		for _, rule := range policy.Spec.Ingress {
			add(rule.From, rule.Ports)
		}
		return rules
	}
	for _, rule := range policy.Spec.Egress {
		add(rule.To, rule.Ports)
	}
	return rules
}

// peers compiles the other side of a rule; it also returns the pods among them. No peers at all means everybody.
func (c *compiler) peers(namespace string, peers []networkingv1.NetworkPolicyPeer) (Peers, []Pod) {
	if len(peers) == 0 {
		return Peers{Any: true}, c.pods
	}
	var compiled Peers
	var selectors []func(Pod) bool
	for _, peer := range peers {
		if peer.IPBlock == nil {
			selectors = append(selectors, c.peerSelector(namespace, peer))
		} else if block, ok := compileBlock(peer.IPBlock); ok {
			compiled.Blocks = append(compiled.Blocks, block)
		}
	}
	var pods []Pod
	for _, pod := range c.pods {
		selected := slices.ContainsFunc(selectors, func(matches func(Pod) bool) bool { return matches(pod) })
		if selected {
			compiled.Pods = append(compiled.Pods, pod.Address)
		}
		if selected || slices.ContainsFunc(compiled.Blocks, func(b Block) bool { return b.Contains(pod.Address) }) {
			pods = append(pods, pod)
		}
	}
	return compiled, pods
}

// peerSelector: a pod selector alone looks in the policy's own namespace; a namespace selector alone takes all pods.
func (c *compiler) peerSelector(namespace string, peer networkingv1.NetworkPolicyPeer) func(Pod) bool {
	podSelector := labels.Everything()
	if peer.PodSelector != nil {
		podSelector = selectorOf(peer.PodSelector)
	}
	if peer.NamespaceSelector == nil {
		return func(pod Pod) bool {
			return pod.Namespace == namespace && podSelector.Matches(labels.Set(pod.Labels))
		}
	}
	namespaceSelector := selectorOf(peer.NamespaceSelector)
	return func(pod Pod) bool {
		namespaceLabels, known := c.namespaces[pod.Namespace]
		return known && namespaceSelector.Matches(labels.Set(namespaceLabels)) &&
			podSelector.Matches(labels.Set(pod.Labels))
	}
}

func (c *compiler) matching(matches func(Pod) bool) []Pod {
	var pods []Pod
	for _, pod := range c.pods {
		if matches(pod) {
			pods = append(pods, pod)
		}
	}
	return pods
}

// Contains says whether the address lies in the range and in none of its holes.
func (b Block) Contains(address netip.Addr) bool {
	return b.CIDR.Contains(address) &&
		!slices.ContainsFunc(b.Except, func(hole netip.Prefix) bool { return hole.Contains(address) })
}

// compileBlock leaves out what cannot match: the pod network is IPv4.
func compileBlock(block *networkingv1.IPBlock) (Block, bool) {
	cidr, err := netip.ParsePrefix(block.CIDR)
	if err != nil || !cidr.Addr().Is4() {
		return Block{}, false
	}
	compiled := Block{CIDR: cidr.Masked()}
	for _, text := range block.Except {
		hole, err := netip.ParsePrefix(text)
		if err != nil || !hole.Addr().Is4() {
			// A hole that cannot be read must not become an opening: the whole block closes.
			return Block{}, false
		}
		compiled.Except = append(compiled.Except, hole.Masked())
	}
	return compiled, true
}

func compilePorts(ports []networkingv1.NetworkPolicyPort, destinations []Pod) Ports {
	if len(ports) == 0 {
		return Ports{Any: true}
	}
	var compiled Ports
	for _, port := range ports {
		protocol := corev1.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		switch {
		case port.Port == nil:
			compiled.Ranges = append(compiled.Ranges, PortRange{Protocol: protocolName(protocol)})
		case port.Port.Type == intstr.String:
			compiled.Endpoints = append(compiled.Endpoints, resolve(port.Port.StrVal, protocol, destinations)...)
		default:
			first := port.Port.IntVal
			last := first
			if port.EndPort != nil {
				last = *port.EndPort
			}
			if first < 1 || last > 65535 || last < first {
				continue
			}
			compiled.Ranges = append(compiled.Ranges, PortRange{protocolName(protocol), uint16(first), uint16(last)})
		}
	}
	return compiled
}

func resolve(name string, protocol corev1.Protocol, pods []Pod) []Endpoint {
	var endpoints []Endpoint
	for _, pod := range pods {
		for _, port := range pod.Ports {
			if port.Name == name && port.Protocol == protocol {
				endpoints = append(endpoints, Endpoint{pod.Address, protocolName(protocol), port.Port})
			}
		}
	}
	return endpoints
}

// directions follows the API's default: ingress always, egress when there are egress rules.
func directions(policy *networkingv1.NetworkPolicy) []Direction {
	var found []Direction
	for _, kind := range policy.Spec.PolicyTypes {
		switch kind {
		case networkingv1.PolicyTypeIngress:
			found = append(found, Ingress)
		case networkingv1.PolicyTypeEgress:
			found = append(found, Egress)
		}
	}
	if len(policy.Spec.PolicyTypes) == 0 {
		found = append(found, Ingress)
		if len(policy.Spec.Egress) > 0 {
			found = append(found, Egress)
		}
	}
	return found
}

// selectorOf never widens: a selector that cannot be read selects nothing.
func selectorOf(selector *metav1.LabelSelector) labels.Selector {
	compiled, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return labels.Nothing()
	}
	return compiled
}

// chainID is short and safe as a chain's name, whatever the policy is called.
func chainID(policy *networkingv1.NetworkPolicy, direction Direction) string {
	sum := sha256.Sum256([]byte(policy.Namespace + "/" + policy.Name))
	return "policy-" + string(direction) + "-" + hex.EncodeToString(sum[:8])
}

func protocolName(protocol corev1.Protocol) string { return strings.ToLower(string(protocol)) }
