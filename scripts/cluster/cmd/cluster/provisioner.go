package main

import (
	"perigee.cloud/cluster/internal/volumes"

	"github.com/spf13/cobra"
	"k8s.io/apiserver/pkg/server"
)

// newProvisionerCommand makes persistent volumes out of directories of this node.
func newProvisionerCommand() *cobra.Command {
	var kubeconfig, directory string
	command := &cobra.Command{
		Use:          "provisioner",
		Short:        "Make persistent volumes out of directories of this node",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error {
			client, err := newClient(kubeconfig)
			if err != nil {
				return err
			}
			provisioner, err := volumes.New(client, directory)
			if err != nil {
				return err
			}
			return provisioner.Run(server.SetupSignalContext())
		},
	}
	flags := command.Flags()
	flags.StringVar(&kubeconfig, "kubeconfig", "", "how to reach the API server")
	flags.StringVar(&directory, "directory", "", "where the volumes lie")
	return command
}
