package lua_test

import "testing"

func BenchmarkEval(b *testing.B) {
	for _, tc := range []struct{ name, script string }{
		{"constant", "return 1"},
		{"get", "return redis.call('get', KEYS[1])"},
		{"limiter", `local n = redis.call('incr', KEYS[1]) if n > tonumber(ARGV[1]) then return 0 end return n`},
		{"loop", "local n = 0 for i = 1, 1000 do n = n + i % 7 end return n"},
		{"tables", "local t = {} for i = 1, 1000 do t[i] = i .. 'x' end return #t"},
	} {
		b.Run(tc.name, func(b *testing.B) {
			h := newHost(b)
			b.ReportAllocs()
			for b.Loop() {
				h.do("EVAL", tc.script, "1", "k", "1000000000")
			}
		})
	}
}
