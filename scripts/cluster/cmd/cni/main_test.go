package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"perigee.cloud/cluster/internal/podnet"
)

const previous = `{"cniVersion":"0.4.0","ips":[{"address":"10.244.0.7/16"}]}`

func call(t *testing.T, command, stdin string) (string, error) {
	t.Helper()
	environment := map[string]string{
		"CNI_COMMAND":     command,
		"CNI_CONTAINERID": "sandbox",
		"CNI_ARGS":        "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web;K8S_POD_UID=uid",
	}
	var stdout bytes.Buffer
	err := run(func(name string) string { return environment[name] }, strings.NewReader(stdin), &stdout)
	return stdout.String(), err
}

func configuration(records podnet.Directory, result string) string {
	return fmt.Sprintf(`{"cniVersion":"0.4.0","records":%q,"prevResult":%s}`, records, result)
}

// confirmAll stands for the enforcer.
func confirmAll(t *testing.T, records podnet.Directory) {
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
				announced, _ := records.All()
				for sandbox := range announced {
					_ = records.Confirm(sandbox)
				}
			}
		}
	}()
}

func TestAddAnnouncesThePodAndPassesTheResultOn(t *testing.T) {
	records := podnet.Directory(t.TempDir())
	confirmAll(t, records)
	output, err := call(t, "ADD", configuration(records, previous))
	if err != nil || output != previous {
		t.Fatalf("got %q, %v", output, err)
	}
	announced, err := records.All()
	want := podnet.Record{Namespace: "ns", Name: "web", UID: "uid", Address: netip.MustParseAddr("10.244.0.7")}
	if err != nil || announced["sandbox"] != want {
		t.Fatalf("got %v, %v", announced, err)
	}
}

func TestDeleteWithdrawsThePod(t *testing.T) {
	records := podnet.Directory(t.TempDir())
	if err := records.Announce("sandbox", podnet.Record{}); err != nil {
		t.Fatal(err)
	}
	if _, err := call(t, "DEL", configuration(records, "null")); err != nil {
		t.Fatal(err)
	}
	if announced, err := records.All(); err != nil || len(announced) != 0 {
		t.Fatalf("got %v, %v", announced, err)
	}
}

func TestVersionNeedsNoConfiguration(t *testing.T) {
	if output, err := call(t, "VERSION", ""); err != nil || !strings.Contains(output, `"0.4.0"`) {
		t.Fatalf("got %q, %v", output, err)
	}
}

func TestWrongCallsAreRefused(t *testing.T) {
	records := podnet.Directory(t.TempDir())
	for name, c := range map[string]struct{ command, stdin string }{
		"unknown command":   {"DANCE", configuration(records, previous)},
		"no records":        {"ADD", `{"prevResult":` + previous + `}`},
		"not JSON":          {"ADD", "hello"},
		"no address before": {"ADD", configuration(records, `{"ips":[]}`)},
		"no result before":  {"ADD", fmt.Sprintf(`{"records":%q}`, records)},
	} {
		if _, err := call(t, c.command, c.stdin); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
