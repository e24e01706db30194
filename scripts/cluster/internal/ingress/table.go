// Package ingress is a small ingress controller: it serves the Ingress objects of one class.
package ingress

import (
	"cmp"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// Backend is a port of a service.
type Backend struct {
	Namespace, Service string
	PortName           string
	PortNumber         int32
}

// Table maps requests to backends. It is a value: a change makes a new one.
type Table struct {
	routes   []route
	fallback *Backend
}

type route struct {
	host    string
	path    string
	exact   bool
	backend Backend
}

// NewTable reads the ingresses of a class. The older object wins where two say the same.
func NewTable(class string, ingresses []*networkingv1.Ingress) Table {
	sorted := slices.Clone(ingresses)
	slices.SortFunc(sorted, func(a, b *networkingv1.Ingress) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
			strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	var table Table
	for _, ingress := range sorted {
		if ingress.Spec.IngressClassName == nil || *ingress.Spec.IngressClassName != class {
			continue
		}
		table.add(ingress)
	}
	// The most specific route comes first: named hosts before wildcards, exact paths before prefixes, long before short.
	slices.SortStableFunc(table.routes, func(a, b route) int {
		return cmp.Or(cmp.Compare(hostRank(a.host), hostRank(b.host)), -cmp.Compare(len(a.host), len(b.host)),
			compareExact(a.exact, b.exact), -cmp.Compare(len(a.path), len(b.path)))
	})
	return table
}

func (t *Table) add(ingress *networkingv1.Ingress) {
	if backend, ok := backendOf(ingress.Namespace, ingress.Spec.DefaultBackend); ok && t.fallback == nil {
		t.fallback = &backend
	}
	for _, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for _, path := range rule.HTTP.Paths {
			backend, ok := backendOf(ingress.Namespace, &path.Backend)
			if !ok {
				continue
			}
			t.routes = append(t.routes, route{
				host:    strings.ToLower(rule.Host),
				path:    cmp.Or(path.Path, "/"),
				exact:   path.PathType != nil && *path.PathType == networkingv1.PathTypeExact,
				backend: backend,
			})
		}
	}
}

func backendOf(namespace string, backend *networkingv1.IngressBackend) (Backend, bool) {
	if backend == nil || backend.Service == nil {
		return Backend{}, false
	}
	service := backend.Service
	return Backend{namespace, service.Name, service.Port.Name, service.Port.Number}, true
}

// Find returns the backend for a request's host (without port) and path.
func (t Table) Find(host, path string) (Backend, bool) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, route := range t.routes {
		if route.matches(host, path) {
			return route.backend, true
		}
	}
	if t.fallback != nil {
		return *t.fallback, true
	}
	return Backend{}, false
}

func (r route) matches(host, path string) bool {
	return matchesHost(r.host, host) && matchesPath(r.path, r.exact, path)
}

// matchesHost: a wildcard stands for exactly one label, as the API defines it.
func matchesHost(pattern, host string) bool {
	suffix, wildcard := strings.CutPrefix(pattern, "*.")
	if !wildcard {
		return pattern == "" || pattern == host
	}
	first, rest, found := strings.Cut(host, ".")
	return found && first != "" && rest == suffix
}

// matchesPath compares whole elements: /api is a prefix of /api/v1, not of /apiary.
func matchesPath(pattern string, exact bool, path string) bool {
	if exact {
		return pattern == path
	}
	trimmed := strings.TrimSuffix(pattern, "/")
	rest, found := strings.CutPrefix(path, trimmed)
	return found && (rest == "" || rest[0] == '/')
}

func hostRank(host string) int {
	switch {
	case host == "":
		return 2
	case strings.HasPrefix(host, "*."):
		return 1
	default:
		return 0
	}
}

func compareExact(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}
