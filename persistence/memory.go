package persistence

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
)

// Memory is a Storage without files, for tests: it has Dir's semantics, starts
// no goroutine, and outlives the node that uses it. After Close (a clean stop)
// it may be used again at once, as a disk is by the next process; after Crash or
// PowerCut it answers ErrClosed until Reopen, so that what is left of the old node
// cannot write. What the crash of a process and of a machine may leave behind is
// in memory_unfinished.go.
type Memory struct {
	mu         sync.Mutex // guards what follows, and all that stands in groups
	down       bool
	fault      Fault
	config     []byte // nil: there is none
	files      map[string][]byte
	groups     map[string]*memoryGroup
	unfinished []*unfinished
	rng        *rand.Rand
}

// Fault is a test's hook, called before each write with what it does
// ("config", "file", "log", "stable", "snapshot") and the group's or file's
// name. It may sleep, as a slow disk would, and its error fails the write.
type Fault func(what, name string) error

var _ Storage = (*Memory)(nil)

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{files: map[string][]byte{}, groups: map[string]*memoryGroup{}, rng: rand.New(rand.NewPCG(1, 1))}
}

// SetFault sets the hook, or takes it away (nil).
func (m *Memory) SetFault(f Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = f
}

// Crash cuts off the node that uses the Memory, at once: everything it has open, and
// the Memory itself, fails with ErrClosed from now on. What was acknowledged stays.
// Snapshots being written are lost.
func (m *Memory) Crash() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.crash()
}

func (m *Memory) crash() {
	m.land(nil)
	m.closeGroups()
	m.down = true
}

// Reopen makes a crashed Memory usable again.
func (m *Memory) Reopen() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = false
}

// Close closes all groups.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.land(nil)
	m.closeGroups()
	return nil
}

func (m *Memory) closeGroups() {
	for _, g := range m.groups {
		g.session = nil
	}
}

// LoadConfig returns the configuration file.
func (m *Memory) LoadConfig() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return nil, ErrClosed
	}
	if m.config == nil {
		return nil, fmt.Errorf("configuration file: %w", fs.ErrNotExist)
	}
	return bytes.Clone(m.config), nil
}

// SaveConfig replaces the configuration file.
func (m *Memory) SaveConfig(b []byte) error {
	return m.write("config", "", func() { m.config = append([]byte{}, b...) })
}

// ReadFile returns a file of the data directory.
func (m *Memory) ReadFile(name string) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return nil, ErrClosed
	}
	b, ok := m.files[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return bytes.Clone(b), nil
}

// WriteFile replaces a file of the data directory.
func (m *Memory) WriteFile(name string, b []byte) error {
	if err := checkName(name); err != nil {
		return err
	}
	return m.write("file", name, func() { m.files[name] = append([]byte{}, b...) })
}

// write asks the hook, then changes something.
func (m *Memory) write(what, name string, change func()) error {
	u := m.beginWrite(nil, perhaps(change))
	err := m.ask(what, name)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case !m.endWrite(u):
		return ErrClosed
	case err != nil:
		u.part(m.rng)
		return err
	}
	change()
	return nil
}

// ask calls the hook, without the lock: it may sleep.
func (m *Memory) ask(what, name string) error {
	m.mu.Lock()
	fault := m.fault
	m.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(what, name)
}

// OpenGroup opens a group.
func (m *Memory) OpenGroup(name string, o GroupOptions) (*GroupStore, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s, err := m.begin(name, o)
	if err != nil {
		return nil, fmt.Errorf("open group %s: %w", name, err)
	}
	g := &guard{onFailure: o.OnFailure}
	store := &GroupStore{
		Log:       &guardedLog{LogStore: &memoryLog{s}, guard: g},
		Stable:    &guardedStable{StableStore: &memoryStable{s}, guard: g},
		Snapshots: &memorySnapshots{s},
		Close:     s.close,
	}
	if err := reconcile(store.Log, store.Snapshots, 0); err != nil {
		s.close()
		return nil, fmt.Errorf("open group %s: %w", name, err)
	}
	return store, nil
}

// begin makes the group if need be and starts a session of it.
func (m *Memory) begin(name string, o GroupOptions) (*memorySession, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return nil, ErrClosed
	}
	g := m.groups[name]
	if g == nil {
		g = &memoryGroup{name: name, stable: map[string][]byte{}}
		m.groups[name] = g
	}
	if g.session != nil {
		return nil, ErrGroupOpen
	}
	g.session = &memorySession{memory: m, group: g, options: o}
	return g.session, nil
}

// RemoveGroup deletes a group.
func (m *Memory) RemoveGroup(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return ErrClosed
	}
	if g := m.groups[name]; g != nil && g.session != nil {
		return fmt.Errorf("remove group %s: %w", name, ErrGroupOpen)
	}
	delete(m.groups, name)
	return nil
}

// GroupNames lists the groups.
func (m *Memory) GroupNames() ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return nil, ErrClosed
	}
	return sortedNames(m.groups), nil
}

func sortedNames(groups map[string]*memoryGroup) []string { return slices.Sorted(maps.Keys(groups)) }
