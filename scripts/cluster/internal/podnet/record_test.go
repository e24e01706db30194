package podnet

import (
	"net/netip"
	"testing"
	"time"
)

func TestAnnouncedRecordIsReadBack(t *testing.T) {
	directory := Directory(t.TempDir())
	want := Record{Namespace: "a", Name: "b", UID: "c", Address: netip.MustParseAddr("10.244.0.9")}
	if err := directory.Announce("sandbox", want); err != nil {
		t.Fatal(err)
	}
	records, err := directory.All()
	if err != nil || len(records) != 1 || records["sandbox"] != want {
		t.Fatalf("got %v, %v", records, err)
	}
}

func TestWithdrawnRecordIsGoneAndWithdrawingAgainIsNoError(t *testing.T) {
	directory := Directory(t.TempDir())
	if err := directory.Announce("sandbox", Record{}); err != nil {
		t.Fatal(err)
	}
	if err := directory.Confirm("sandbox"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := directory.Withdraw("sandbox"); err != nil {
			t.Fatal(err)
		}
	}
	if records, err := directory.All(); err != nil || len(records) != 0 {
		t.Fatalf("got %v, %v", records, err)
	}
	if err := directory.Await("sandbox", 0); err == nil {
		t.Fatal("a withdrawn sandbox counts as confirmed")
	}
}

func TestAwaitEndsWhenConfirmed(t *testing.T) {
	directory := Directory(t.TempDir())
	time.AfterFunc(20*time.Millisecond, func() {
		if err := directory.Confirm("sandbox"); err != nil {
			t.Error(err)
		}
	})
	if err := directory.Await("sandbox", time.Minute); err != nil {
		t.Fatal(err)
	}
}

func TestAwaitGivesUp(t *testing.T) {
	if err := Directory(t.TempDir()).Await("sandbox", 10*time.Millisecond); err == nil {
		t.Fatal("nobody confirmed")
	}
}

func TestSandboxIdCannotLeaveTheDirectory(t *testing.T) {
	directory := Directory(t.TempDir())
	for _, id := range []string{"", "../x", "a/b", ".."} {
		if err := directory.Announce(id, Record{}); err == nil {
			t.Errorf("%q was accepted", id)
		}
	}
}
