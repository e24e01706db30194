// Command cni is a chained CNI plugin: it announces the address that the plugin before it gave to a pod, and lets the
// pod start only when the network policy enforcer has the rules for that address in place.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"perigee.cloud/cluster/internal/podnet"
)

// confirmTimeout bounds a pod's start when the enforcer is away: the kubelet reports the error and tries again.
const confirmTimeout = 10 * time.Second

// config is what this plugin reads of its network configuration.
type config struct {
	Records    podnet.Directory `json:"records"`
	PrevResult json.RawMessage  `json:"prevResult"`
}

// result is what this plugin reads of the previous plugin's answer.
type result struct {
	IPs []struct {
		Address netip.Prefix `json:"address"`
	} `json:"ips"`
}

func main() {
	if err := run(os.Getenv, os.Stdin, os.Stdout); err != nil {
		// The protocol wants errors as JSON on stdout; code 100 and above are a plugin's own.
		failure := map[string]any{"cniVersion": "1.0.0", "code": 100, "msg": err.Error()}
		_ = json.NewEncoder(os.Stdout).Encode(failure)
		os.Exit(1)
	}
}

func run(env func(string) string, stdin io.Reader, stdout io.Writer) error {
	command := env("CNI_COMMAND")
	if command == "VERSION" {
		return json.NewEncoder(stdout).Encode(map[string]any{
			"cniVersion": "1.0.0", "supportedVersions": []string{"0.4.0", "1.0.0"},
		})
	}
	config, err := readConfig(stdin)
	if err != nil {
		return err
	}
	switch command {
	case "ADD":
		return add(config, env, stdout)
	case "DEL":
		return config.Records.Withdraw(env("CNI_CONTAINERID"))
	case "CHECK":
		return nil
	default:
		return fmt.Errorf("unknown CNI_COMMAND %q", command)
	}
}

func readConfig(stdin io.Reader) (*config, error) {
	var config config
	if err := json.NewDecoder(stdin).Decode(&config); err != nil {
		return nil, fmt.Errorf("network configuration: %w", err)
	}
	if config.Records == "" {
		return nil, errors.New(`network configuration lacks "records"`)
	}
	return &config, nil
}

func add(config *config, env func(string) string, stdout io.Writer) error {
	var previous result
	if err := json.Unmarshal(config.PrevResult, &previous); err != nil {
		return fmt.Errorf("result of the plugin before: %w", err)
	}
	if len(previous.IPs) != 1 {
		return fmt.Errorf("want one address from the plugin before, got %d", len(previous.IPs))
	}
	args := parseArgs(env("CNI_ARGS"))
	record := podnet.Record{
		Namespace: args["K8S_POD_NAMESPACE"],
		Name:      args["K8S_POD_NAME"],
		UID:       args["K8S_POD_UID"],
		Address:   previous.IPs[0].Address.Addr(),
	}
	sandbox := env("CNI_CONTAINERID")
	if err := config.Records.Announce(sandbox, record); err != nil {
		return err
	}
	if err := config.Records.Await(sandbox, confirmTimeout); err != nil {
		return errors.Join(err, config.Records.Withdraw(sandbox))
	}
	_, err := stdout.Write(config.PrevResult)
	return err
}

// parseArgs reads "A=1;B=2", the form in which the kubelet's identity of a pod arrives.
func parseArgs(text string) map[string]string {
	args := make(map[string]string)
	for pair := range strings.SplitSeq(text, ";") {
		if key, value, found := strings.Cut(pair, "="); found {
			args[key] = value
		}
	}
	return args
}
