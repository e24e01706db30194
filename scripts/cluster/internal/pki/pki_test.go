package pki

import (
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

func generate(t *testing.T) Options {
	t.Helper()
	options := Options{
		Directory:   filepath.Join(t.TempDir(), "pki"),
		Server:      "https://10.244.0.1:6443",
		Node:        "perigee",
		NodeAddress: net.IPv4(10, 244, 0, 1),
		APIService:  net.IPv4(10, 96, 0, 1),
	}
	if err := Generate(options); err != nil {
		t.Fatal(err)
	}
	return options
}

func certificate(t *testing.T, options Options, name string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(options.path(name))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func verify(t *testing.T, options Options, authority, name string, usage x509.ExtKeyUsage, host string) error {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(certificate(t, options, authority))
	_, err := certificate(t, options, name).Verify(x509.VerifyOptions{
		Roots: roots, DNSName: host, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	return err
}

func TestApiServerIsTrustedAtBothItsAddresses(t *testing.T) {
	options := generate(t)
	for _, host := range []string{"10.244.0.1", "10.96.0.1", "kubernetes.default.svc"} {
		if err := verify(t, options, "ca.crt", "apiserver.crt", x509.ExtKeyUsageServerAuth, host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestClientsCannotServe(t *testing.T) {
	if err := verify(t, generate(t), "ca.crt", "admin.crt", x509.ExtKeyUsageServerAuth, ""); err == nil {
		t.Fatal("the administrator's certificate may serve")
	}
}

func TestEtcdTrustsOnlyItsOwnAuthority(t *testing.T) {
	options := generate(t)
	if err := verify(t, options, "etcd-ca.crt", "kubelet.crt", x509.ExtKeyUsageClientAuth, ""); err == nil {
		t.Fatal("the kubelet's certificate opens etcd")
	}
	if err := verify(t, options, "etcd-ca.crt", "apiserver-etcd-client.crt", x509.ExtKeyUsageClientAuth, ""); err != nil {
		t.Fatal(err)
	}
}

func TestKubeconfigStandsAlone(t *testing.T) {
	options := generate(t)
	config, err := clientcmd.LoadFromFile(options.path("admin.kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	if err := clientcmd.ConfirmUsable(*config, ""); err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsReadableByOthers(t *testing.T) {
	options := generate(t)
	files, err := os.ReadDir(options.Directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if info, err := file.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v", file.Name(), info.Mode(), err)
		}
	}
}
