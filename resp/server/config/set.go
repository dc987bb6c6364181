package config

import "strings"

// SetOptions says who sets.
type SetOptions struct {
	Local bool // the client is connected over loopback or a unix socket, for enable-protected-configs local
}

// Set returns the configuration with the pairs set as CONFIG SET does it: all of them or none. The error is an
// UnknownError or a SetError, and its text is the client's reply.
func (c *Config) Set(pairs [][2]string, o SetOptions) (*Config, error) {
	chosen, err := c.choose(pairs, o)
	if err != nil {
		return nil, err
	}
	next := c.clone()
	for k, i := range chosen {
		d := &c.reg.list[i]
		value, err := d.read(next.before(i, false), setWords(d, pairs[k][1]))
		if err != nil {
			return nil, &SetError{Name: strings.ToLower(pairs[k][0]), Reason: err}
		}
		next.text[i], next.given[i] = value, true
	}
	next.derive()
	if next.Clients.Max != c.Clients.Max {
		if err := next.checkClients(); err != nil {
			return nil, &SetError{Name: "maxclients", Reason: err}
		}
	}
	return next, nil
}

// choose finds the directives of all pairs, and whether they may be set.
func (c *Config) choose(pairs [][2]string, o SetOptions) ([]int, error) {
	var chosen []int
	seen := map[string]bool{}
	for _, pair := range pairs {
		name := strings.ToLower(pair[0])
		i, ok := c.reg.find(name)
		if !ok {
			return nil, &UnknownError{Name: pair[0]}
		}
		if err := c.refusal(i, seen[name], o); err != nil {
			return nil, &SetError{Name: pair[0], Reason: err}
		}
		seen[name] = true
		chosen = append(chosen, i)
	}
	return chosen, nil
}

// refusal says why directive i may not be set. Redis takes a directive's two names for two directives, and so do we.
func (c *Config) refusal(i int, again bool, o SetOptions) error {
	d := &c.reg.list[i]
	switch {
	case d.flags&protected != 0 && !c.protectedAllowed(o):
		return errProtected
	case d.flags&immutable != 0:
		return errImmutable
	case again:
		return errDuplicate
	}
	return nil
}

func (c *Config) protectedAllowed(o SetOptions) bool {
	return c.Security.ProtectedConfigs.Allows(o.Local)
}

// setWords splits a value of CONFIG SET. Only single blanks separate; quotes mean nothing here.
func setWords(d *directive, value string) []string {
	if d.flags&multi == 0 {
		return []string{value}
	}
	if value == "" {
		return []string{""}
	}
	return strings.Split(value, " ")
}

// before is what a directive's words are added to.
func (c *Config) before(i int, sameSource bool) string {
	if c.reg.list[i].flags&appends != 0 && !sameSource {
		return ""
	}
	return c.text[i]
}
