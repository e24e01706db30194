// Command forward makes a service reachable at addresses of the node, without touching the node's firewall.
// It is a program of its own because it stays running and needs a tenth of the large binary's memory.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	dialTimeout = 5 * time.Second
	// acceptPause keeps a full table of file descriptors from becoming a busy loop.
	acceptPause = 100 * time.Millisecond
	unavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" +
		"503 Service Unavailable: the ingress of the test cluster is not ready yet\n"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: forward TARGET LISTEN...   (each an address and a port)")
		os.Exit(2)
	}
	target := os.Args[1]
	for _, address := range os.Args[2:] {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			fmt.Fprintln(os.Stderr, "forward:", err)
			os.Exit(1)
		}
		go serve(listener, target)
	}
	select {}
}

func serve(listener net.Listener, target string) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, "forward:", err)
			time.Sleep(acceptPause)
			continue
		}
		go forward(connection, target)
	}
}

// forward answers in HTTP while the target is not there: whoever connects speaks it.
func forward(connection net.Conn, target string) {
	defer connection.Close()
	upstream, err := net.DialTimeout("tcp", target, dialTimeout)
	if err != nil {
		_, _ = io.Copy(connection, strings.NewReader(unavailable))
		return
	}
	defer upstream.Close()
	splice(connection, upstream)
}

// splice copies both ways and passes each side's end of stream on.
func splice(a, b net.Conn) {
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Add(1)
		go func() {
			defer both.Done()
			_, _ = io.Copy(pair[0], pair[1])
			if tcp, ok := pair[0].(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
		}()
	}
	both.Wait()
}
