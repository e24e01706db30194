package main

import (
	"perigee.cloud/cluster/internal/pki"

	"github.com/spf13/cobra"
)

// newPKICommand writes certificates and kubeconfigs.
func newPKICommand() *cobra.Command {
	var options pki.Options
	command := &cobra.Command{
		Use:          "pki",
		Short:        "Make the cluster's certificates and kubeconfigs",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE:         func(*cobra.Command, []string) error { return pki.Generate(options) },
	}
	flags := command.Flags()
	flags.StringVar(&options.Directory, "dir", "", "where to write")
	flags.StringVar(&options.Server, "server", "", "URL of the API server")
	flags.StringVar(&options.Node, "node", "", "name of the node")
	flags.IPVar(&options.NodeAddress, "node-address", nil, "address of the node")
	flags.IPVar(&options.APIService, "api-service", nil, "address of the service kubernetes.default")
	return command
}
