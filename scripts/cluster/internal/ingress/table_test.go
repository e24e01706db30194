package ingress

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func parse(t *testing.T, name, spec string) *networkingv1.Ingress {
	t.Helper()
	ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}}
	if err := yaml.UnmarshalStrict([]byte(spec), &ingress.Spec); err != nil {
		t.Fatal(err)
	}
	return ingress
}

const ingressSpec = `
ingressClassName: perigee
rules:
- host: a.localhost
  http:
    paths:
    - {path: /, pathType: Prefix, backend: {service: {name: root, port: {number: 80}}}}
    - {path: /api, pathType: Prefix, backend: {service: {name: api, port: {name: http}}}}
    - {path: /api/exact, pathType: Exact, backend: {service: {name: exact, port: {number: 1}}}}
- host: "*.b.localhost"
  http:
    paths:
    - {path: /, pathType: Prefix, backend: {service: {name: wild, port: {number: 80}}}}
- host: named.b.localhost
  http:
    paths:
    - {path: /, pathType: Prefix, backend: {service: {name: named, port: {number: 80}}}}
`

func TestMostSpecificRouteWins(t *testing.T) {
	table := NewTable("perigee", []*networkingv1.Ingress{parse(t, "one", ingressSpec)})
	for _, c := range []struct{ host, path, want string }{
		{"a.localhost", "/", "root"},
		{"A.localhost", "/x", "root"},
		{"a.localhost.", "/", "root"},
		{"a.localhost", "/api", "api"},
		{"a.localhost", "/api/", "api"},
		{"a.localhost", "/apiary", "root"},
		{"a.localhost", "/api/exact", "exact"},
		{"a.localhost", "/api/exact/x", "api"},
		{"x.b.localhost", "/", "wild"},
		{"named.b.localhost", "/", "named"},
		{"x.y.b.localhost", "/", ""},
		{"b.localhost", "/", ""},
		{"unknown", "/", ""},
	} {
		backend, found := table.Find(c.host, c.path)
		if backend.Service != c.want || found != (c.want != "") {
			t.Errorf("%s%s: got %q", c.host, c.path, backend.Service)
		}
	}
}

func TestOtherClassesAreLeftAlone(t *testing.T) {
	foreign := parse(t, "foreign", `{ingressClassName: nginx, defaultBackend: {service: {name: x, port: {number: 80}}}}`)
	classless := parse(t, "classless", `{defaultBackend: {service: {name: x, port: {number: 80}}}}`)
	if _, found := NewTable("perigee", []*networkingv1.Ingress{foreign, classless}).Find("any", "/"); found {
		t.Fatal("served an ingress of another class")
	}
}

func TestDefaultBackendTakesTheRest(t *testing.T) {
	spec := `{ingressClassName: perigee, defaultBackend: {service: {name: rest, port: {number: 80}}}}`
	if backend, _ := NewTable("perigee", []*networkingv1.Ingress{parse(t, "rest", spec)}).Find("any", "/"); backend.Service != "rest" {
		t.Fatalf("got %q", backend.Service)
	}
}

func TestOlderIngressWinsTheSameRoute(t *testing.T) {
	spec := func(service string) string {
		return `{ingressClassName: perigee, rules: [{host: h, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ` +
			service + `, port: {number: 80}}}}]}}]}`
	}
	older, newer := parse(t, "z-older", spec("older")), parse(t, "a-newer", spec("newer"))
	older.CreationTimestamp = metav1.Unix(1, 0)
	newer.CreationTimestamp = metav1.Unix(2, 0)
	if backend, _ := NewTable("perigee", []*networkingv1.Ingress{newer, older}).Find("h", "/"); backend.Service != "older" {
		t.Fatalf("got %q", backend.Service)
	}
}
