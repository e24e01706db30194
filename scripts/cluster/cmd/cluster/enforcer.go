package main

import (
	"net/netip"

	"perigee.cloud/cluster/internal/enforcer"
	"perigee.cloud/cluster/internal/podnet"

	"github.com/spf13/cobra"
	"k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/knftables"
)

// newEnforcerCommand enforces network policies on this node.
func newEnforcerCommand() *cobra.Command {
	var kubeconfig, table, records, podCIDR, serviceCIDR, apiServer string
	var systemNamespaces []string
	var settings enforcer.Settings
	command := &cobra.Command{
		Use:          "enforcer",
		Short:        "Keep the kernel's packet rules equal to the network policies",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(*cobra.Command, []string) (err error) {
			if settings.PodCIDR, err = netip.ParsePrefix(podCIDR); err != nil {
				return err
			}
			if settings.ServiceCIDR, err = netip.ParsePrefix(serviceCIDR); err != nil {
				return err
			}
			if settings.APIServer, err = netip.ParseAddrPort(apiServer); err != nil {
				return err
			}
			client, err := newClient(kubeconfig)
			if err != nil {
				return err
			}
			nft, err := knftables.New(knftables.InetFamily, table)
			if err != nil {
				return err
			}
			enforcer, err := enforcer.New(client, nft, settings, systemNamespaces, podnet.Directory(records))
			if err != nil {
				return err
			}
			return enforcer.Run(server.SetupSignalContext())
		},
	}
	flags := command.Flags()
	flags.StringVar(&kubeconfig, "kubeconfig", "", "how to reach the API server")
	flags.StringVar(&table, "table", "perigee-cluster", "nftables table to own")
	flags.StringVar(&records, "records", "", "directory in which the CNI plugin announces pods")
	flags.StringVar(&settings.Bridge, "bridge", "", "interface that the pods hang on")
	flags.StringVar(&podCIDR, "pod-cidr", "", "addresses of pods")
	flags.StringVar(&serviceCIDR, "service-cidr", "", "addresses of services")
	flags.StringVar(&apiServer, "api-server", "", "address and port of the API server")
	flags.StringSliceVar(&systemNamespaces, "system-namespaces", nil, "namespaces whose pods may reach the API server")
	flags.BoolVar(&settings.AllowIPv6, "allow-ipv6", false, "do not drop IPv6 on the bridge")
	return command
}

// newClient speaks protobuf: it is the cheaper encoding for watches.
func newClient(kubeconfig string) (kubernetes.Interface, error) {
	config, err := clientConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	config.ContentType = "application/vnd.kubernetes.protobuf"
	return kubernetes.NewForConfig(config)
}

// clientConfig falls back to the service account of the pod.
func clientConfig(kubeconfig string) (*rest.Config, error) {
	if kubeconfig == "" {
		return rest.InClusterConfig()
	}
	return clientcmd.BuildConfigFromFlags("", kubeconfig)
}
