package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/resp"
)

// callTimeout bounds one command.
const callTimeout = 15 * time.Second

// client is a connection to one node.
type client struct {
	nc net.Conn
	rd *resp.Reader
	wr *resp.Writer
}

// dial connects to a node and makes sure that it answers.
func dial(port int) (*client, error) {
	nc, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), time.Second)
	if err != nil {
		return nil, err
	}
	c := &client{nc: nc, rd: resp.NewReader(nc), wr: resp.NewWriter(nc)}
	if _, err := c.do("PING"); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *client) close() { _ = c.nc.Close() }

// do sends one command; an error reply is an error.
func (c *client) do(words ...string) (string, error) {
	if err := c.nc.SetDeadline(time.Now().Add(callTimeout)); err != nil {
		return "", err
	}
	args := make([]resp.Value, len(words))
	for i, w := range words {
		args[i] = resp.StringValue(w)
	}
	if err := c.wr.WriteArray(args); err != nil {
		return "", fmt.Errorf("sending %s: %w", words[0], err)
	}
	v, _, err := c.rd.ReadValue()
	if err != nil {
		return "", fmt.Errorf("reading the answer to %s: %w", words[0], err)
	}
	if v.Type() == resp.Error {
		return "", fmt.Errorf("%s: %s", strings.Join(words[:min(2, len(words))], " "), v.String())
	}
	return v.String(), nil
}

// call makes one command on a connection of its own.
func call(port int, words ...string) (string, error) {
	c, err := dial(port)
	if err != nil {
		return "", err
	}
	defer c.close()
	return c.do(words...)
}

// infoField reads one field of CLUSTER INFO.
func infoField(info, name string) string {
	for line := range strings.SplitSeq(info, "\r\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return value
		}
	}
	return ""
}
