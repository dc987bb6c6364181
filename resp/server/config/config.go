package config

import (
	"maps"
	"slices"
	"strings"
)

// RedisVersion is the version of Redis whose commands, texts and directives the server follows.
const RedisVersion = "7.0.15"

// Config is a node's configuration at one moment. It is immutable and safe for concurrent use.
type Config struct {
	Settings         // typed values
	File     string  // absolute path of the configuration file, "" when there is none
	Extras   []Extra // user and rename-command lines, in order

	reg   *registry
	text  []string // value of each directive of reg, as CONFIG GET prints it
	given []bool   // named by a file, the command line or CONFIG SET
	files uint64   // how many files the process may have open, 0 unknown
}

// Extra is a line that is no directive with a value: "user ..." or "rename-command ...".
type Extra struct {
	Words []string // the first is in lower case
	Line  int
	Text  string
}

// Fault makes the error that stops the start because of this line.
func (e Extra) Fault(reason string) error {
	return &FileError{Line: e.Line, Text: e.Text, Reason: reason}
}

// Default returns the configuration of a node that was told nothing.
func Default() *Config {
	c := &Config{reg: newRegistry()}
	c.text = make([]string, len(c.reg.list))
	c.given = make([]bool, len(c.reg.list))
	for i := range c.reg.list {
		c.text[i] = c.reg.list[i].def
	}
	c.derive()
	return c
}

// Value returns a directive's value as CONFIG GET prints it. The name is in lower case.
func (c *Config) Value(name string) (string, bool) {
	i, ok := c.reg.find(name)
	if !ok {
		return "", false
	}
	return c.text[i], true
}

// Get returns the names and values that CONFIG GET answers for its patterns: each name once, sorted. A pattern without
// glob characters is a name, and is answered as it was spelled.
func (c *Config) Get(patterns ...string) [][2]string {
	found := map[string][2]string{}
	for _, pattern := range patterns {
		for _, name := range c.matching(pattern) {
			key := strings.ToLower(name)
			if _, ok := found[key]; !ok {
				found[key] = [2]string{name, c.str(key)}
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
}

func (c *Config) matching(pattern string) []string {
	if !strings.ContainsAny(pattern, "[*?") {
		if _, ok := c.Value(strings.ToLower(pattern)); ok {
			return []string{pattern}
		}
		return nil
	}
	var out []string
	for name := range c.reg.byName {
		if Match(pattern, name, true) {
			out = append(out, name)
		}
	}
	return out
}

// Sensitive tells that a directive's value must not appear in logs.
func (c *Config) Sensitive(name string) bool {
	i, ok := c.reg.find(strings.ToLower(name))
	return ok && c.reg.list[i].flags&sensitive != 0
}

// Names returns the names of all directives, sorted, without aliases.
func (c *Config) Names() []string {
	out := make([]string, 0, len(c.reg.list))
	for i := range c.reg.list {
		out = append(out, c.reg.list[i].name)
	}
	slices.Sort(out)
	return out
}

func (c *Config) clone() *Config {
	next := *c
	next.text = slices.Clone(c.text)
	next.given = slices.Clone(c.given)
	return &next
}
