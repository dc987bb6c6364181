package main

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestRequests(t *testing.T) {
	const set = "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000001230\r\n$32\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"
	if got := string(appendSet(nil, 1230)); got != set {
		t.Errorf("SET is %q", got)
	}
	if got := string(appendGet([]byte("before "), 999_999_999_999)); got != "before *2\r\n$3\r\nGET\r\n$16\r\nkey:999999999999\r\n" {
		t.Errorf("GET is %q", got)
	}
	if got := keyName(0); got != "key:000000000000" {
		t.Errorf("key %q", got)
	}
	if want := strings.Repeat("x", valueBytes); !strings.Contains(setTail, want) || strings.Contains(setTail, want+"x") {
		t.Errorf("the value of SET is not %d bytes long", valueBytes)
	}
}

func TestSkip(t *testing.T) {
	w := &wire{rd: bufio.NewReader(strings.NewReader("+OK\r\n:1\r\n$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n-MOVED 1 h:1\r\n$-1\r\n"))}
	for i, want := range []string{"", "", "", "", "", "MOVED 1 h:1", ""} {
		err := w.skip()
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("reply %d: %v, want %q", i, err, want)
		}
		if want != "" && !errors.As(err, new(refusal)) {
			t.Errorf("reply %d is no refusal", i)
		}
	}
	if err := w.skip(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	for _, text := range []string{"*1\r\n$1\r\na\r\n", "\r\n", "$x\r\n", "$5\r\nab\r\n", "hello\r\n"} {
		w := &wire{rd: bufio.NewReader(strings.NewReader(text))}
		if err := w.skip(); err == nil {
			t.Errorf("%q passes for a reply", text)
		}
	}
}
