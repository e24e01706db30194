// Package podnet is the agreement between the CNI plugin and the enforcer: a directory with one file per pod sandbox.
//
// The plugin announces a pod's address before any container of it runs and waits until the enforcer says that the
// rules for that address are in place. So a pod is never open, and never loses its first packets either.
package podnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const (
	recordSuffix = ".json"
	readySuffix  = ".ready"
	// pollInterval is short because a pod's start waits for it.
	pollInterval = 5 * time.Millisecond
)

// Record says which pod an address belongs to.
type Record struct {
	Namespace string     `json:"namespace"`
	Name      string     `json:"name"`
	UID       string     `json:"uid"`
	Address   netip.Addr `json:"address"`
}

// Directory holds the records.
type Directory string

// sandboxID is what a container runtime may call a sandbox; anything else could leave the directory.
var sandboxID = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)

func (d Directory) file(sandbox, suffix string) (string, error) {
	if !sandboxID.MatchString(sandbox) {
		return "", fmt.Errorf("bad sandbox id %q", sandbox)
	}
	return filepath.Join(string(d), sandbox+suffix), nil
}

// Announce writes the record of a sandbox in one step, so that no reader sees half of it.
func (d Directory) Announce(sandbox string, record Record) error {
	path, err := d.file(sandbox, recordSuffix)
	if err != nil {
		return err
	}
	data, err := json.Marshal(record)
	if err != nil {
		return err
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// Withdraw removes the record of a sandbox; one that is not there is no error.
func (d Directory) Withdraw(sandbox string) error {
	for _, suffix := range []string{readySuffix, recordSuffix} {
		path, err := d.file(sandbox, suffix)
		if err != nil {
			return err
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// All reads every record, by sandbox. Files that vanish meanwhile are left out.
func (d Directory) All() (map[string]Record, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, err
	}
	records := make(map[string]Record)
	for _, entry := range entries {
		sandbox, isRecord := strings.CutSuffix(entry.Name(), recordSuffix)
		if !isRecord {
			continue
		}
		data, err := os.ReadFile(filepath.Join(string(d), entry.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var record Record
		if err := json.Unmarshal(data, &record); err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		records[sandbox] = record
	}
	return records, nil
}

// Confirm tells the waiting plugin that the rules for the sandbox are in place.
func (d Directory) Confirm(sandbox string) error {
	path, err := d.file(sandbox, readySuffix)
	if err != nil {
		return err
	}
	return os.WriteFile(path, nil, 0o600)
}

// Await returns when the sandbox was confirmed, or an error after the timeout.
func (d Directory) Await(sandbox string, timeout time.Duration) error {
	path, err := d.file(sandbox, readySuffix)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(timeout); ; time.Sleep(pollInterval) {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the network policy enforcer did not confirm the pod within %s", timeout)
		}
	}
}
