package ingress

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// fixed routes everything to the same targets.
type fixed struct {
	targets []string
	err     error
}

func (f fixed) Route(string, string) ([]string, error) {
	return append([]string(nil), f.targets...), f.err
}

func backend(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func get(t *testing.T, router Router, host string) (int, string) {
	t.Helper()
	proxy := httptest.NewServer(NewHandler(router))
	t.Cleanup(proxy.Close)
	request, err := http.NewRequest(http.MethodGet, proxy.URL+"/path", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestRequestKeepsItsHostAndSaysWhoForwarded(t *testing.T) {
	address := backend(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host+" "+r.Header.Get("X-Forwarded-For")+" "+r.URL.Path)
	})
	if status, body := get(t, fixed{targets: []string{address}}, "app.localhost"); status != 200 || body != "app.localhost 127.0.0.1 /path" {
		t.Fatalf("got %d %q", status, body)
	}
}

func TestDeadPodIsSkipped(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := listener.Addr().String()
	listener.Close()
	alive := backend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "alive") })
	for range 10 {
		if status, body := get(t, fixed{targets: []string{dead, alive}}, "h"); status != 200 || body != "alive" {
			t.Fatalf("got %d %q", status, body)
		}
	}
	if status, body := get(t, fixed{targets: []string{dead}}, "h"); status != 502 || strings.Contains(body, dead) {
		t.Fatalf("got %d %q", status, body)
	}
}

func TestProblemsAreAnsweredInWords(t *testing.T) {
	router := fixed{err: &Problem{http.StatusNotFound, "no application is called h"}}
	if status, body := get(t, router, "h"); status != 404 || body != "404 Not Found: no application is called h\n" {
		t.Fatalf("got %d %q", status, body)
	}
}

func TestUpgradedConnectionsPassBothWays(t *testing.T) {
	address := backend(t, func(w http.ResponseWriter, r *http.Request) {
		connection, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close()
		_, _ = io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		line, _ := buffer.ReadString('\n')
		_, _ = io.WriteString(connection, "echo "+line)
	})
	proxy := httptest.NewServer(NewHandler(fixed{targets: []string{address}}))
	t.Cleanup(proxy.Close)
	connection, err := net.Dial("tcp", proxy.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_, _ = io.WriteString(connection, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	reader := bufio.NewReader(connection)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %v %v", response, err)
	}
	_, _ = io.WriteString(connection, "hello\n")
	if line, err := reader.ReadString('\n'); err != nil || line != "echo hello\n" {
		t.Fatalf("got %q %v", line, err)
	}
}
