package replica

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// list is a state machine that remembers every entry.
type list struct {
	mu      sync.Mutex
	entries []string
	index   uint64
	term    uint64
	config  Configuration
	restore int   // how many snapshots were restored
	halted  error // set by the entry "halt"
	onApply func(index uint64, entry string)
	tear    bool // Restore fails half-way
}

func (l *list) Apply(index, term uint64, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if index <= l.index || term < l.term {
		panic(fmt.Sprintf("entry %d of term %d after %d of %d", index, term, l.index, l.term))
	}
	l.index, l.term = index, term
	if string(data) == "halt" {
		l.halted = errors.New("told to halt")
		return
	}
	l.entries = append(l.entries, string(data))
	if l.onApply != nil {
		l.onApply(index, string(data))
	}
}

func (l *list) Halted() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.halted
}

func (l *list) ConfigurationCommitted(_ uint64, c Configuration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.config = c
}

type listSnapshot struct {
	Index, Term uint64
	Entries     []string
}

func (s *listSnapshot) Write(w io.Writer) error { return json.NewEncoder(w).Encode(s) }
func (s *listSnapshot) Release()                {}

func (l *list) Snapshot() (Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return &listSnapshot{l.index, l.term, slices.Clone(l.entries)}, nil
}

func (l *list) Restore(r io.Reader) error {
	var s listSnapshot
	if err := json.NewDecoder(r).Decode(&s); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tear {
		l.entries = s.Entries[:len(s.Entries)/2]
		return errors.New("torn")
	}
	l.entries, l.index, l.term = s.Entries, s.Index, s.Term
	l.restore++
	return nil
}

// has says whether an entry was applied; only the latest few are looked at,
// the caller asks for recent ones.
func (l *list) has(entry string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Contains(l.entries[max(0, len(l.entries)-200):], entry)
}

func (l *list) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.entries), func(e string) bool { return e == newTerm })
}
