package config

import "strings"

// Notice says that directives which were given mean something else here, or nothing. The log prints it at the start.
type Notice struct {
	Names []string // the directives, as they are called now
	Text  string   // "has no effect: ..." or "is ..."
}

// Notices returns what differs from Redis among the directives that were given, those with the same text together, in
// the order of the tables.
func (c *Config) Notices() []Notice {
	var out []Notice
	at := map[string]int{}
	for i := range c.reg.list {
		d := &c.reg.list[i]
		if !c.given[i] || c.noteOn(i) == "" {
			continue
		}
		n, ok := at[d.note]
		if !ok {
			n = len(out)
			at[d.note] = n
			out = append(out, Notice{Text: d.note})
		}
		out[n].Names = append(out[n].Names, d.name)
	}
	return out
}

// Note returns what a Notice would say about one directive at its present value, "" nothing. The name is in any case.
func (c *Config) Note(name string) string {
	i, ok := c.reg.find(strings.ToLower(name))
	if !ok {
		return ""
	}
	return c.noteOn(i)
}

func (c *Config) noteOn(i int) string {
	d := &c.reg.list[i]
	if d.hasQuiet && d.quiet == c.text[i] {
		return ""
	}
	return d.note
}
