package main

import (
	"io"
	"net"
	"strings"
	"testing"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// exchange sends a request, ends its stream, and reads the whole answer.
func exchange(t *testing.T, address, request string) string {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, request); err != nil {
		t.Fatal(err)
	}
	if err := connection.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(connection)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func TestBothDirectionsAndTheEndOfStreamPass(t *testing.T) {
	target, front := listen(t), listen(t)
	go func() {
		connection, err := target.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		request, _ := io.ReadAll(connection)
		_, _ = io.WriteString(connection, "got "+string(request))
	}()
	go forwardOne(front, target.Addr().String())
	if answer := exchange(t, front.Addr().String(), "hello"); answer != "got hello" {
		t.Fatalf("got %q", answer)
	}
}

func TestMissingTargetIsAnsweredInWords(t *testing.T) {
	gone, front := listen(t), listen(t)
	gone.Close()
	go forwardOne(front, gone.Addr().String())
	if answer := exchange(t, front.Addr().String(), ""); !strings.HasPrefix(answer, "HTTP/1.1 503 ") {
		t.Fatalf("got %q", answer)
	}
}

func forwardOne(listener net.Listener, target string) {
	if connection, err := listener.Accept(); err == nil {
		forward(connection, target)
	}
}
