// Package pki makes the cluster's certificates and kubeconfigs. Nothing in the cluster is anonymous.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// lifetime is long because the cluster is made anew long before.
const lifetime = 365 * 24 * time.Hour

// clockSkew lets certificates be valid although clocks differ a little.
const clockSkew = time.Hour

// Options are the names and addresses that the certificates carry.
type Options struct {
	// Directory receives everything, readable by its owner only.
	Directory string
	// Server is the API server's URL, as the kubeconfigs name it.
	Server string
	// Node is the name of the only node.
	Node string
	// NodeAddress and APIService are the addresses at which the API server answers.
	NodeAddress, APIService net.IP
}

// identity is one certificate to make.
type identity struct {
	file, name, organisation string
	server                   bool
	addresses                []net.IP
	names                    []string
	kubeconfig               bool
}

// Generate makes two authorities (etcd has its own, so that no other client certificate opens it), a certificate per
// component, kubeconfigs for the clients of the API server, and the key that signs service account tokens.
func Generate(options Options) error {
	if err := os.MkdirAll(options.Directory, 0o700); err != nil {
		return err
	}
	loopback := net.IPv4(127, 0, 0, 1)
	authorities := map[string][]identity{
		"ca": {
			{file: "apiserver", name: "kube-apiserver", server: true,
				addresses: []net.IP{options.NodeAddress, options.APIService},
				names: []string{
					"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost",
				}},
			{file: "kubelet-server", name: options.Node, server: true,
				addresses: []net.IP{options.NodeAddress}, names: []string{options.Node}},
			{file: "apiserver-kubelet-client", name: "perigee:apiserver"},
			{file: "admin", name: "perigee:admin", organisation: "system:masters", kubeconfig: true},
			{file: "kube-controller-manager", name: "system:kube-controller-manager", kubeconfig: true},
			{file: "kube-scheduler", name: "system:kube-scheduler", kubeconfig: true},
			{file: "kube-proxy", name: "system:kube-proxy", kubeconfig: true},
			{file: "kubelet", name: "system:node:" + options.Node, organisation: "system:nodes", kubeconfig: true},
			{file: "enforcer", name: "perigee:enforcer", kubeconfig: true},
			{file: "provisioner", name: "perigee:provisioner", kubeconfig: true},
		},
		"etcd-ca": {
			{file: "etcd", name: "etcd", server: true, addresses: []net.IP{loopback}},
			{file: "apiserver-etcd-client", name: "kube-apiserver"},
		},
	}
	for file, identities := range authorities {
		authority, err := newAuthority(options.Directory, file)
		if err != nil {
			return err
		}
		for _, identity := range identities {
			if err := authority.issue(options, identity); err != nil {
				return fmt.Errorf("%s: %w", identity.file, err)
			}
		}
	}
	_, err := newKey(options.path("service-account.key"))
	return err
}

func (o Options) path(name string) string { return filepath.Join(o.Directory, name) }

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	encoded     []byte
}

func newAuthority(directory, file string) (*authority, error) {
	key, err := newKey(filepath.Join(directory, file+".key"))
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(pkix.Name{CommonName: "perigee local cluster " + file})
	if err != nil {
		return nil, err
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	encoded, err := writePEM(filepath.Join(directory, file+".crt"), "CERTIFICATE", der)
	if err != nil {
		return nil, err
	}
	return &authority{certificate: certificate, key: key, encoded: encoded}, nil
}

func (a *authority) issue(options Options, identity identity) error {
	key, err := newKey(options.path(identity.file + ".key"))
	if err != nil {
		return err
	}
	subject := pkix.Name{CommonName: identity.name}
	if identity.organisation != "" {
		subject.Organization = []string{identity.organisation}
	}
	template, err := newTemplate(subject)
	if err != nil {
		return err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if identity.server {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	template.IPAddresses = identity.addresses
	template.DNSNames = identity.names
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return err
	}
	certificate, err := writePEM(options.path(identity.file+".crt"), "CERTIFICATE", der)
	if err != nil || !identity.kubeconfig {
		return err
	}
	keyPEM, err := os.ReadFile(options.path(identity.file + ".key"))
	if err != nil {
		return err
	}
	return writeKubeconfig(options, identity.file, a.encoded, certificate, keyPEM)
}

func newTemplate(subject pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: subject, NotBefore: now.Add(-clockSkew), NotAfter: now.Add(lifetime),
	}, nil
}

func newKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	_, err = writePEM(path, "EC PRIVATE KEY", der)
	return key, err
}

func writePEM(path, kind string, der []byte) ([]byte, error) {
	encoded := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	return encoded, os.WriteFile(path, encoded, 0o600)
}

// writeKubeconfig embeds everything, so that the file works from anywhere.
func writeKubeconfig(options Options, name string, ca, certificate, key []byte) error {
	const context = "perigee-local"
	config := api.NewConfig()
	config.Clusters[context] = &api.Cluster{Server: options.Server, CertificateAuthorityData: ca}
	config.AuthInfos[name] = &api.AuthInfo{ClientCertificateData: certificate, ClientKeyData: key}
	config.Contexts[context] = &api.Context{Cluster: context, AuthInfo: name}
	config.CurrentContext = context
	return clientcmd.WriteToFile(*config, options.path(name+".kubeconfig"))
}
