package enforcer

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"perigee.cloud/cluster/internal/policy"
	"sigs.k8s.io/knftables"
)

// Settings are the facts about the node that rules need.
type Settings struct {
	// Bridge is the interface that every pod hangs on.
	Bridge string
	// PodCIDR and ServiceCIDR are the cluster's two address ranges.
	PodCIDR, ServiceCIDR netip.Prefix
	// APIServer is the only place on the node that pods may reach, and only system pods.
	APIServer netip.AddrPort
	// AllowIPv6 stops the dropping of IPv6 on the bridge, which no rule here looks into.
	AllowIPv6 bool
}

const (
	// Names must not be words of nft's language.
	inputChain   = "to-node"
	egressChain  = "from-pods"
	ingressChain = "to-pods"
	natChain     = "from-pods-to-world"
	systemSet    = "system-pods"
	egressMap    = "egress-of-pods"
	ingressMap   = "ingress-of-pods"
	podRejected  = "drop"
)

// Render replaces the whole table in one transaction: the kernel sees the old rules or the new ones, nothing between.
func Render(tx *knftables.Transaction, settings Settings, set policy.RuleSet) {
	tx.Add(&knftables.Table{})
	tx.Delete(&knftables.Table{})
	tx.Add(&knftables.Table{Comment: knftables.PtrTo("network policies of the perigee test cluster")})

	r := renderer{tx: tx, settings: settings}
	for _, chain := range set.Chains {
		r.policyChain(chain)
	}
	r.sets(set)
	r.input()
	r.egress()
	r.ingress()
	r.masquerade()
}

type renderer struct {
	tx       *knftables.Transaction
	settings Settings
}

func (r renderer) rule(chain string, parts ...string) {
	r.tx.Add(&knftables.Rule{Chain: chain, Rule: strings.Join(parts, " ")})
}

func (r renderer) baseChain(name string, kind knftables.BaseChainType, hook knftables.BaseChainHook, priority knftables.BaseChainPriority) {
	r.tx.Add(&knftables.Chain{Name: name, Type: &kind, Hook: &hook, Priority: &priority})
}

// sets fills the dispatch tables: pods without a policy pass, the others go through their guard.
func (r renderer) sets(set policy.RuleSet) {
	r.tx.Add(&knftables.Set{Name: systemSet, Type: "ipv4_addr"})
	for _, address := range set.System {
		r.tx.Add(&knftables.Element{Set: systemSet, Key: []string{address.String()}})
	}
	r.tx.Add(&knftables.Map{Name: egressMap, Type: "ipv4_addr : verdict"})
	r.tx.Add(&knftables.Map{Name: ingressMap, Type: "ipv4_addr : verdict"})
	for _, pod := range set.Pods {
		r.guard(egressMap, "egress-"+pod.Address.String(), pod, pod.Egress)
		r.guard(ingressMap, "ingress-"+pod.Address.String(), pod, pod.Ingress)
	}
}

func (r renderer) guard(dispatch, chain string, pod policy.PodRules, guard policy.Guard) {
	verdict := "accept"
	if guard.Selected {
		r.tx.Add(&knftables.Chain{Name: chain, Comment: comment(pod.Name)})
		for _, id := range guard.Chains {
			r.rule(chain, "jump", id)
		}
		r.rule(chain, podRejected)
		verdict = "goto " + chain
	}
	r.tx.Add(&knftables.Element{Map: dispatch, Key: []string{pod.Address.String()}, Value: []string{verdict}})
}

// input guards the node itself: pods reach nothing there, except system pods the API server.
func (r renderer) input() {
	r.baseChain(inputChain, knftables.FilterType, knftables.InputHook, "filter-10")
	r.rule(inputChain, "iifname !=", quote(r.settings.Bridge), "accept")
	r.dropIPv6(inputChain)
	r.rule(inputChain, "ct state established,related accept")
	server := r.settings.APIServer
	r.rule(inputChain, "ip saddr @"+systemSet, "ip daddr", server.Addr().String(), "tcp dport", strconv.Itoa(int(server.Port())), "accept")
	r.rule(inputChain, podRejected)
}

// egress looks at what pods send. An address that nobody announced is dropped, whether new or forged.
func (r renderer) egress() {
	r.baseChain(egressChain, knftables.FilterType, knftables.ForwardHook, "filter-11")
	r.rule(egressChain, "iifname !=", quote(r.settings.Bridge), "accept")
	r.dropIPv6(egressChain)
	r.rule(egressChain, "ct state established,related accept")
	r.rule(egressChain, "ip saddr vmap @"+egressMap)
	r.rule(egressChain, podRejected)
}

// ingress looks at what pods receive from elsewhere than the node (which sends through the output hook).
func (r renderer) ingress() {
	r.baseChain(ingressChain, knftables.FilterType, knftables.ForwardHook, "filter-10")
	r.rule(ingressChain, "oifname !=", quote(r.settings.Bridge), "accept")
	r.dropIPv6(ingressChain)
	r.rule(ingressChain, "ct state established,related accept")
	r.rule(ingressChain, "ip daddr vmap @"+ingressMap)
	r.rule(ingressChain, podRejected)
}

// masquerade lets pods speak to the world with the node's address. It comes after the rules above: they see pods.
func (r renderer) masquerade() {
	r.baseChain(natChain, knftables.NATType, knftables.PostroutingHook, "srcnat")
	r.rule(natChain, "ip saddr", r.settings.PodCIDR.String(),
		"ip daddr != {", r.settings.PodCIDR.String(), ",", r.settings.ServiceCIDR.String(), "} masquerade")
}

func (r renderer) dropIPv6(chain string) {
	if !r.settings.AllowIPv6 {
		r.rule(chain, "meta nfproto ipv6", podRejected)
		return
	}
	r.rule(chain, "meta nfproto ipv6 accept")
}

// policyChain accepts what one policy allows in one direction, and returns for the rest.
func (r renderer) policyChain(chain policy.Chain) {
	r.tx.Add(&knftables.Chain{Name: chain.ID, Comment: comment(chain.Policy)})
	side := "saddr"
	if chain.Direction == policy.Egress {
		side = "daddr"
	}
	for _, rule := range chain.Rules {
		for _, peer := range peerMatches(side, rule.Peers) {
			for _, port := range portMatches(rule.Ports) {
				r.rule(chain.ID, strings.Join(strings.Fields(peer+" "+port+" accept"), " "))
			}
		}
	}
}

// peerMatches are alternatives; none means that nobody matches, the empty one matches everybody.
func peerMatches(side string, peers policy.Peers) []string {
	if peers.Any {
		return []string{""}
	}
	var matches []string
	if len(peers.Pods) > 0 {
		matches = append(matches, fmt.Sprintf("ip %s { %s }", side, join(peers.Pods)))
	}
	for _, block := range peers.Blocks {
		match := fmt.Sprintf("ip %s %s", side, block.CIDR)
		if len(block.Except) > 0 {
			match += fmt.Sprintf(" ip %s != { %s }", side, join(disjoint(block.Except)))
		}
		matches = append(matches, match)
	}
	return matches
}

// disjoint leaves out prefixes that lie in another one: the kernel refuses overlapping intervals in a set.
func disjoint(prefixes []netip.Prefix) []netip.Prefix {
	sorted := slices.Clone(prefixes)
	slices.SortFunc(sorted, func(a, b netip.Prefix) int { return a.Bits() - b.Bits() })
	var kept []netip.Prefix
	for _, prefix := range sorted {
		if !slices.ContainsFunc(kept, func(wider netip.Prefix) bool { return wider.Contains(prefix.Addr()) }) {
			kept = append(kept, prefix)
		}
	}
	return kept
}

func portMatches(ports policy.Ports) []string {
	if ports.Any {
		return []string{""}
	}
	var matches []string
	for _, span := range ports.Ranges {
		switch span.First {
		case 0:
			matches = append(matches, "meta l4proto "+span.Protocol)
		case span.Last:
			matches = append(matches, fmt.Sprintf("%s dport %d", span.Protocol, span.First))
		default:
			matches = append(matches, fmt.Sprintf("%s dport %d-%d", span.Protocol, span.First, span.Last))
		}
	}
	for _, endpoint := range ports.Endpoints {
		matches = append(matches, fmt.Sprintf("ip daddr %s %s dport %d", endpoint.Address, endpoint.Protocol, endpoint.Port))
	}
	return matches
}

func join[T fmt.Stringer](items []T) string {
	texts := make([]string, 0, len(items))
	for _, item := range items {
		texts = append(texts, item.String())
	}
	return strings.Join(texts, ", ")
}

func quote(name string) string { return `"` + name + `"` }

// comment fits the kernel's limit of 128 characters; object names are made of harmless ones.
func comment(text string) *string {
	text = text[:min(len(text), 120)]
	return &text
}
