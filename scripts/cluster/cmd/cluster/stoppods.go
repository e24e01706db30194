package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// newStopPodsCommand removes every pod from the container runtime, so that nothing of them is left on the machine.
func newStopPodsCommand() *cobra.Command {
	var socket string
	var timeout time.Duration
	command := &cobra.Command{
		Use:          "stop-pods",
		Short:        "Stop and remove every pod of a container runtime",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(command.Context(), timeout)
			defer cancel()
			connection, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				return err
			}
			defer connection.Close()
			count, err := stopPods(ctx, runtimeapi.NewRuntimeServiceClient(connection))
			fmt.Printf("%d pods removed\n", count)
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&socket, "socket", "", "socket of the container runtime")
	flags.DurationVar(&timeout, "timeout", 30*time.Second, "when to give up")
	return command
}

func stopPods(ctx context.Context, client runtimeapi.RuntimeServiceClient) (int, error) {
	list, err := client.ListPodSandbox(ctx, &runtimeapi.ListPodSandboxRequest{})
	if err != nil {
		return 0, err
	}
	errs := make([]error, len(list.Items))
	var all sync.WaitGroup
	for i, sandbox := range list.Items {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := client.StopPodSandbox(ctx, &runtimeapi.StopPodSandboxRequest{PodSandboxId: sandbox.Id}); err != nil {
				errs[i] = err
				return
			}
			_, errs[i] = client.RemovePodSandbox(ctx, &runtimeapi.RemovePodSandboxRequest{PodSandboxId: sandbox.Id})
		}()
	}
	all.Wait()
	return len(list.Items), errors.Join(errs...)
}
