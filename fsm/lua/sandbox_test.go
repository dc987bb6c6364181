package lua_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/fsm/lua"
)

// hostile scripts must end by themselves, with an error that no pcall catches.
func TestBudget(t *testing.T) {
	const steps, bytes = "exceeded its budget of instructions", "exceeded its budget of memory"
	for _, tc := range []struct{ script, want string }{
		{"while true do end", steps},
		{"local function f() return f() end f()", steps},
		{"while true do pcall(function() while true do end end) end", steps},
		{"xpcall(function() while true do end end, function() while true do end end)", steps},
		{"return coroutine.wrap(function() while true do end end)()", steps},
		{"return pcall(coroutine.wrap(function() while true do end end))", steps},
		{"local c = coroutine.wrap(function() while true do coroutine.yield() end end) while true do c() end", steps},
		{"for i = 1, math.huge do end", steps},
		{"return string.find(string.rep('a', 50000), string.rep('.-', 20) .. 'b')", steps},
		{"return string.rep('a', 100000):match('(a*)*b')", steps},
		{"while true do loadstring('return 1') end", steps},
		{"local t = setmetatable({}, {__tostring = function() while true do end end}) return tostring(t)", steps},
		{"table.sort({1, 2, 3}, function() while true do end end)", steps},
		{"return ('x'):gsub('x', function() while true do end end)", steps},
		{"local s = 'x' while true do s = s .. s end", bytes},
		{"return string.rep('x', 1e10)", bytes},
		{"return ('x'):rep(1000):gsub('', ('y'):rep(1000000))", bytes},
		{"local t = {} while true do t[#t + 1] = {} end", bytes},
		{"local t = {} while true do t = {t} end", bytes},
		{"local t = {} t[60000000] = 1", bytes},
		{"local t = {[60000000] = 1}", bytes},
		{"local t = {} table.insert(t, 60000000, 1)", bytes},
		{"local t = {} rawset(t, 60000000, 1)", bytes},
		{"local f while true do local g = f f = function() return g end end", bytes},
		{"local co = {} while true do co[#co + 1] = coroutine.create(function() end) end", bytes},
		{"local t = {} for i = 1, 1e9 do t[i + 0.5] = i end", bytes},
		{"local t = {1} for i = 1, 40 do t = {t, t} end return t", "exceeded its budget of"},
		{"local t = {1} for i = 1, 40 do t = {t, t} end return cjson.encode(t)", "exceeded its budget of"},
		{"for i = 1, 1e9 do redis.call('set', 'k', i) end", bytes},
	} {
		t.Run(tc.script, func(t *testing.T) {
			got := newHostWith(t, lua.NewSmallEngine(10_000_000, 64<<20)).eval(tc.script)
			if !strings.HasPrefix(got, "-ERR ") || !strings.Contains(got, tc.want) {
				t.Errorf("got %.200q, want an error with %q", got, tc.want)
			}
		})
	}
}

// Errors that scripts may catch, where naive engines fall over.
func TestDepth(t *testing.T) {
	for _, tc := range []struct{ script, want string }{
		{"local function r() return r() + 1 end return pcall(r)", "$-1\r\n"},
		{"local function r(n) if n == 0 then return 0 end return 1 + r(n - 1) end return r(7000)", ":7000\r\n"},
		{"local function r(n) return pcall(r, n + 1) end return r(0)", ":1\r\n"},
		{"local t = {} t[1] = t return t", "-ERR reached lua stack limit\r\n"},
		{"local t = setmetatable({}, {}) getmetatable(t).__index = t return pcall(function() return t.x end)", "$-1\r\n"},
		{"return loadstring('return ' .. ('('):rep(300) .. '1' .. (')'):rep(300)) == nil", ":1\r\n"},
		{"return loadstring('return ' .. ('1+'):rep(100000) .. 'x') == nil", ":1\r\n"},
		{"return loadstring('return ' .. ('x.'):rep(100000) .. 'x') == nil", ":1\r\n"},
		{"return loadstring('local a = {' .. ('{},'):rep(30000) .. '}') == nil", ":1\r\n"},
		{"return loadstring(('if x then elseif y then end '):rep(5000)) ~= nil", ":1\r\n"},
		{"local s = 'local a = 0' for i = 1, 250 do s = s .. ' local a' .. i .. ' = 1' end return loadstring(s) == nil", ":1\r\n"},
	} {
		if got := newHost(t).eval(tc.script); got != tc.want {
			t.Errorf("%s\n got %.300q\nwant %q", tc.script, got, tc.want)
		}
	}
}

// What one script does must not be visible to the next one in the same state.
func TestNothingLeaks(t *testing.T) {
	probe := `local out = {}
local function walk(name, t, depth)
  for k, v in pairs(t) do
    out[#out + 1] = name .. "." .. tostring(k) .. "=" .. type(v)
    if type(v) == "table" and v ~= _G and depth < 3 then walk(name .. "." .. tostring(k), v, depth + 1) end
  end
end
walk("_G", _G, 0)
out[#out + 1] = tostring(getmetatable("").__index)
out[#out + 1] = tostring(coroutine.running()) .. tostring({}) .. collectgarbage("count")
return out`
	h := newHost(t)
	want := h.eval(probe)
	for _, script := range []string{
		"x = 1", "rawset(_G, 'x', 1)", "_G.x = 1", "string.x = 1", "string.format = nil", "redis.call = nil",
		"getmetatable('').__index = nil", "setmetatable(_G, {})", "setmetatable(string, nil)", "table.insert(redis, 1)",
		"table.sort(_G)", "KEYS = 1", "KEYS[1] = 'leak' ARGV.x = 1", "cjson.encode_max_depth(1) cjson.encode_sparse_array(true)",
		"math.randomseed(7)", "redis.setresp(3)", "loadstring('x = 1')()", "local t = {} t.t = t return t",
		"coroutine.wrap(function() coroutine.yield(1) end)()", "error('x')", "pcall(error, {})",
		"local function r() return r() + 1 end r()", "coroutine.yield()", "redis.call('nosuch')",
		"return function() end", "for k in pairs(_G) do pcall(rawset, _G, k, nil) end",
	} {
		h.eval(script)
		if got := h.eval(probe); got != want {
			t.Fatalf("%q is seen by the next script:\n%s\n%s", script, got, want)
		}
		if got := h.eval("return cjson.encode({{1}})"); got != bulk("[[1]]") {
			t.Fatalf("%q changes cjson for the next script: %q", script, got)
		}
	}
}

// Two members run the same scripts, one of them muted and with other scripts in
// between, and must end with the same keys.
func TestTwins(t *testing.T) {
	scripts := []string{
		"for i = 1, 20 do redis.call('rpush', 'l', math.random(1000000)) end",
		"redis.call('set', 'addr', tostring({}) .. tostring(print == nil) )",
		"redis.call('set', 'addr', tostring({}) .. tostring(function() end) .. tostring(coroutine.create(function() end)))",
		"redis.call('sadd', 's', 'a', 'b', 'c', 'd', 'e') redis.call('spop', 's', 2)",
		"local t = {} for i = 1, 100 do t['k' .. (i * 7919 % 101)] = i end for k, v in pairs(t) do redis.call('rpush', 'order', k) end",
		"redis.call('set', 'now', redis.call('time')[1])",
		"local t = {5, 3, 1} table.sort(t, function(a, b) return true end) redis.call('rpush', 'sorted', unpack(t))",
		"redis.call('set', 'j', cjson.encode({a = 1, b = 2, c = {1, 2}}))",
		"redis.call('set', 'n', 0/0) redis.call('append', 'n', 1/0)",
		"redis.call('set', 'half', 1) while true do end",
		"redis.call('set', 'gc', collectgarbage('count') .. gcinfo())",
	}
	a, b := newHost(t), newHost(t)
	b.mute = true
	for _, s := range scripts {
		a.eval(s)
		b.eval(s)
		b.mute = false
		b.rand, a.rand = command.NewRand(3), command.NewRand(3)
		b.eval("return 1")
		b.rand = command.NewRand(3)
		b.mute = true
	}
	b.mute = false
	for _, read := range [][]string{
		{"LRANGE", "l", "0", "-1"}, {"GET", "addr"}, {"SMEMBERS", "s"}, {"LRANGE", "order", "0", "-1"}, {"GET", "now"},
		{"LRANGE", "sorted", "0", "-1"}, {"GET", "j"}, {"GET", "n"}, {"GET", "half"}, {"GET", "gc"}, {"DBSIZE"},
	} {
		if x, y := a.do(read...), b.do(read...); x != y {
			t.Errorf("%v: %q and %q", read, x, y)
		}
	}
}

// math.random differs from run to run, and follows the entry's generator.
func TestRandomFollowsTheEntry(t *testing.T) {
	const script = "return {math.random(1000000), math.random(1000000)}"
	h := newHost(t)
	h.rand = command.NewRand(5)
	first, second := h.eval(script), h.eval(script)
	h.rand = command.NewRand(5)
	if again := h.eval(script); first == second || again != first {
		t.Errorf("%q, %q; with the first seed again %q", first, second, again)
	}
}

// Readers run scripts at the same time as the applier.
func TestConcurrentStates(t *testing.T) {
	h := newHost(t)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			own := *h
			own.rand = command.NewRand(uint64(g))
			for i := range 50 {
				script := fmt.Sprintf("local t = {} for i = 1, 50 do t[i] = i * %d end return t[50] + %d", g, i%5)
				if got, want := own.eval(script), fmt.Sprintf(":%d\r\n", 50*g+i%5); got != want {
					t.Errorf("%s: %q, want %q", script, got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestCompile(t *testing.T) {
	h := newHost(t)
	if err := h.engine.Compile([]byte("return 1")); err != nil {
		t.Error(err)
	}
	for script, want := range map[string]string{
		"return {":         "ERR Error compiling script (new function): user_script:1: unexpected symbol near '<eof>'",
		"#!js\nreturn 1":   "ERR Unexpected engine in script shebang: #!js",
		"#!lua\nreturn = ": "ERR Error compiling script (new function): user_script:2: unexpected symbol near '='",
	} {
		if err := h.engine.Compile([]byte(script)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", script, err, want)
		}
	}
}
