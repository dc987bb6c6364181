package rdb_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/redoubtdb/redoubt/persistence/rdb"
)

// model is what a file holds, as text, for comparing.
type model struct {
	aux  map[string]string
	keys map[string]modelKey

	name string // of the key at hand
	key  modelKey
	open bool
}

type modelKey struct {
	db       int
	kind     rdb.Kind
	expire   int64
	elements []string // of sets, hashes and sorted sets: sorted
}

func newModel() *model { return &model{aux: map[string]string{}, keys: map[string]modelKey{}} }

func (m *model) Aux(name, value []byte) error {
	m.aux[string(name)] = string(value)
	return nil
}

func (m *model) ResizeDB(int, int64, int64) error { return nil }

func (m *model) BeginKey(k rdb.Key) error {
	if m.open {
		return errors.New("BeginKey inside a key")
	}
	m.open, m.name = true, string(k.Name)
	m.key = modelKey{db: k.DB, kind: k.Kind, expire: k.ExpireMs}
	return nil
}

func (m *model) Element(e rdb.Element) error {
	if !m.open {
		return errors.New("Element outside a key")
	}
	s := string(e.A)
	switch m.key.kind {
	case rdb.Hash:
		s += "=" + string(e.B)
	case rdb.ZSet:
		s += "=" + scoreText(e.Score)
	}
	m.key.elements = append(m.key.elements, s)
	return nil
}

func (m *model) EndKey() error {
	if !m.open {
		return errors.New("EndKey outside a key")
	}
	m.open = false
	m.keys[m.name] = m.key.sorted()
	return nil
}

func (k modelKey) sorted() modelKey {
	if k.kind != rdb.List {
		slices.Sort(k.elements)
	}
	return k
}

func scoreText(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// write makes a file of the model's keys, in the order of their names.
func (m *model) write(t testing.TB) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := rdb.NewWriter(&buf)
	w.Header(rdb.Version)
	for _, name := range sortedKeys(m.aux) {
		w.Aux(name, []byte(m.aux[name]))
	}
	w.SelectDB(0)
	w.ResizeDB(len(m.keys), 0)
	for _, name := range sortedKeys(m.keys) {
		writeKey(w, name, m.keys[name])
	}
	if err := w.Footer(); err != nil {
		t.Fatal(err)
	}
	if w.Written() != int64(buf.Len()) {
		t.Fatalf("Written says %d, there are %d bytes", w.Written(), buf.Len())
	}
	return buf.Bytes()
}

func writeKey(w *rdb.Writer, name string, k modelKey) {
	if k.expire != 0 {
		w.Expire(k.expire)
	}
	key, n := []byte(name), len(k.elements)
	switch k.kind {
	case rdb.String:
		w.String(key, []byte(k.elements[0]))
	case rdb.List:
		w.BeginList(key, n)
	case rdb.Set:
		w.BeginSet(key, n)
	case rdb.Hash:
		w.BeginHash(key, n)
	case rdb.ZSet:
		w.BeginZSet(key, n)
	}
	for _, e := range k.elements {
		a, b, _ := bytes.Cut([]byte(e), []byte("="))
		switch k.kind {
		case rdb.List, rdb.Set:
			w.Element([]byte(e))
		case rdb.Hash:
			w.Pair(a, b)
		case rdb.ZSet:
			score, _ := strconv.ParseFloat(string(b), 64)
			w.Scored(a, score)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// compareKeys tells how two models differ.
func compareKeys(t *testing.T, got, want map[string]modelKey) {
	t.Helper()
	for _, name := range sortedKeys(want) {
		g, ok := got[name]
		if !ok {
			t.Errorf("%q is missing", name)
		} else if g.kind != want[name].kind || g.expire != want[name].expire || !slices.Equal(g.elements, want[name].elements) {
			t.Errorf("%q: got %.200q, want %.200q", name, fmt.Sprint(g), fmt.Sprint(want[name]))
		}
	}
	for _, name := range sortedKeys(got) {
		if _, ok := want[name]; !ok {
			t.Errorf("%q should not be there", name)
		}
	}
}

func readModel(b []byte) (*model, error) {
	m := newModel()
	return m, rdb.NewReader(bytes.NewReader(b)).Read(m)
}
