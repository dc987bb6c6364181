package rdb_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/persistence/rdb"
)

// TestWriterBytes fixes the bytes, so that a change of the format cannot slip in.
func TestWriterBytes(t *testing.T) {
	m := newModel()
	m.aux["k"] = "v"
	m.keys["s"] = modelKey{kind: rdb.String, elements: []string{"x"}, expire: 1}
	m.keys["z"] = modelKey{kind: rdb.ZSet, elements: []string{"m=1"}}
	const want = "REDIS0010" + "\xfa\x01k\x01v" + "\xfe\x00" + "\xfb\x02\x00" +
		"\xfc\x01\x00\x00\x00\x00\x00\x00\x00" + "\x00\x01s\x01x" +
		"\x05\x01z\x01\x01m\x00\x00\x00\x00\x00\x00\xf0\x3f" + "\xff"
	got := string(m.write(t))
	if !strings.HasPrefix(got, want) || len(got) != len(want)+8 {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestWriterKeepsFirstError has the second write of a full disk succeed.
func TestWriterKeepsFirstError(t *testing.T) {
	want := errors.New("disk full")
	w := rdb.NewWriter(&failOnce{err: want})
	w.Header(rdb.Version)
	for range 3 {
		w.String([]byte("k"), make([]byte, 100000))
	}
	if !errors.Is(w.Err(), want) || !errors.Is(w.Footer(), want) {
		t.Errorf("got %v", w.Err())
	}
}

type failOnce struct{ err error }

func (f *failOnce) Write(b []byte) (int, error) {
	err := f.err
	f.err = nil
	return len(b), err
}

func TestWriterMisuse(t *testing.T) {
	for name, misuse := range map[string]func(w *rdb.Writer){
		"empty collection":  func(w *rdb.Writer) { w.BeginSet([]byte("k"), 0) },
		"too few elements":  func(w *rdb.Writer) { w.BeginSet([]byte("k"), 2); w.Element(nil); w.Footer() },
		"too many elements": func(w *rdb.Writer) { w.BeginSet([]byte("k"), 1); w.Element(nil); w.Element(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			misuse(rdb.NewWriter(new(strings.Builder)))
		})
	}
}
