package enforcer

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"perigee.cloud/cluster/internal/podnet"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corelisters "k8s.io/client-go/listers/core/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/knftables"
)

// stand is an enforcer whose listers a test fills by hand.
type stand struct {
	*Enforcer
	podIndex cache.Indexer
	nft      *knftables.Fake
}

func newStand(t *testing.T) stand {
	t.Helper()
	index := func() cache.Indexer {
		return cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	}
	pods, namespaces, policies := index(), index(), index()
	if err := namespaces.Add(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ns"}}); err != nil {
		t.Fatal(err)
	}
	fake := knftables.NewFake(knftables.InetFamily, "test")
	return stand{
		Enforcer: &Enforcer{
			settings:   settings,
			records:    podnet.Directory(t.TempDir()),
			nft:        fake,
			pods:       corelisters.NewPodLister(pods),
			namespaces: corelisters.NewNamespaceLister(namespaces),
			policies:   networkinglisters.NewNetworkPolicyLister(policies),
		},
		podIndex: pods,
		nft:      fake,
	}
}

func (s stand) addPod(t *testing.T, name, uid string) {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID("uid-" + uid)},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Ports: []corev1.ContainerPort{
			{Name: "http", ContainerPort: 80, Protocol: corev1.ProtocolTCP}, {ContainerPort: 81, Protocol: corev1.ProtocolTCP},
		}}}},
	}
	if err := s.podIndex.Add(pod); err != nil {
		t.Fatal(err)
	}
}

func (s stand) announce(t *testing.T, sandbox, name, uid, address string) {
	t.Helper()
	record := podnet.Record{Namespace: "ns", Name: name, UID: "uid-" + uid, Address: netip.MustParseAddr(address)}
	if err := s.records.Announce(sandbox, record); err != nil {
		t.Fatal(err)
	}
}

func (s stand) knows(t *testing.T, address string) bool {
	t.Helper()
	elements, err := s.nft.ListElements(context.Background(), "map", egressMap)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(elements, func(element *knftables.Element) bool { return element.Key[0] == address })
}

func (s stand) mustPass(t *testing.T) {
	t.Helper()
	if err := s.pass(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestAnnouncedPodIsConfirmedWhenItsRulesAreInPlace(t *testing.T) {
	s := newStand(t)
	s.addPod(t, "web", "1")
	s.announce(t, "sandbox", "web", "1", "10.244.0.5")
	s.mustPass(t)
	if !s.knows(t, "10.244.0.5") {
		t.Error("no rules")
	}
	if err := s.records.Await("sandbox", 0); err != nil {
		t.Error(err)
	}
}

func TestPodThatTheApiDoesNotKnowWaits(t *testing.T) {
	s := newStand(t)
	s.addPod(t, "web", "old")
	s.announce(t, "sandbox", "web", "new", "10.244.0.5")
	s.mustPass(t)
	if s.knows(t, "10.244.0.5") || s.records.Await("sandbox", time.Millisecond) == nil {
		t.Fatal("confirmed under the name of another pod")
	}
	s.addPod(t, "web", "new")
	s.mustPass(t)
	if !s.knows(t, "10.244.0.5") {
		t.Fatal("not known after the API learned of it")
	}
}

func TestWithdrawnPodIsClosedAgain(t *testing.T) {
	s := newStand(t)
	s.addPod(t, "web", "1")
	s.announce(t, "sandbox", "web", "1", "10.244.0.5")
	s.mustPass(t)
	if err := s.records.Withdraw("sandbox"); err != nil {
		t.Fatal(err)
	}
	s.mustPass(t)
	if s.knows(t, "10.244.0.5") {
		t.Fatal("the address is still open")
	}
}

func TestAddressOfTwoPodsStaysClosed(t *testing.T) {
	s := newStand(t)
	s.addPod(t, "one", "1")
	s.addPod(t, "two", "2")
	s.announce(t, "first", "one", "1", "10.244.0.5")
	s.announce(t, "second", "two", "2", "10.244.0.5")
	s.mustPass(t)
	if s.knows(t, "10.244.0.5") {
		t.Fatal("nobody knows whose rules apply")
	}
}

func TestOnlyNamedPortsCanBeCalledByName(t *testing.T) {
	s := newStand(t)
	s.addPod(t, "web", "1")
	pod, err := s.pods.Pods("ns").Get("web")
	if err != nil {
		t.Fatal(err)
	}
	if ports := namedPorts(pod); len(ports) != 1 || ports[0].Name != "http" || ports[0].Port != 80 {
		t.Fatalf("got %v", ports)
	}
}
