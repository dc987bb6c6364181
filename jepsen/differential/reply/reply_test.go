package reply

import "testing"

func TestParse(t *testing.T) {
	for _, raw := range []string{
		"+OK\r\n", "$-1\r\n", "$3\r\na\r\n\r\n", "*2\r\n:1\r\n*-1\r\n", "%1\r\n$1\r\na\r\n,1.5\r\n", "_\r\n", "=5\r\ntxt:x\r\n",
	} {
		if v, err := Parse([]byte(raw)); err != nil || string(v.Raw) != raw {
			t.Errorf("%q: got %q, %v", raw, v.Raw, err)
		}
	}
	for _, raw := range []string{"", "+OK", "$3\r\na\r\n", "*2\r\n:1\r\n", "?\r\n", ":1\r\n:2\r\n"} {
		if v, err := Parse([]byte(raw)); err == nil {
			t.Errorf("%q: got %q, want an error", raw, v.Raw)
		}
	}
}
