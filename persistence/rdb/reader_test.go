package rdb_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/redoubtdb/redoubt/persistence/rdb"
)

func TestRoundTrip(t *testing.T) {
	m := newModel()
	m.keys = sample()
	m.aux = map[string]string{"redis-ver": "7.0.15", "binary": "\x00\xff"}
	file := m.write(t)
	for name, r := range map[string]io.Reader{
		"whole":     bytes.NewReader(file),
		"bytes":     iotest.OneByteReader(bytes.NewReader(file)),
		"early EOF": iotest.DataErrReader(bytes.NewReader(file)),
	} {
		got := newModel()
		reader := rdb.NewReader(r)
		if err := reader.Read(got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		compareKeys(t, got.keys, m.keys)
		if len(got.aux) != 2 || got.aux["binary"] != "\x00\xff" {
			t.Errorf("%s: auxiliary fields %q", name, got.aux)
		}
		if reader.Offset() != int64(len(file)) {
			t.Errorf("%s: read %d of %d bytes", name, reader.Offset(), len(file))
		}
	}
}

// smallFile holds one key of each kind.
func smallFile(t testing.TB) []byte {
	t.Helper()
	m := newModel()
	m.aux["a"] = "b"
	for name, k := range sample() {
		if strings.HasSuffix(name, ":5x20") || name == "string:expires" || name == "zset:scores" {
			m.keys[name] = k
		}
	}
	return m.write(t)
}

func TestTruncatedFileIsRefused(t *testing.T) {
	file := smallFile(t)
	for n := range file {
		checkRefused(t, file[:n], rdb.ErrTruncated, "")
	}
}

func TestFlippedBitIsRefused(t *testing.T) {
	file := smallFile(t)
	for i := range file {
		for bit := range 8 {
			damaged := bytes.Clone(file)
			damaged[i] ^= 1 << bit
			if _, err := readModel(damaged); err == nil {
				t.Errorf("byte %d, bit %d: no error", i, bit)
			}
		}
	}
}

// checkRefused wants an *Error that wraps target and whose text has a part.
func checkRefused(t *testing.T, file []byte, target error, part string) {
	t.Helper()
	_, err := readModel(file)
	var located *rdb.Error
	if !errors.As(err, &located) || !errors.Is(err, target) || !strings.Contains(err.Error(), part) {
		t.Errorf("%d bytes: got error %v, want %v %s", len(file), err, target, part)
	} else if located.Offset < 0 || located.Offset > int64(len(file)) {
		t.Errorf("offset %d of %d", located.Offset, len(file))
	}
}

func TestDamageHasItsError(t *testing.T) {
	const head = "REDIS0010"
	tests := []struct {
		name, file string
		want       error
		part       string
	}{
		{"other file", "MZ\x90\x00 something else", rdb.ErrCorrupt, "no dump file"},
		{"version letters", "REDISabcd", rdb.ErrCorrupt, "version"},
		{"newer version", "REDIS0011\xff", rdb.ErrUnsupported, "version 11"},
		{"unknown type", head + "\x20\x01k", rdb.ErrCorrupt, "type 32"},
		{"bad length", head + "\x00\x85", rdb.ErrCorrupt, "length"},
		{"bad string encoding", head + "\x00\xc4", rdb.ErrCorrupt, "string encoding"},
		{"empty list", head + "\x01\x01k\x00", rdb.ErrCorrupt, "empty list"},
		{"module", head + "\x07\x01k", rdb.ErrUnsupported, "module"},
		{"module data", head + "\xf7\x01k", rdb.ErrUnsupported, "module"},
		{"zipmap", head + "\x09\x01k", rdb.ErrUnsupported, "zipmap"},
		{"checksum", head + "\xff12345678", rdb.ErrChecksum, "checksum"},
		{"huge string", head + "\x00\x81\xff\xff\xff\xff\xff\xff\xff\xff", rdb.ErrCorrupt, "string of"},
		{"score", head + "\x05\x01k\x01\x01m\x01\x00\x00\x00\x00\x00\xf8\x7f", rdb.ErrCorrupt, "not a number"},
		{"intset", head + "\x0b\x01k\x09\x03\x00\x00\x00\x01\x00\x00\x00x", rdb.ErrCorrupt, "integers of 3 bytes"},
		{"intset size", head + "\x0b\x01k\x0a\x02\x00\x00\x00\x02\x00\x00\x0012", rdb.ErrCorrupt, "2 integers"},
		{"half a pair", head + "\x10\x01k\x0a" + "\x0a\x00\x00\x00\x01\x00" + "\x81a\x02" + "\xff", rdb.ErrCorrupt, "half an element"},
		{"listpack without end", head + "\x10\x01k\x09" + "\x09\x00\x00\x00\x01\x00" + "\x81a\x02", rdb.ErrCorrupt, "no end"},
		{"list node", head + "\x12\x01k\x01\x07\x01x", rdb.ErrCorrupt, "list node"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkRefused(t, []byte(tt.file), tt.want, tt.part) })
	}
}

// A file that announces gigabytes and ends must not cost gigabytes.
func TestMemoryFollowsBytesRead(t *testing.T) {
	const head = "REDIS0010"
	length := string(binary.BigEndian.AppendUint32([]byte{0x80}, 1<<31))
	for name, file := range map[string]string{
		"string":     head + "\x00\x01k" + length + "abc",
		"compressed": head + "\x00\x01k\xc3" + length + length + "abc",
		"inflated":   head + "\x00\x01k\xc3\x03" + length + "\x00a\x01",
		"list":       head + "\x01\x01k" + length + "\x01a",
		"name":       head + "\x01" + length + "\x01a",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := readModel([]byte(file)); err == nil {
			t.Errorf("%s: no error", name)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes allocated", name, used)
		}
	}
}

func TestHandlerErrorComesBackAsItIs(t *testing.T) {
	want := errors.New("mine")
	err := rdb.NewReader(bytes.NewReader(smallFile(t))).Read(&failing{newModel(), want})
	if err != want {
		t.Errorf("got %v", err)
	}
}

type failing struct {
	*model
	err error
}

func (f *failing) EndKey() error { return f.err }

func TestChecksumZeroIsNotChecked(t *testing.T) {
	file := smallFile(t)
	copy(file[len(file)-8:], make([]byte, 8))
	if _, err := readModel(file); err != nil {
		t.Error(err)
	}
}

func TestReaderError(t *testing.T) {
	want := errors.New("disk")
	file := smallFile(t)
	r := io.MultiReader(bytes.NewReader(file[:50]), iotest.ErrReader(want))
	if err := rdb.NewReader(r).Read(newModel()); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
}

// Auxiliary fields may stand between keys; they are told in their place.
func TestAuxBetweenKeys(t *testing.T) {
	var buf bytes.Buffer
	w := rdb.NewWriter(&buf)
	w.Header(rdb.Version)
	w.Aux("first", []byte("1"))
	w.SelectDB(0)
	for _, key := range []string{"a", "b"} {
		w.Aux("before", []byte(key))
		w.Expire(farFuture)
		w.String([]byte(key), []byte("v"))
	}
	w.Aux("last", nil)
	if err := w.Footer(); err != nil {
		t.Fatal(err)
	}
	checkFile(t, buf.Bytes())
	o := &order{model: newModel()}
	if err := rdb.NewReader(&buf).Read(o); err != nil {
		t.Fatal(err)
	}
	const want = "first=1 before=a a before=b b last="
	if got := strings.Join(o.seen, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// order notes in which order it is told things.
type order struct {
	*model
	seen []string
}

func (o *order) Aux(name, value []byte) error {
	o.seen = append(o.seen, string(name)+"="+string(value))
	return nil
}

func (o *order) BeginKey(k rdb.Key) error {
	o.seen = append(o.seen, string(k.Name))
	return o.model.BeginKey(k)
}
