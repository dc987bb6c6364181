package main

import (
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const rest = " S 1 42 42 0 -1 4194560 1000 200 0 0 150 50 7 3 20 0 9 0 12345 1000000 250"
	for _, c := range []struct {
		text string
		want time.Duration
		says string
	}{
		{"42 (redis-server)" + rest, 2100 * time.Millisecond, ""},
		{"42 (a) 1 2 (b c)" + rest, 2100 * time.Millisecond, ""},
		{"42 (redis-server) S 1 2 3", 0, "4 fields"},
		{"", 0, "0 fields"},
		{strings.Replace("42 (a)"+rest, " 50 ", " x ", 1), 0, "invalid syntax"},
	} {
		got, err := parseStat(c.text)
		if got != c.want || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, %v", c.text, got, err)
		}
	}
}

func TestParseStatus(t *testing.T) {
	const text = "Name:\tredis-server\nVmHWM:\t   2048 kB\nVmRSS:\t    100 kB\nVmLib:\tmuch kB\n"
	for _, c := range []struct {
		name string
		want int64
		says string
	}{
		{"VmRSS", 100 << 10, ""}, {"VmHWM", 2 << 20, ""}, {"VmSwap", 0, "no field VmSwap"}, {"VmLib", 0, "VmLib"},
	} {
		got, err := parseStatus(text, c.name)
		if got != c.want || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}
