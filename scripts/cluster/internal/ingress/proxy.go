package ingress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"k8s.io/klog/v2"
)

const (
	dialTimeout = 2 * time.Second
	// responseTimeout is generous: applications may think before they answer.
	responseTimeout = 5 * time.Minute
)

// Router finds out where a request goes.
type Router interface {
	// Route returns the backend's addresses in no particular order. A *Problem says why there are none.
	Route(host, path string) ([]string, error)
}

// Problem is an answer for people instead of the application's.
type Problem struct {
	Status int
	Text   string
}

func (p *Problem) Error() string { return p.Text }

// targetsKey carries the addresses of a request from the router to the dialler.
type targetsKey struct{}

// NewHandler proxies requests, websockets included, to where the router says.
func NewHandler(router Router) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(request *httputil.ProxyRequest) {
			targets := request.In.Context().Value(targetsKey{}).([]string)
			request.SetURL(&url.URL{Scheme: "http", Host: targets[0]})
			request.Out.Host = request.In.Host
			request.SetXForwarded()
		},
		Transport:     newTransport(),
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			klog.V(1).InfoS("backend failed", "host", r.Host, "path", r.URL.Path, "err", err)
			answer(w, &Problem{http.StatusBadGateway, "the application did not answer: " + reason(err)})
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		targets, err := router.Route(hostOf(r), r.URL.Path)
		if err != nil {
			answer(w, err)
			return
		}
		rand.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
		proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), targetsKey{}, targets)))
	})
}

// newTransport dials the request's targets in turn: a pod that has just died costs a try, not the request.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			connection, err := dialer.DialContext(ctx, network, address)
			targets, _ := ctx.Value(targetsKey{}).([]string)
			for _, target := range targets {
				if err == nil {
					break
				}
				if target != address {
					connection, err = dialer.DialContext(ctx, network, target)
				}
			}
			return connection, err
		},
		// Addresses of pods are used again by other pods: a kept connection must not reach another tenant.
		DisableKeepAlives:     true,
		DisableCompression:    true,
		ResponseHeaderTimeout: responseTimeout,
	}
}

func hostOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return r.Host
}

// reason leaves out the pod's address, which is nobody's business outside.
func reason(err error) string {
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return "timed out"
	}
	return "connection failed"
}

func answer(w http.ResponseWriter, err error) {
	var problem *Problem
	if !errors.As(err, &problem) {
		problem = &Problem{http.StatusInternalServerError, err.Error()}
	}
	http.Error(w, fmt.Sprintf("%d %s: %s", problem.Status, http.StatusText(problem.Status), problem.Text), problem.Status)
}
