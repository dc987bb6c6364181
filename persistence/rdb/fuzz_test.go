package rdb_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/persistence/rdb"
)

// realFiles were written by redis-server 7.0.15.
func realFiles(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/redis-*.rdb")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in testdata: %v", err)
	}
	files := map[string][]byte{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(p)] = b
	}
	return files
}

func TestReadRealFiles(t *testing.T) {
	for name, file := range realFiles(t) {
		m, err := readModel(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := sample()
		for key, k := range m.keys {
			compareKeys(t, map[string]modelKey{key: k}, map[string]modelKey{key: want[key]})
		}
		if len(m.keys) < 50 {
			t.Errorf("%s: %d keys", name, len(m.keys))
		}
	}
}

// FuzzReader checks that no file makes Reader panic, that it never tells more
// bytes than it could have read, and that what it accepts can be written and
// read again to the same.
func FuzzReader(f *testing.F) {
	for _, seed := range smallSeeds(f) {
		f.Add(seed)
	}
	f.Add(smallFile(f))
	for _, seed := range corpus(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) >= 8 {
			copy(file[len(file)-8:], make([]byte, 8)) // no checksum: else nothing else is ever tried
		}
		m := newModel()
		counted := &counter{model: m}
		err := rdb.NewReader(bytes.NewReader(file)).Read(counted)
		// A byte of the file gives 88 at the most: three bytes of LZF copy 264.
		if limit := 100 * len(file); counted.bytes > limit {
			t.Errorf("%d bytes told of a file of %d", counted.bytes, len(file))
		}
		if err != nil || hasEquals(m) {
			return
		}
		again, err := readModel(m.write(t))
		if err != nil {
			t.Fatal(err)
		}
		compareKeys(t, again.keys, inFirstDB(m.keys))
	})
}

// corpus is what the fuzzer has found so far that takes ways of its own through the reader: a
// quoted file a line.
func corpus(t testing.TB) [][]byte {
	t.Helper()
	b, err := os.ReadFile("testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	var files [][]byte
	for line := range strings.Lines(string(b)) {
		file, err := strconv.Unquote(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		files = append(files, []byte(file))
	}
	return files
}

// smallSeeds are files of one small key each.
func smallSeeds(t testing.TB) [][]byte {
	const head, checksum = "REDIS0010", "\xff\x00\x00\x00\x00\x00\x00\x00\x00"
	const twoInListpack = "\x0c\x0c\x00\x00\x00\x02\x00\x81a\x02\x05\x01\xff"
	const maxSeedBytes = 150
	var seeds [][]byte
	for _, body := range []string{
		"\xfa\x01a\x01b\xfe\x00\xfb\x01\x00\xfc\x01\x00\x00\x00\x00\x00\x00\x00\xf8\x05\xf9\x05\x00\x01k\xc0\x05",
		"\x00\x01k\xc3\x05\x0a\x00a\xe0\x00\x00",
		"\x0b\x01k\x0a\x02\x00\x00\x00\x01\x00\x00\x00\x05\x00",
		"\x10\x01k" + twoInListpack, "\x11\x01k" + twoInListpack,
		"\x12\x01k\x02\x02" + twoInListpack + "\x01\x01x",
		"\x03\x01k\x02\x01a\x031.5\x01b\xfe",
	} {
		seeds = append(seeds, []byte(head+body+checksum))
	}
	for name, k := range sample() {
		m := newModel()
		m.keys[name] = k
		if file := m.write(t); len(file) < maxSeedBytes {
			seeds = append(seeds, file)
		}
	}
	for _, w := range [][]string{{"a", "1"}, {"100", "-5"}, {"f", "100000"}} {
		b := appendBlob([]byte(head+"\x0d\x01k"), ziplistOf(w))
		seeds = append(seeds, append(b, checksum...))
	}
	return seeds
}

// TestSmallSeeds keeps the seeds valid, else they would lead the fuzzer nowhere.
func TestSmallSeeds(t *testing.T) {
	for _, seed := range smallSeeds(t) {
		if _, err := readModel(seed); err != nil {
			t.Errorf("%q: %v", seed, err)
		}
	}
}

// counter counts the bytes told.
type counter struct {
	*model
	bytes int
}

func (c *counter) Element(e rdb.Element) error {
	c.bytes += len(e.A) + len(e.B)
	return c.model.Element(e)
}

// hasEquals tells whether a model's text form is ambiguous: it has '=' in fields
// or members.
func hasEquals(m *model) bool {
	for _, k := range m.keys {
		for _, e := range k.elements {
			if (k.kind == rdb.Hash || k.kind == rdb.ZSet) && bytes.Count([]byte(e), []byte("=")) != 1 {
				return true
			}
		}
	}
	return false
}

// inFirstDB drops the database and what a file may say and Writer does not.
func inFirstDB(keys map[string]modelKey) map[string]modelKey {
	for name, k := range keys {
		k.db = 0
		keys[name] = k
	}
	return keys
}

func BenchmarkWriter(b *testing.B) {
	key, value := []byte("key:000000000001"), make([]byte, 32)
	w := rdb.NewWriter(discard{})
	b.SetBytes(int64(len(key) + len(value)))
	b.ReportAllocs()
	for range b.N {
		w.Expire(math.MaxInt32)
		w.String(key, value)
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func BenchmarkReader(b *testing.B) {
	const keys = 10000
	var buf bytes.Buffer
	w := rdb.NewWriter(&buf)
	w.Header(rdb.Version)
	for range keys {
		w.String([]byte("key:000000000001"), make([]byte, 32))
	}
	if err := w.Footer(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(buf.Len()) / keys)
	b.ReportAllocs()
	for i := 0; i < b.N; i += keys {
		if err := rdb.NewReader(bytes.NewReader(buf.Bytes())).Read(nothing{}); err != nil {
			b.Fatal(err)
		}
	}
}

// nothing is a Handler that does nothing.
type nothing struct{}

func (nothing) Aux([]byte, []byte) error         { return nil }
func (nothing) ResizeDB(int, int64, int64) error { return nil }
func (nothing) BeginKey(rdb.Key) error           { return nil }
func (nothing) Element(rdb.Element) error        { return nil }
func (nothing) EndKey() error                    { return nil }
