package config

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
		if !c.given[i] || d.note == "" || (d.quiet == c.text[i] && d.hasQuiet) {
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
