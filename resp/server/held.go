package server

// All clients together may hold so much memory: maxmemory-clients. Where it sets no limit there is one all the same,
// for a few clients that never read, or send requests without end, would otherwise end the process.
//
// What a client holds is its read buffer, the commands it has queued in MULTI, and the replies that wait for it. Each
// connection keeps its sum (shared.held), the Server the sum of all. When that is exceeded, the client that holds most
// is closed, as in Redis, but for those that asked for CLIENT NO-EVICT.

const (
	maxHeldBytes = 4 << 30   // where the configuration sets no limit
	minHeldBytes = 128 << 10 // a lower limit is taken for this one, as in Redis
)

// heldLimit is what all clients together may hold.
func (s *Server) heldLimit() int64 {
	m := &s.cfg.Load().Memory
	limit := m.ClientsMax
	if m.ClientsPerc > 0 {
		limit = m.Max / 100 * uint64(m.ClientsPerc)
	}
	if limit == 0 {
		return maxHeldBytes
	}
	return int64(max(limit, minHeldBytes))
}

// hold notes that the client holds n bytes more, or less.
func (c *Conn) hold(n int64) {
	c.shared.held.Add(n)
	if all := c.srv.held.Add(n); n > 0 && all > c.srv.heldLimit() {
		c.srv.evict()
	}
}

// evict closes those who hold most until what the others hold is within the limit.
func (s *Server) evict() {
	if !s.evicting.TryLock() {
		return // somebody is at it
	}
	defer s.evicting.Unlock()
	for {
		victim, all := s.greediest()
		if victim == nil || all <= s.heldLimit() {
			return
		}
		victim.shared.evicted.Store(true)
		s.stats.Evicted.Add(1)
		s.log.Warn("client closed: all clients together exceed maxmemory-clients, and it holds most",
			"id", victim.id, "addr", victim.nc.RemoteAddr(), "bytes", victim.shared.held.Load())
		victim.kill()
	}
}

// greediest returns the client that holds most of those that may be closed, and what all hold; those that are on their
// way out do not count.
func (s *Server) greediest() (victim *Conn, all int64) {
	s.clients.mu.Lock()
	defer s.clients.mu.Unlock()
	most := int64(0)
	for _, c := range s.clients.conns {
		if c.shared.evicted.Load() {
			continue
		}
		held := c.shared.held.Load()
		all += held
		if held > most && c.shared.flags.Load()&flagNoEvict == 0 {
			victim, most = c, held
		}
	}
	return victim, all
}
