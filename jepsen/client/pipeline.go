package client

import (
	"errors"
	"time"

	"github.com/tidwall/resp"
)

// Pipeline sends commands in one piece and waits for all answers. What Do says of a broken
// connection holds for each of them.
func (c *Conn) Pipeline(commands ...[]string) []Reply {
	var frame []byte
	for _, words := range commands {
		args := make([]resp.Value, len(words))
		for i, w := range words {
			args[i] = resp.StringValue(w)
		}
		b, err := resp.ArrayValue(args).MarshalRESP()
		if err != nil {
			return every(len(commands), Reply{Outcome: Failed, Err: err})
		}
		frame = append(frame, b...)
	}
	if err := c.nc.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return every(len(commands), Reply{Outcome: Failed, Err: &brokenError{err}})
	}
	if _, err := c.nc.Write(frame); err != nil {
		return every(len(commands), Reply{Outcome: Unknown, Err: &brokenError{err}})
	}
	replies := make([]Reply, 0, len(commands))
	for range commands {
		v, _, err := c.rd.ReadValue()
		if err != nil {
			return append(replies, every(len(commands)-len(replies), Reply{Outcome: Unknown, Err: &brokenError{err}})...)
		}
		replies = append(replies, judged(v))
	}
	return replies
}

func every(n int, r Reply) []Reply {
	out := make([]Reply, n)
	for i := range out {
		out[i] = r
	}
	return out
}

func judged(v resp.Value) Reply {
	if v.Type() == resp.Error {
		return Reply{Value: v, Outcome: Judge(v.String()), Err: errors.New(v.String())}
	}
	return Reply{Value: v, Outcome: Done}
}
