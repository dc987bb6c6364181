package command

import (
	"fmt"
	"testing"
)

func TestHash(t *testing.T) {
	exchanges := []exchange{
		{"hset h a 1 b 2", ":2\r\n"},
		{"hset h a 3", ":0\r\n"},
		{"hset h a", "-ERR wrong number of arguments for 'hset' command\r\n"},
		{"HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command\r\n"},
		{"hmset h c 4", "+OK\r\n"},
		{"hmset h c", "-ERR wrong number of arguments for 'hmset' command\r\n"},
		{"hget h a", "$1\r\n3\r\n"},
		{"hget h nosuch", "$-1\r\n"},
		{"hget nosuch a", "$-1\r\n"},
		{"hmget h a nosuch c", "*3\r\n$1\r\n3\r\n$-1\r\n$1\r\n4\r\n"},
		{"hmget nosuch a b", "*2\r\n$-1\r\n$-1\r\n"},
		{"hgetall h", "*6\r\n$1\r\na\r\n$1\r\n3\r\n$1\r\nb\r\n$1\r\n2\r\n$1\r\nc\r\n$1\r\n4\r\n"},
		{"hgetall nosuch", "*0\r\n"},
		{"hkeys h", "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n"},
		{"hvals h", "*3\r\n$1\r\n3\r\n$1\r\n2\r\n$1\r\n4\r\n"},
		{"hkeys nosuch", "*0\r\n"},
		{"hlen h", ":3\r\n"},
		{"hlen nosuch", ":0\r\n"},
		{"hexists h a", ":1\r\n"},
		{"hexists h z", ":0\r\n"},
		{"hexists nosuch z", ":0\r\n"},
		{"hstrlen h a", ":1\r\n"},
		{"hstrlen h z", ":0\r\n"},
		{"hstrlen nosuch a", ":0\r\n"},
		{"hsetnx h a 9", ":0\r\n"},
		{"hsetnx h d 5", ":1\r\n"},
		{"hsetnx n d 5", ":1\r\n"},
		{"hdel h a zz", ":1\r\n"},
		{"hdel h zz", ":0\r\n"},
		{"hdel nosuch a", ":0\r\n"},
		{"hdel n d", ":1\r\n"},
		{"exists n", ":0\r\n"},
		{"hincrby h num 5", ":5\r\n"},
		{"hincrby h num -7", ":-2\r\n"},
		{"hincrby h num x", "-ERR value is not an integer or out of range\r\n"},
		{"hset h s text big 9223372036854775807", ":2\r\n"},
		{"hincrby h s 1", "-ERR hash value is not an integer\r\n"},
		{"hincrby h big 1", "-ERR increment or decrement would overflow\r\n"},
		{"hincrby h big -1", ":9223372036854775806\r\n"},
		{"hincrbyfloat h f 10.5", "$4\r\n10.5\r\n"},
		{"hincrbyfloat h f 0.1", "$4\r\n10.6\r\n"},
		{"hincrbyfloat h f -5e2", "$22\r\n-489.39999999999999999\r\n"},
		{"hincrbyfloat h s 1", "-ERR hash value is not a float\r\n"},
		{"hincrbyfloat h f x", "-ERR value is not a valid float\r\n"},
		{"hincrbyfloat h f nan", "-ERR value is not a valid float\r\n"},
		{"hincrbyfloat h f inf", "-ERR value is NaN or Infinity\r\n"},
		{"hincrbyfloat h f -inf", "-ERR value is NaN or Infinity\r\n"},
		{"hincrbyfloat h f 1.0e10", "$28\r\n9999999510.59999999962747097\r\n"},
		{"hset h e 1e4932", ":1\r\n"},
		{"hincrbyfloat h e 1e4932", "-ERR increment would produce NaN or Infinity\r\n"},
		{"set str v", "+OK\r\n"},
		{"hset str a 1", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"hget str a", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"hmget str a", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"hgetall str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"hincrby str a 1", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"hincrbyfloat str a 1", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"hdel str a", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"hlen str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"hrandfield str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"hrandfield str 1", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"hscan str 0", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"hsetnx str a 1", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"hrandfield nosuch", "$-1\r\n"},
		{"hrandfield nosuch 2", "*0\r\n"},
		{"hrandfield nosuch 2 withvalues", "*0\r\n"},
		{"hset one f v", ":1\r\n"},
		{"hrandfield one", "$1\r\nf\r\n"},
		{"hrandfield one 5", "*1\r\n$1\r\nf\r\n"},
		{"hrandfield one -3", "*3\r\n$1\r\nf\r\n$1\r\nf\r\n$1\r\nf\r\n"},
		{"hrandfield one 1 withvalues", "*2\r\n$1\r\nf\r\n$1\r\nv\r\n"},
		{"hrandfield one -2 WITHVALUES", "*4\r\n$1\r\nf\r\n$1\r\nv\r\n$1\r\nf\r\n$1\r\nv\r\n"},
		{"3 hrandfield one 1 withvalues", "*1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"},
		{"3 hrandfield one -2 withvalues", "*2\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"},
		{"3 hrandfield nosuch 1 withvalues", "*0\r\n"},
		{"hrandfield one 0", "*0\r\n"},
		{"hrandfield one x", "-ERR value is not an integer or out of range\r\n"},
		{"hrandfield one -9223372036854775808", "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807\r\n"},
		{"hrandfield one 9223372036854775807 withvalues", "-ERR value is out of range\r\n"},
		{"hrandfield one 1 foo", "-ERR syntax error\r\n"},
		{"hrandfield one 1 withvalues foo", "-ERR syntax error\r\n"},
		{"3 hgetall one", "%1\r\n$1\r\nf\r\n$1\r\nv\r\n"},
		{"3 hgetall nosuch", "%0\r\n"},
		{"3 hget nosuch a", "_\r\n"},
		{"3 hmget one f g", "*2\r\n$1\r\nv\r\n_\r\n"},
		{"3 hkeys one", "*1\r\n$1\r\nf\r\n"},
		{"hscan one 0", "*2\r\n$1\r\n0\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"},
		{"hscan one 0 match f* count 5", "*2\r\n$1\r\n0\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"},
		{"hscan one 0 match x*", "*2\r\n$1\r\n0\r\n*0\r\n"},
		{"hscan one x", "-ERR invalid cursor\r\n"},
		{"hscan one 0 count 0", "-ERR syntax error\r\n"},
		{"hscan one 0 count x", "-ERR value is not an integer or out of range\r\n"},
		{"hscan one 0 match", "-ERR syntax error\r\n"},
		{"hscan one 0 foo bar", "-ERR syntax error\r\n"},
		{"hscan nosuch 0 foo", "*2\r\n$1\r\n0\r\n*0\r\n"},
		{"hscan nosuch x", "-ERR invalid cursor\r\n"},
		{"hscan one 17", "*2\r\n$1\r\n0\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"},
		{"~hscan h 0", "*2\r\n$1\r\n0\r\n*16\r\n$1\r\nb\r\n$1\r\n2\r\n$1\r\nc\r\n$1\r\n4\r\n$1\r\nd\r\n$1\r\n5\r\n$3\r\nnum\r\n$2\r\n-2\r\n$1\r\ns\r\n$4\r\ntext\r\n$3\r\nbig\r\n$19\r\n9223372036854775806\r\n$1\r\nf\r\n$28\r\n9999999510.59999999962747097\r\n$1\r\ne\r\n$6\r\n1e4932\r\n"},
	}
	newScene(t).play(t, exchanges)
	playMuted(t, exchanges)
}

func TestHashTouches(t *testing.T) {
	s := newScene(t)
	s.do("hset h a 1 b 2 text x")
	checkUntouched(t, s, "hsetnx h a 9", "hdel h nosuch", "hdel nosuch a", "hincrby h text 1", "hincrby h a x",
		"hincrbyfloat h text 1", "hset h a", "hget h a", "hscan h 0", "hrandfield h 2")
	checkTouched(t, s, "h", "hset h a 1", "hset h c 1", "hsetnx h d 1", "hdel h d nosuch", "hincrby h a 1",
		"hincrbyfloat h a 1.5", "hmset h a 1", "hdel h a b c text")
}

func TestHashScanVisitsEverythingOnce(t *testing.T) {
	s := newScene(t)
	const fields = 2000 // more than Redis' compact encoding holds
	for i := range fields {
		s.run(2, "hset", "h", fmt.Sprint("f", i), fmt.Sprint(i))
	}
	seen := scanAll(t, s, "hscan", "h")
	for i := range fields {
		if seen[fmt.Sprint("f", i)] != 1 || seen[fmt.Sprint(i)] != 1 {
			t.Fatalf("field %d was seen %d times", i, seen[fmt.Sprint("f", i)])
		}
	}
}

func TestHrandfieldCounts(t *testing.T) {
	s := newScene(t)
	for i := range 100 {
		s.run(2, "hset", "h", fmt.Sprint("f", i), fmt.Sprint(i))
	}
	checkPicks(t, s, "hrandfield", "h")
}
