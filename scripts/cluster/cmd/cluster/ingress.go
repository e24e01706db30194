package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"perigee.cloud/cluster/internal/ingress"

	"github.com/spf13/cobra"
	"k8s.io/apiserver/pkg/server"
)

const (
	headerTimeout   = 10 * time.Second
	shutdownTimeout = 5 * time.Second
)

// newIngressCommand serves the Ingress objects of one class.
func newIngressCommand() *cobra.Command {
	var kubeconfig, class, listen, health string
	command := &cobra.Command{
		Use:          "ingress",
		Short:        "Serve the Ingress objects of one class over HTTP",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error {
			client, err := newClient(kubeconfig)
			if err != nil {
				return err
			}
			controller, err := ingress.NewController(client, class)
			if err != nil {
				return err
			}
			ctx := server.SetupSignalContext()
			if err := controller.Start(ctx.Done()); err != nil {
				return err
			}
			return serve(ctx, map[string]http.Handler{
				listen: ingress.NewHandler(controller),
				health: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }),
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&kubeconfig, "kubeconfig", "", "how to reach the API server; default: the pod's service account")
	flags.StringVar(&class, "class", "perigee", "ingress class to serve")
	flags.StringVar(&listen, "listen", ":8080", "address for requests")
	flags.StringVar(&health, "health", ":8081", "address of the readiness probe")
	return command
}

// serve runs one server per address until the context ends or one of them fails.
func serve(ctx context.Context, handlers map[string]http.Handler) error {
	failed := make(chan error, len(handlers))
	var servers []*http.Server
	for address, handler := range handlers {
		server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: headerTimeout}
		servers = append(servers, server)
		go func() { failed <- server.ListenAndServe() }()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	var errs []error
	for _, server := range servers {
		errs = append(errs, server.Shutdown(grace))
	}
	return errors.Join(errs...)
}
