package policy

import (
	"net/netip"
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// The cluster of these tests: two tenants, a system namespace and the world outside.
const (
	web     = "10.244.0.10" // tenant a, app=web, port "http" = 8080
	other   = "10.244.0.11" // tenant a, app=db, port "http" = 9090
	foreign = "10.244.0.20" // tenant b, app=web
	dns     = "10.244.0.30" // kube-system, k8s-app=kube-dns
	world   = "93.184.216.34"
)

func pod(namespace, name, address string, labels map[string]string, ports ...NamedPort) Pod {
	return Pod{Namespace: namespace, Name: name, Labels: labels, Address: netip.MustParseAddr(address), Ports: ports}
}

func cluster(t *testing.T, policies ...string) Input {
	t.Helper()
	input := Input{
		Namespaces: map[string]map[string]string{
			"a":           {"tenant": "a"},
			"b":           {"tenant": "b"},
			"kube-system": {"kubernetes.io/metadata.name": "kube-system"},
		},
		Pods: []Pod{
			pod("kube-system", "dns", dns, map[string]string{"k8s-app": "kube-dns"}),
			pod("a", "web", web, map[string]string{"app": "web"}, NamedPort{"http", corev1.ProtocolTCP, 8080}),
			pod("a", "db", other, map[string]string{"app": "db"}, NamedPort{"http", corev1.ProtocolTCP, 9090}),
			pod("b", "web", foreign, map[string]string{"app": "web"}),
		},
		SystemNamespaces: []string{"kube-system"},
	}
	for _, text := range policies {
		policy := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "policy"}}
		if err := yaml.UnmarshalStrict([]byte(text), &policy.Spec); err != nil {
			t.Fatal(err)
		}
		policy.Name += string(rune('0' + len(input.Policies)))
		input.Policies = append(input.Policies, policy)
	}
	return input
}

// allows reads a rule set as the kernel does: both directions must agree.
func (set RuleSet) allows(from, to, protocol string, port uint16) bool {
	source, destination := netip.MustParseAddr(from), netip.MustParseAddr(to)
	passes := func(direction Direction, guarded, peer netip.Addr) bool {
		index := slices.IndexFunc(set.Pods, func(pod PodRules) bool { return pod.Address == guarded })
		if index < 0 {
			return true // not a pod: only the pods' own sides are guarded
		}
		guard := set.Pods[index].Ingress
		if direction == Egress {
			guard = set.Pods[index].Egress
		}
		return !guard.Selected || slices.ContainsFunc(guard.Chains, func(id string) bool {
			chain := set.Chains[slices.IndexFunc(set.Chains, func(c Chain) bool { return c.ID == id })]
			return slices.ContainsFunc(chain.Rules, func(rule Rule) bool {
				return rule.Peers.match(peer) && rule.Ports.match(destination, protocol, port)
			})
		})
	}
	return passes(Egress, source, destination) && passes(Ingress, destination, source)
}

func (p Peers) match(address netip.Addr) bool {
	return p.Any || slices.Contains(p.Pods, address) ||
		slices.ContainsFunc(p.Blocks, func(block Block) bool { return block.Contains(address) })
}

func (p Ports) match(destination netip.Addr, protocol string, port uint16) bool {
	return p.Any || slices.Contains(p.Endpoints, Endpoint{destination, protocol, port}) ||
		slices.ContainsFunc(p.Ranges, func(r PortRange) bool {
			return r.Protocol == protocol && (r.First == 0 || r.First <= port && port <= r.Last)
		})
}

// packet is one expectation.
type packet struct {
	from, to, protocol string
	port               uint16
	allowed            bool
}

func expect(t *testing.T, input Input, packets ...packet) {
	t.Helper()
	set := Compile(input)
	for _, p := range packets {
		if got := set.allows(p.from, p.to, p.protocol, p.port); got != p.allowed {
			t.Errorf("%s -> %s %s/%d: allowed %t, want %t", p.from, p.to, p.protocol, p.port, got, p.allowed)
		}
	}
}

func TestWithoutPoliciesEverythingPasses(t *testing.T) {
	expect(t, cluster(t), packet{foreign, web, "tcp", 80, true}, packet{web, world, "udp", 53, true})
}

func TestDefaultDenyIngressLeavesEgressOpen(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, policyTypes: [Ingress]}`),
		packet{foreign, web, "tcp", 80, false}, packet{other, web, "tcp", 80, false}, packet{world, web, "tcp", 80, false},
		packet{web, world, "tcp", 443, true}, packet{web, foreign, "tcp", 80, true})
}

func TestDefaultDenyEgressLeavesIngressOpen(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, policyTypes: [Egress]}`),
		packet{web, world, "tcp", 443, false}, packet{web, other, "tcp", 80, false}, packet{foreign, web, "tcp", 80, true})
}

func TestPolicyTypesDefaultToIngressAndToEgressWhenItHasRules(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}}`), packet{web, world, "tcp", 443, true}, packet{world, web, "tcp", 80, false})
	expect(t, cluster(t, `{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}`),
		packet{web, world, "tcp", 443, false}, packet{web, "192.0.2.1", "tcp", 443, true}, packet{world, web, "tcp", 80, false})
}

func TestPodSelectorAloneMeansTheSameNamespace(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}`),
		packet{other, web, "tcp", 80, true}, packet{foreign, web, "tcp", 80, false})
}

func TestNamespaceSelectorAloneMeansAllItsPods(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {tenant: b}}}]}]}`),
		packet{foreign, web, "tcp", 80, true}, packet{other, web, "tcp", 80, false})
}

func TestBothSelectorsInOnePeerMustMatch(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, policyTypes: [Egress], egress: [{
			to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}},
			      podSelector: {matchLabels: {k8s-app: kube-dns}}}],
			ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]}]}`),
		packet{web, dns, "udp", 53, true}, packet{web, dns, "tcp", 53, true}, packet{web, dns, "udp", 54, false},
		packet{web, foreign, "udp", 53, false})
}

func TestTwoPeersAreAlternatives(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {matchLabels: {app: web}}, ingress: [{from: [
			{podSelector: {matchLabels: {app: db}}}, {namespaceSelector: {matchLabels: {tenant: b}}}]}]}`),
		packet{other, web, "tcp", 80, true}, packet{foreign, web, "tcp", 80, true}, packet{dns, web, "tcp", 80, false})
}

func TestPolicySelectsOnlyItsPods(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}`),
		packet{foreign, web, "tcp", 80, false}, packet{foreign, other, "tcp", 80, true}, packet{other, foreign, "tcp", 80, true})
}

func TestBlockWithHoles(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0,
			except: [10.0.0.0/8, 169.254.0.0/16]}}]}]}`),
		packet{web, world, "tcp", 443, true}, packet{web, "169.254.169.254", "tcp", 80, false},
		packet{web, other, "tcp", 80, false}, packet{web, "10.1.2.3", "tcp", 80, false})
}

func TestHoleInOneBlockIsFilledByAnother(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, policyTypes: [Egress], egress: [{to: [
			{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}, {ipBlock: {cidr: 10.9.0.0/16}}]}]}`),
		packet{web, "10.9.1.1", "tcp", 443, true}, packet{web, "10.8.1.1", "tcp", 443, false})
}

func TestUnreadableBlockOpensNothing(t *testing.T) {
	for _, block := range []string{"{cidr: nonsense}", "{cidr: '::/0'}", "{cidr: 0.0.0.0/0, except: [nonsense]}"} {
		expect(t, cluster(t, `{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: `+block+`}]}]}`),
			packet{web, world, "tcp", 443, false})
	}
}

func TestPortRangeIsInclusive(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, ingress: [{ports: [{protocol: TCP, port: 8000, endPort: 8010}]}]}`),
		packet{world, web, "tcp", 7999, false}, packet{world, web, "tcp", 8000, true}, packet{world, web, "tcp", 8010, true},
		packet{world, web, "tcp", 8011, false}, packet{world, web, "udp", 8005, false})
}

func TestPortWithoutNumberMeansTheWholeProtocol(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, ingress: [{ports: [{protocol: UDP}]}]}`),
		packet{world, web, "udp", 1, true}, packet{world, web, "tcp", 1, false})
}

func TestProtocolDefaultsToTcp(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, ingress: [{ports: [{port: 80}]}]}`),
		packet{world, web, "tcp", 80, true}, packet{world, web, "udp", 80, false})
}

func TestNamedPortOfIngressIsTheSelectedPods(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, ingress: [{ports: [{port: http}]}]}`),
		packet{world, web, "tcp", 8080, true}, packet{world, web, "tcp", 9090, false},
		packet{world, other, "tcp", 9090, true}, packet{world, other, "tcp", 8080, false})
}

func TestNamedPortOfEgressIsThePeers(t *testing.T) {
	policy := `{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{
			to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: http}]}]}`
	expect(t, cluster(t, policy), packet{web, other, "tcp", 9090, true}, packet{web, other, "tcp", 8080, false})
}

func TestUnknownNamedPortOpensNothing(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, ingress: [{ports: [{port: metrics}]}]}`), packet{world, web, "tcp", 8080, false})
}

func TestPoliciesAddUp(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, policyTypes: [Ingress, Egress]}`, `{podSelector: {}, ingress: [{ports: [{port: 80}]}]}`),
		packet{world, web, "tcp", 80, true}, packet{world, web, "tcp", 81, false}, packet{web, world, "tcp", 80, false})
}

func TestBothSidesMustAgree(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{}]}`,
		`{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}`),
		packet{web, other, "tcp", 80, false}, packet{web, foreign, "tcp", 80, true})
}

func TestEmptyRuleAllowsEverything(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, ingress: [{}]}`), packet{world, web, "udp", 1, true})
}

func TestSelectorsReadExpressions(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {matchExpressions: [{key: app, operator: In, values: [db]}]}}`),
		packet{world, other, "tcp", 80, false}, packet{world, web, "tcp", 80, true})
}

func TestUnreadableSelectorAsPeerOpensNothing(t *testing.T) {
	expect(t, cluster(t, `{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions: [{key: app, operator: Wrong}]}}]}]}`),
		packet{other, web, "tcp", 80, false})
}

func TestOnlySystemPodsMayReachTheApiServer(t *testing.T) {
	if got := Compile(cluster(t)).System; !slices.Equal(got, []netip.Addr{netip.MustParseAddr(dns)}) {
		t.Fatalf("got %v", got)
	}
}

func TestOutputDoesNotDependOnInputOrder(t *testing.T) {
	input := cluster(t, `{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}`, `{podSelector: {}, policyTypes: [Egress]}`)
	want := Compile(input)
	slices.Reverse(input.Pods)
	slices.Reverse(input.Policies)
	if got := Compile(input); !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v\nwant %v", got, want)
	}
}
