// Command cluster is every component of the single-node test cluster in one binary: the first argument names it.
// One binary means that the Kubernetes libraries are compiled and linked once.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// components maps the first argument to the command it runs. Only the chosen one is constructed.
var components = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kube-proxy":              proxy.NewProxyCommand,
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
	"kubectl":                 kubectl.NewDefaultKubectlCommand,
	"etcd":                    newEtcdCommand,
	"enforcer":                newEnforcerCommand,
	"ingress":                 newIngressCommand,
	"pki":                     newPKICommand,
	"provisioner":             newProvisionerCommand,
	"stop-pods":               newStopPodsCommand,
}

func main() {
	if len(os.Args) < 2 || components[os.Args[1]] == nil {
		usage()
	}
	command := components[os.Args[1]]
	// The component sees itself under its own name, as if it were a binary of its own.
	os.Args = os.Args[1:]
	os.Exit(cli.Run(command()))
}

func usage() {
	names := make([]string, 0, len(components))
	for name := range components {
		names = append(names, name)
	}
	slices.Sort(names)
	fmt.Fprintf(os.Stderr, "usage: cluster COMPONENT [FLAGS]\ncomponents: %v\n", names)
	os.Exit(2)
}
