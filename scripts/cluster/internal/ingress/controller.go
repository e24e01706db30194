package ingress

import (
	"fmt"
	"net/http"
	"sync/atomic"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// Controller watches the cluster and routes requests by what it sees.
type Controller struct {
	class     string
	table     atomic.Pointer[Table]
	ingresses networkinglisters.IngressLister
	services  corelisters.ServiceLister
	slices    discoverylisters.EndpointSliceLister
	factory   informers.SharedInformerFactory
}

// NewController prepares a controller for one ingress class; Start begins to watch.
func NewController(client kubernetes.Interface, class string) (*Controller, error) {
	factory := informers.NewSharedInformerFactory(client, 0)
	c := &Controller{
		class:     class,
		ingresses: factory.Networking().V1().Ingresses().Lister(),
		services:  factory.Core().V1().Services().Lister(),
		slices:    factory.Discovery().V1().EndpointSlices().Lister(),
		factory:   factory,
	}
	c.table.Store(&Table{})
	_, err := factory.Networking().V1().Ingresses().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { c.rebuild() },
		UpdateFunc: func(any, any) { c.rebuild() },
		DeleteFunc: func(any) { c.rebuild() },
	})
	return c, err
}

// Start returns when everything was listed once.
func (c *Controller) Start(stop <-chan struct{}) error {
	c.factory.Start(stop)
	for kind, synced := range c.factory.WaitForCacheSync(stop) {
		if !synced {
			return fmt.Errorf("cannot list %s", kind)
		}
	}
	c.rebuild()
	return nil
}

func (c *Controller) rebuild() {
	ingresses, err := c.ingresses.List(labels.Everything())
	if err != nil {
		klog.ErrorS(err, "routes not renewed")
		return
	}
	table := NewTable(c.class, ingresses)
	c.table.Store(&table)
}

// Route implements Router.
func (c *Controller) Route(host, path string) ([]string, error) {
	backend, found := c.table.Load().Find(host, path)
	if !found {
		return nil, &Problem{http.StatusNotFound, fmt.Sprintf("no application answers to %q here", host+path)}
	}
	service, err := c.services.Services(backend.Namespace).Get(backend.Service)
	if err != nil {
		return nil, &Problem{http.StatusServiceUnavailable, fmt.Sprintf("the service %q of this application does not exist", backend.Service)}
	}
	endpointSlices, err := c.slices.EndpointSlices(backend.Namespace).
		List(labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: backend.Service}))
	if err != nil {
		return nil, err
	}
	addresses, err := Endpoints(backend, service, endpointSlices)
	if err != nil {
		return nil, &Problem{http.StatusServiceUnavailable, err.Error()}
	}
	if len(addresses) == 0 {
		return nil, &Problem{http.StatusServiceUnavailable, fmt.Sprintf("no pod of service %q is ready yet", backend.Service)}
	}
	return addresses, nil
}
