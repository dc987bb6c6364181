package command_test

import (
	"strings"
	"testing"
)

// TestTouches: a command changes the revision of a key, which WATCH compares,
// exactly when the key changed.
func TestTouches(t *testing.T) {
	const key = "k{t}"
	tests := []struct {
		setup   string // requests separated by ';'
		request string
		touches bool
	}{
		{"", "SET k{t} v", true},
		{"SET k{t} v", "SET k{t} v", true},
		{"SET k{t} v", "SET k{t} w NX", false},
		{"", "SET k{t} w XX", false},
		{"SET k{t} v", "SET k{t} w EX abc", false},
		{"RPUSH k{t} a", "SET k{t} w GET", false},
		{"SET k{t} v", "SETNX k{t} w", false},
		{"SET k{t} v", "SETEX k{t} 0 w", false},
		{"SET k{t} v", "GETSET k{t} v", true},
		{"RPUSH k{t} a", "GETSET k{t} v", false},
		{"SET k{t} v", "GETDEL k{t}", true},
		{"RPUSH k{t} a", "GETDEL k{t}", false},
		{"SET k{t} v", "GETEX k{t}", false},
		{"SET k{t} v", "GETEX k{t} PERSIST", false},
		{"SET k{t} v EX 100", "GETEX k{t} PERSIST", true},
		{"SET k{t} v", "GETEX k{t} EX 100", true},
		{"SET k{t} v", "GETEX k{t} EX 0", false},
		{"SET k{t} v", "GETEX k{t} EXAT 1", true},
		{"", "MSET a{t} 1 k{t} 2", true},
		{"SET a{t} 1", "MSETNX k{t} 2 a{t} 2", false},
		{"", "MSET a{t} 1 k{t}", false},
		{"", "APPEND k{t} v", true},
		{"SET k{t} v", "APPEND k{t} w", true},
		{"RPUSH k{t} a", "APPEND k{t} w", false},
		{"SET k{t} v", "SETRANGE k{t} 1 w", true},
		{"SET k{t} v", "SETRANGE k{t} -1 w", false},
		{"SET k{t} v", "SETRANGE k{t} 536870912 w", false},
		{`SET k{t} v`, `SETRANGE k{t} 0 ""`, false},
		{"", `SETRANGE k{t} 0 ""`, false},
		{"SET k{t} 1", "INCR k{t}", true},
		{"SET k{t} 1", "INCRBY k{t} 0", true},
		{"SET k{t} a", "INCR k{t}", false},
		{"SET k{t} 9223372036854775807", "INCR k{t}", false},
		{"SET k{t} 1", "INCRBYFLOAT k{t} 0.5", true},
		{"SET k{t} 1", "INCRBYFLOAT k{t} inf", false},
		{"SET k{t} v", "DEL k{t}", true},
		{"", "DEL k{t}", false},
		{"SET k{t} v", "EXPIRE k{t} 100", true},
		{"SET k{t} v", "EXPIRE k{t} 100 XX", false},
		{"SET k{t} v", "EXPIRE k{t} -1", true},
		{"SET k{t} v", "EXPIRE k{t} abc", false},
		{"SET k{t} v EX 100", "PERSIST k{t}", true},
		{"SET k{t} v", "PERSIST k{t}", false},
		{"SET k{t} v", "RENAME k{t} a{t}", true},
		{"SET a{t} v", "RENAME a{t} k{t}", true},
		{"SET k{t} v", "RENAME k{t} k{t}", false},
		{"SET k{t} v", "RENAME a{t} k{t}", false},
		{"SET k{t} v;SET a{t} v", "RENAMENX a{t} k{t}", false},
		{"SET k{t} v;SET a{t} v", "RENAMENX k{t} a{t}", false},
		{"SET k{t} v", "COPY k{t} a{t}", false},
		{"SET k{t} v;SET a{t} v", "COPY a{t} k{t}", false},
		{"SET k{t} v;SET a{t} v", "COPY a{t} k{t} REPLACE", true},
		{"SET k{t} v", "COPY k{t} k{t} REPLACE", false},
		{"SET k{t} v", "FLUSHALL", true},
		{"SET k{t} v", "FLUSHALL foo", false},
		{"SET k{t} v", "TOUCH k{t}", false},
		{"SET k{t} v", "GET k{t}", false},
	}
	for _, tt := range tests {
		now := int64(scenarioStart)
		e := newExecutor(t, 2, func() int64 { return now })
		for request := range strings.SplitSeq(tt.setup, ";") {
			if request != "" {
				e.do(mustSplit(t, request)...)
			}
		}
		now++
		before := e.machine.WatchKey([]byte(key))
		reply := string(e.do(mustSplit(t, tt.request)...))
		after := e.machine.WatchKey([]byte(key))
		if touched := before.Exists != after.Exists || before.Rev != after.Rev; touched != tt.touches {
			t.Errorf("%s; %s (reply %q): touched %v, want %v", tt.setup, tt.request, reply, touched, tt.touches)
		}
	}
}

func mustSplit(t *testing.T, line string) []string {
	t.Helper()
	words, err := splitWords(line)
	if err != nil {
		t.Fatal(err)
	}
	return words
}
