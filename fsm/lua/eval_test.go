package lua_test

import "testing"

// exchange is a request and the reply of redis-server 7.0.15.
type exchange struct {
	request []string
	want    string
}

func evalExchanges() []exchange {
	return []exchange{
		{[]string{"EVAL", "return {KEYS[1], KEYS[2], ARGV[1], #KEYS, #ARGV}", "2", "{k}1", "{k}2", "a", "b"}, "*5\r\n$4\r\n{k}1\r\n$4\r\n{k}2\r\n$1\r\na\r\n:2\r\n:2\r\n"},
		{[]string{"EVAL", "return 1", "x"}, "-ERR value is not an integer or out of range\r\n"},
		{[]string{"EVAL", "return 1", "-1"}, "-ERR Number of keys can't be negative\r\n"},
		{[]string{"EVAL", "return 1", "1"}, "-ERR Number of keys can't be greater than number of args\r\n"},
		{[]string{"EVAL", "return", "0"}, "$-1\r\n"},
		{[]string{"EVAL", "", "0"}, "$-1\r\n"},
		{[]string{"EVAL", "return redis.call('set', KEYS[1], ARGV[1])", "1", "k", "v"}, "+OK\r\n"},
		{[]string{"EVAL_RO", "return redis.call('get', KEYS[1])", "1", "k"}, "$1\r\nv\r\n"},
		{[]string{"EVAL_RO", "return redis.call('set', KEYS[1], 1)", "1", "k"}, "-ERR Write commands are not allowed from read-only scripts. script: 2b58b113dac432e64a65f3ae35a5bac7217348a6, on @user_script:1.\r\n"},
		{[]string{"EVAL_RO", "return redis.pcall('set', KEYS[1], 1)", "1", "k"}, "-ERR Write commands are not allowed from read-only scripts.\r\n"},
		{[]string{"EVAL", "#!lua\nreturn 1", "0"}, ":1\r\n"},
		{[]string{"EVAL_RO", "#!lua\nreturn 1", "0"}, "-ERR Can not execute a script with write flag using *_ro command.\r\n"},
		{[]string{"EVAL_RO", "#!lua flags=no-writes\nreturn 1", "0"}, ":1\r\n"},
		{[]string{"EVAL", "#!lua flags=no-writes\nreturn redis.call('set', KEYS[1], 1)", "1", "k"}, "-ERR Write commands are not allowed from read-only scripts. script: 3ff54d083a2a7fd184c071b9e59dc304f9499be0, on @user_script:2.\r\n"},
		{[]string{"EVAL", "#!lua flags=no-writes,allow-stale,allow-oom\n\nreturn x", "0"}, "-ERR user_script:3: Script attempted to access nonexistent global variable 'x' script: b0decbb46c0e72e898ef8032d0ec89d6bb92cdb0, on @user_script:3.\r\n"},
		{[]string{"EVAL", "#!lua flags=foo\nreturn 1", "0"}, "-ERR Unexpected flag in script shebang: foo\r\n"},
		{[]string{"EVAL", "#!lua bar=1\nreturn 1", "0"}, "-ERR Unknown lua shebang option: bar=1\r\n"},
		{[]string{"EVAL", "#!js\nreturn 1", "0"}, "-ERR Unexpected engine in script shebang: #!js\r\n"},
		{[]string{"EVAL", "#!lua", "0"}, "-ERR Invalid script shebang\r\n"},
		{[]string{"EVAL", "local x = 1\n\nreturn x +\nnil", "0"}, "-ERR user_script:4: attempt to perform arithmetic on a nil value script: dd0517cf26e22fcecfe8570c1430303173b649d4, on @user_script:4.\r\n"},
		{[]string{"EVAL", "local x = 1\nreturn {\n", "0"}, "-ERR Error compiling script (new function): user_script:3: unexpected symbol near '<eof>'\r\n"},
		{[]string{"EVAL", "if true then\nreturn 1\n", "0"}, "-ERR Error compiling script (new function): user_script:3: 'end' expected (to close 'if' at line 1) near '<eof>'\r\n"},
		{[]string{"EVAL", "local t = {}\nt.a\n.b = 1", "0"}, "-ERR user_script:3: attempt to index field 'a' (a nil value) script: 3aad0c7e339961bdd46cefe31288d510646060d7, on @user_script:3.\r\n"},
		{[]string{"EVAL", "local function f()\n  error('deep')\nend\nlocal function g()\n  f()\nend\ng()", "0"}, "-ERR user_script:2: deep script: 816dccb87925e9cfb2bbbb5a555e957bdc67a7f6, on @user_script:2.\r\n"},
		{[]string{"EVAL", "return 'line\\\nbreak'", "0"}, "$10\r\nline\nbreak\r\n"},
		{[]string{"EVAL", "return [[\r\nx\ry\n\rz]]", "0"}, "$5\r\nx\ny\nz\r\n"},
		{[]string{"EVAL", "-- comment\nreturn 1 --[[ x\ny ]] + x", "0"}, "-ERR user_script:3: Script attempted to access nonexistent global variable 'x' script: b4693a3e920f0dd52bdbc2fcb21d34623742d547, on @user_script:3.\r\n"},
		{[]string{"EVAL", "redis.call('set', KEYS[1], 'x')\nreturn redis.call('incr', KEYS[1])", "1", "k"}, "-ERR value is not an integer or out of range script: 6b1f54c5bee7661a81d78194dc337dee3ff455ab, on @user_script:2.\r\n"},
		{[]string{"EVAL", "return redis.call('get',\nKEYS[1],\n'extra')", "1", "k"}, "-ERR Wrong number of args calling Redis command from script script: b3ce3c5c257c75cf25720dab3df68ff31de7bf24, on @user_script:1.\r\n"},
		{[]string{"EVAL", "local ok, e = pcall(redis.call, 'incr', KEYS[1])\nreturn e", "1", "k"}, "$43\r\nERR value is not an integer or out of range\r\n"},
		{[]string{"EVAL", "f\n(1)", "0"}, "-ERR Error compiling script (new function): user_script:2: ambiguous syntax (function call x new statement) near '('\r\n"},
	}
}

func TestEval(t *testing.T) {
	h := newHost(t)
	for _, x := range evalExchanges() {
		if got := h.do(x.request...); got != x.want {
			t.Errorf("%q\n got %q\nwant %q", x.request, got, x.want)
		}
	}
}
