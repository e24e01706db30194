package enforcer

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"perigee.cloud/cluster/internal/policy"
	"sigs.k8s.io/knftables"
)

var settings = Settings{
	Bridge:      "br0",
	PodCIDR:     netip.MustParsePrefix("10.244.0.0/16"),
	ServiceCIDR: netip.MustParsePrefix("10.96.0.0/16"),
	APIServer:   netip.MustParseAddrPort("10.244.0.1:6443"),
}

func render(t *testing.T, settings Settings, set policy.RuleSet) string {
	t.Helper()
	fake := knftables.NewFake(knftables.InetFamily, "test")
	// Twice: the second pass must replace what the first one left.
	for range 2 {
		tx := fake.NewTransaction()
		Render(tx, settings, set)
		if err := fake.Run(context.Background(), tx); err != nil {
			t.Fatal(err)
		}
	}
	return fake.Dump()
}

func expectLines(t *testing.T, dump string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(dump, line+"\n") {
			t.Errorf("missing: %s", line)
		}
	}
	if t.Failed() {
		t.Log(dump)
	}
}

func TestUnknownAddressesAreDroppedInBothDirections(t *testing.T) {
	dump := render(t, settings, policy.RuleSet{})
	for _, direction := range []string{"from-pods", "to-pods"} {
		index := strings.Index(dump, "add rule inet test "+direction+" ip ")
		if index < 0 || !strings.Contains(dump[index:], "add rule inet test "+direction+" drop") {
			t.Errorf("%s is open after its map\n%s", direction, dump)
		}
	}
}

func TestNodeIsClosedExceptTheApiServerForSystemPods(t *testing.T) {
	dump := render(t, settings, policy.RuleSet{System: []netip.Addr{netip.MustParseAddr("10.244.0.30")}})
	expectLines(t, dump,
		"add rule inet test to-node ip saddr @system-pods ip daddr 10.244.0.1 tcp dport 6443 accept",
		"add rule inet test to-node drop",
		"add element inet test system-pods { 10.244.0.30 }")
}

func TestIPv6IsDroppedOnEveryHookUnlessAllowed(t *testing.T) {
	dump := render(t, settings, policy.RuleSet{})
	for _, chain := range []string{"to-node", "from-pods", "to-pods"} {
		expectLines(t, dump, "add rule inet test "+chain+" meta nfproto ipv6 drop")
	}
	allowed := settings
	allowed.AllowIPv6 = true
	if strings.Contains(render(t, allowed, policy.RuleSet{}), "ipv6 drop") {
		t.Error("IPv6 is dropped although allowed")
	}
}

func TestSelectedPodGoesThroughItsPoliciesAndThenDrops(t *testing.T) {
	address := netip.MustParseAddr("10.244.0.10")
	dump := render(t, settings, policy.RuleSet{
		Pods: []policy.PodRules{{
			Address: address, Name: "a/web", Ingress: policy.Guard{Selected: true, Chains: []string{"policy-ingress-1"}},
		}},
		Chains: []policy.Chain{{
			ID: "policy-ingress-1", Direction: policy.Ingress, Policy: "a/p",
			Rules: []policy.Rule{
				{
					Peers: policy.Peers{
						Pods: []netip.Addr{netip.MustParseAddr("10.244.0.11"), netip.MustParseAddr("10.244.0.12")},
						Blocks: []policy.Block{{
							CIDR: netip.MustParsePrefix("192.0.2.0/24"),
							Except: []netip.Prefix{
								netip.MustParsePrefix("192.0.2.8/30"), netip.MustParsePrefix("192.0.2.0/28"), netip.MustParsePrefix("192.0.2.64/28"),
							},
						}},
					},
					Ports: policy.Ports{
						Ranges:    []policy.PortRange{{Protocol: "tcp", First: 80, Last: 80}, {Protocol: "udp", First: 1, Last: 9}, {Protocol: "sctp"}},
						Endpoints: []policy.Endpoint{{Address: address, Protocol: "tcp", Port: 8080}},
					},
				},
				{Peers: policy.Peers{Any: true}, Ports: policy.Ports{Any: true}},
			},
		}},
	})
	expectLines(t, dump,
		"add element inet test ingress-of-pods { 10.244.0.10 : goto ingress-10.244.0.10 }",
		"add element inet test egress-of-pods { 10.244.0.10 : accept }",
		"add rule inet test ingress-10.244.0.10 jump policy-ingress-1",
		"add rule inet test ingress-10.244.0.10 drop",
		"add rule inet test policy-ingress-1 ip saddr { 10.244.0.11, 10.244.0.12 } tcp dport 80 accept",
		"add rule inet test policy-ingress-1 ip saddr { 10.244.0.11, 10.244.0.12 } udp dport 1-9 accept",
		"add rule inet test policy-ingress-1 ip saddr { 10.244.0.11, 10.244.0.12 } meta l4proto sctp accept",
		"add rule inet test policy-ingress-1 ip saddr { 10.244.0.11, 10.244.0.12 } ip daddr 10.244.0.10 tcp dport 8080 accept",
		"add rule inet test policy-ingress-1 ip saddr 192.0.2.0/24 ip saddr != { 192.0.2.0/28, 192.0.2.64/28 } tcp dport 80 accept",
		"add rule inet test policy-ingress-1 accept")
}

func TestRuleThatMatchesNobodyOpensNothing(t *testing.T) {
	dump := render(t, settings, policy.RuleSet{Chains: []policy.Chain{{
		ID: "policy-egress-1", Direction: policy.Egress,
		Rules: []policy.Rule{
			{Ports: policy.Ports{Any: true}},
			{Peers: policy.Peers{Any: true}},
		},
	}}})
	if strings.Contains(dump, "policy-egress-1 accept") {
		t.Fatal(dump)
	}
}
