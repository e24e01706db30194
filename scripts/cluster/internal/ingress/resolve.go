package ingress

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Endpoints lists the addresses ("ip:port") of a backend's ready pods, sorted.
func Endpoints(backend Backend, service *corev1.Service, slicesOfService []*discoveryv1.EndpointSlice) ([]string, error) {
	index := slices.IndexFunc(service.Spec.Ports, func(port corev1.ServicePort) bool {
		if backend.PortName != "" {
			return port.Name == backend.PortName
		}
		return port.Port == backend.PortNumber
	})
	if index < 0 {
		return nil, fmt.Errorf("service %s/%s has no port %s", backend.Namespace, backend.Service, backend.port())
	}
	var addresses []string
	for _, slice := range slicesOfService {
		addresses = append(addresses, readyAddresses(slice, service.Spec.Ports[index].Name)...)
	}
	slices.Sort(addresses)
	return slices.Compact(addresses), nil
}

// port is the port as the ingress calls it.
func (b Backend) port() string {
	if b.PortName != "" {
		return strconv.Quote(b.PortName)
	}
	return strconv.Itoa(int(b.PortNumber))
}

// readyAddresses: slices name ports as the service does, and hold the numbers of the pods.
func readyAddresses(slice *discoveryv1.EndpointSlice, portName string) []string {
	var addresses []string
	for _, port := range slice.Ports {
		if port.Port == nil || (port.Name != nil && *port.Name != portName) {
			continue
		}
		for _, endpoint := range slice.Endpoints {
			if endpoint.Conditions.Ready != nil && !*endpoint.Conditions.Ready {
				continue
			}
			for _, text := range endpoint.Addresses {
				if address, err := netip.ParseAddr(text); err == nil {
					addresses = append(addresses, netip.AddrPortFrom(address, uint16(*port.Port)).String())
				}
			}
		}
	}
	return addresses
}
