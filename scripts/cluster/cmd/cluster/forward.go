package main

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apiserver/pkg/server"
	"k8s.io/klog/v2"
)

const forwardDialTimeout = 5 * time.Second

// newForwardCommand makes a service reachable at an address of the node, without touching the node's firewall.
func newForwardCommand() *cobra.Command {
	var listen []string
	var target string
	command := &cobra.Command{
		Use:          "forward",
		Short:        "Pass TCP connections from addresses of the node on to a service",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error {
			ctx := server.SetupSignalContext()
			failed := make(chan error, len(listen))
			for _, address := range listen {
				listener, err := net.Listen("tcp", address)
				if err != nil {
					return err
				}
				defer listener.Close()
				go func() { failed <- forward(listener, target) }()
			}
			select {
			case <-ctx.Done():
				return nil
			case err := <-failed:
				return err
			}
		},
	}
	flags := command.Flags()
	flags.StringSliceVar(&listen, "listen", nil, "addresses to listen on")
	flags.StringVar(&target, "target", "", "address to connect to")
	return command
}

func forward(listener net.Listener, target string) error {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer connection.Close()
			// Whoever speaks first gets a plain answer while the ingress is not there yet.
			upstream, err := net.DialTimeout("tcp", target, forwardDialTimeout)
			if err != nil {
				klog.V(1).InfoS("ingress not reachable", "target", target, "err", err)
				_, _ = io.Copy(connection, strings.NewReader(unavailable))
				return
			}
			defer upstream.Close()
			splice(connection, upstream)
		}()
	}
}

const unavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" +
	"503 Service Unavailable: the ingress of the test cluster is not ready yet\n"

// splice copies both ways and passes each side's end of stream on.
func splice(a, b net.Conn) {
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Add(1)
		go func() {
			defer both.Done()
			_, err := io.Copy(pair[0], pair[1])
			if tcp, ok := pair[0].(*net.TCPConn); ok {
				err = errors.Join(err, tcp.CloseWrite())
			}
			if err != nil {
				klog.V(4).InfoS("connection ended", "err", err)
			}
		}()
	}
	both.Wait()
}
