package persistence

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
)

func TestSnapshotRoundTrip(t *testing.T) {
	forEachGroup(t, GroupOptions{}, func(t *testing.T, reopen func() *GroupStore) {
		g := reopen()
		if got := ids(t, g.Snapshots); len(got) != 0 {
			t.Fatalf("snapshots %q", got)
		}
		data := strings.Repeat("state", 100000)
		id := addSnapshot(t, g.Snapshots, 7, 3, data)
		for range 2 {
			meta, got, err := readSnapshot(g.Snapshots, id)
			check(t, err)
			if got != data {
				t.Errorf("%d bytes, want %d", len(got), len(data))
			}
			servers := meta.Configuration.Servers
			if meta.Version != 1 || meta.ID != id || meta.Index != 7 || meta.Term != 3 || meta.ConfigurationIndex != 6 ||
				meta.Size != int64(len(data)) || !slices.Equal(servers, testConfiguration().Servers) {
				t.Errorf("got %+v", meta)
			}
			g = reopen()
		}
		if _, _, err := g.Snapshots.Open("1-1-1"); !errors.Is(err, ErrNoSnapshot) {
			t.Errorf("no such snapshot: %v", err)
		}
		if _, _, err := g.Snapshots.Open("../" + id); !errors.Is(err, ErrNoSnapshot) {
			t.Errorf("no id: %v", err)
		}
	})
}

func TestSnapshotsAreKeptNewestFirst(t *testing.T) {
	forEachGroup(t, GroupOptions{RetainSnapshots: 3}, func(t *testing.T, reopen func() *GroupStore) {
		g := reopen()
		a := addSnapshot(t, g.Snapshots, 9, 1, "a")
		b := addSnapshot(t, g.Snapshots, 10, 1, "b")
		again := addSnapshot(t, g.Snapshots, 10, 1, "same index and term")
		if got := ids(t, g.Snapshots); !slices.Equal(got, []string{again, b, a}) {
			t.Errorf("got %q, want %q", got, []string{again, b, a})
		}
		c := addSnapshot(t, g.Snapshots, 11, 2, "c")
		want := []string{c, again, b}
		if got := ids(t, g.Snapshots); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := ids(t, reopen().Snapshots); !slices.Equal(got, want) {
			t.Errorf("reopened: got %q, want %q", got, want)
		}
	})
}

// A snapshot that is being sent must not be pulled away from its reader.
func TestReaderOutlivesItsSnapshot(t *testing.T) {
	forEachGroup(t, GroupOptions{RetainSnapshots: 1}, func(t *testing.T, reopen func() *GroupStore) {
		g := reopen()
		data := strings.Repeat("old", disposeBytes) // some pieces
		_, r, err := g.Snapshots.Open(addSnapshot(t, g.Snapshots, 1, 1, data))
		check(t, err)
		defer r.Close()
		addSnapshot(t, g.Snapshots, 2, 1, "new")
		b, err := io.ReadAll(r)
		if err != nil || string(b) != data {
			t.Errorf("%d bytes, %v", len(b), err)
		}
	})
}

func TestRefusedSnapshotLeavesNothing(t *testing.T) {
	refusal := errors.New("a witness's marker")
	o := GroupOptions{CheckSnapshot: func(r io.Reader) error {
		b, err := io.ReadAll(r)
		if err == nil && bytes.Equal(b, []byte("bad")) {
			return refusal
		}
		return err
	}}
	forEachGroup(t, o, func(t *testing.T, reopen func() *GroupStore) {
		g := reopen()
		good := addSnapshot(t, g.Snapshots, 1, 1, "good")
		sink := beginSnapshot(t, g.Snapshots, 2, 1)
		_, err := sink.Write([]byte("bad"))
		check(t, err)
		for range 2 {
			if err := sink.Close(); !errors.Is(err, ErrSnapshotRefused) || !errors.Is(err, refusal) {
				t.Errorf("Close: %v", err)
			}
		}
		check(t, sink.Cancel())
		if got := ids(t, g.Snapshots); !slices.Equal(got, []string{good}) {
			t.Errorf("snapshots %q", got)
		}
		if got := ids(t, reopen().Snapshots); !slices.Equal(got, []string{good}) {
			t.Errorf("reopened: snapshots %q", got)
		}
	})
}

func TestUnfinishedSnapshotsLeaveNothing(t *testing.T) {
	forEachGroup(t, GroupOptions{}, func(t *testing.T, reopen func() *GroupStore) {
		g := reopen()
		cancelled := beginSnapshot(t, g.Snapshots, 1, 1)
		check(t, cancelled.Cancel())
		check(t, cancelled.Cancel())
		if _, err := cancelled.Write([]byte("x")); err == nil {
			t.Error("written after Cancel")
		}
		abandoned := beginSnapshot(t, g.Snapshots, 2, 1)
		_, err := abandoned.Write([]byte("half"))
		check(t, err)
		if got := ids(t, g.Snapshots); len(got) != 0 {
			t.Errorf("snapshots %q", got)
		}
		if got := ids(t, reopen().Snapshots); len(got) != 0 {
			t.Errorf("reopened: snapshots %q", got)
		}
	})
}

func TestSnapshotOfUnknownVersion(t *testing.T) {
	forEachGroup(t, GroupOptions{}, func(t *testing.T, reopen func() *GroupStore) {
		if _, err := reopen().Snapshots.Create(0, 1, 1, raft.Configuration{}, 1, nil); err == nil {
			t.Error("no error")
		}
	})
}
