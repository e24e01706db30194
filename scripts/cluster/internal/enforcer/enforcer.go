// Package enforcer keeps the kernel's packet rules equal to the cluster's network policies.
package enforcer

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"perigee.cloud/cluster/internal/podnet"
	"perigee.cloud/cluster/internal/policy"

	"github.com/fsnotify/fsnotify"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"sigs.k8s.io/knftables"
)

// retryInterval is also how long a missed file notification can delay a pod.
const retryInterval = time.Second

// Enforcer is level-triggered: any event makes it compare the whole wanted state with what it last applied.
type Enforcer struct {
	settings         Settings
	systemNamespaces []string
	records          podnet.Directory
	nft              knftables.Interface

	pods       corelisters.PodLister
	namespaces corelisters.NamespaceLister
	policies   networkinglisters.NetworkPolicyLister
	factory    informers.SharedInformerFactory
	changed    chan struct{}

	applied   *policy.RuleSet
	confirmed map[string]bool
}

// New prepares an enforcer; Run starts it.
func New(client kubernetes.Interface, nft knftables.Interface, settings Settings, systemNamespaces []string, records podnet.Directory) (*Enforcer, error) {
	factory := informers.NewSharedInformerFactory(client, 0)
	e := &Enforcer{
		settings:         settings,
		systemNamespaces: systemNamespaces,
		records:          records,
		nft:              nft,
		pods:             factory.Core().V1().Pods().Lister(),
		namespaces:       factory.Core().V1().Namespaces().Lister(),
		policies:         factory.Networking().V1().NetworkPolicies().Lister(),
		factory:          factory,
		// One pending notice is enough: a pass looks at everything.
		changed:   make(chan struct{}, 1),
		confirmed: make(map[string]bool),
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { e.notice() },
		UpdateFunc: func(any, any) { e.notice() },
		DeleteFunc: func(any) { e.notice() },
	}
	for _, informer := range []cache.SharedIndexInformer{
		factory.Core().V1().Pods().Informer(),
		factory.Core().V1().Namespaces().Informer(),
		factory.Networking().V1().NetworkPolicies().Informer(),
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (e *Enforcer) notice() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// Run enforces until the context ends. The rules stay: a cluster without its enforcer is closed, not open.
func (e *Enforcer) Run(ctx context.Context) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer watcher.Close()
	if err := watcher.Add(string(e.records)); err != nil {
		return fmt.Errorf("watch %s: %w", e.records, err)
	}
	e.factory.Start(ctx.Done())
	for kind, synced := range e.factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("cannot list %s", kind)
		}
	}
	klog.InfoS("enforcing network policies", "bridge", e.settings.Bridge)

	retry := time.NewTicker(retryInterval)
	defer retry.Stop()
	for {
		if err := e.pass(ctx); err != nil {
			klog.ErrorS(err, "rules not applied, the old ones stay")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.changed:
		case <-watcher.Events:
		case err := <-watcher.Errors:
			klog.ErrorS(err, "watching the pod records")
		case <-retry.C:
		}
	}
}

// pass brings the kernel to the wanted state and confirms the pods whose rules are in place.
func (e *Enforcer) pass(ctx context.Context) error {
	records, err := e.records.All()
	if err != nil {
		return err
	}
	input, covered, err := e.view(records)
	if err != nil {
		return err
	}
	wanted := policy.Compile(input)
	if e.applied == nil || !reflect.DeepEqual(*e.applied, wanted) {
		tx := e.nft.NewTransaction()
		Render(tx, e.settings, wanted)
		if err := e.nft.Run(ctx, tx); err != nil {
			return err
		}
		e.applied = &wanted
		klog.V(2).InfoS("rules applied", "pods", len(wanted.Pods), "chains", len(wanted.Chains))
	}
	return e.confirm(covered)
}

// view joins the announced addresses with the objects of the API.
// A record whose pod is not (or no longer) the one the API knows is left out, so that its address stays closed.
func (e *Enforcer) view(records map[string]podnet.Record) (policy.Input, []string, error) {
	input := policy.Input{Namespaces: make(map[string]map[string]string), SystemNamespaces: e.systemNamespaces}
	namespaces, err := e.namespaces.List(labels.Everything())
	if err != nil {
		return input, nil, err
	}
	for _, namespace := range namespaces {
		input.Namespaces[namespace.Name] = namespace.Labels
	}
	if input.Policies, err = e.policies.List(labels.Everything()); err != nil {
		return input, nil, err
	}
	var covered []string
	owners := owners(records)
	for sandbox, record := range records {
		pod, err := e.pods.Pods(record.Namespace).Get(record.Name)
		if err != nil || string(pod.UID) != record.UID {
			continue
		}
		if owners[record.Address] > 1 {
			klog.InfoS("address announced twice, it stays closed", "address", record.Address, "pod", klog.KObj(pod))
			continue
		}
		covered = append(covered, sandbox)
		input.Pods = append(input.Pods, policy.Pod{
			Namespace: pod.Namespace,
			Name:      pod.Name,
			Labels:    pod.Labels,
			Address:   record.Address,
			Ports:     namedPorts(pod),
		})
	}
	return input, covered, nil
}

// owners counts the records of each address. More than one means that a removed sandbox was never withdrawn.
func owners(records map[string]podnet.Record) map[netip.Addr]int {
	count := make(map[netip.Addr]int, len(records))
	for _, record := range records {
		count[record.Address]++
	}
	return count
}

func namedPorts(pod *corev1.Pod) []policy.NamedPort {
	var ports []policy.NamedPort
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name != "" {
				ports = append(ports, policy.NamedPort{Name: port.Name, Protocol: port.Protocol, Port: uint16(port.ContainerPort)})
			}
		}
	}
	return ports
}

// confirm answers each waiting plugin once, and forgets the sandboxes that are gone.
func (e *Enforcer) confirm(covered []string) error {
	confirmed := make(map[string]bool, len(covered))
	for _, sandbox := range covered {
		if !e.confirmed[sandbox] {
			if err := e.records.Confirm(sandbox); err != nil {
				return err
			}
		}
		confirmed[sandbox] = true
	}
	e.confirmed = confirmed
	return nil
}
