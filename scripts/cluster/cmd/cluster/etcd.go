package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
)

// newEtcdCommand runs etcd inside this binary: one member, no peers, no fsync (the cluster is disposable).
func newEtcdCommand() *cobra.Command {
	var dataDir, listen, ca, cert, key string
	command := &cobra.Command{
		Use:           "etcd",
		Short:         "Run a single-member etcd for a disposable cluster",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: false,
		RunE: func(*cobra.Command, []string) error {
			config, err := etcdConfig(dataDir, listen)
			if err != nil {
				return err
			}
			config.ClientTLSInfo.TrustedCAFile = ca
			config.ClientTLSInfo.CertFile = cert
			config.ClientTLSInfo.KeyFile = key
			config.ClientTLSInfo.ClientCertAuth = true
			return runEtcd(config)
		},
	}
	flags := command.Flags()
	flags.StringVar(&dataDir, "data-dir", "", "where the data lies")
	flags.StringVar(&listen, "listen", "https://127.0.0.1:2379", "client URL")
	flags.StringVar(&ca, "client-ca-file", "", "authority that signs client certificates")
	flags.StringVar(&cert, "cert-file", "", "serving certificate")
	flags.StringVar(&key, "key-file", "", "key of the serving certificate")
	return command
}

func etcdConfig(dataDir, listen string) (*embed.Config, error) {
	client, err := url.Parse(listen)
	if err != nil {
		return nil, fmt.Errorf("client URL: %w", err)
	}
	// A single member has no peers, but the listener must exist: any free loopback port will do.
	peer := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	config := embed.NewConfig()
	config.Name = "perigee"
	config.Dir = dataDir
	config.ListenClientUrls = []url.URL{*client}
	config.AdvertiseClientUrls = []url.URL{*client}
	config.ListenPeerUrls = []url.URL{peer}
	config.AdvertisePeerUrls = []url.URL{peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.UnsafeNoFsync = true
	config.LogLevel = "error"
	return config, nil
}

func runEtcd(config *embed.Config) error {
	server, err := embed.StartEtcd(config)
	if err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	defer server.Close()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case err := <-server.Err():
		return err
	case <-server.Server.StopNotify():
		return errors.New("etcd stopped by itself")
	case <-stop:
		return nil
	}
}
