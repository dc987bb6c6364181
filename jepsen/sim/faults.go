package sim

import "time"

// fault adds a fault that begins at the given time, and its end.
func (c *chance) fault(at time.Duration) {
	if c.Spares > 0 && c.one(5) {
		c.spareMoves(at)
		return
	}
	faults := []struct {
		weight int
		f      func(at time.Duration)
	}{
		{5, c.killOne}, {3, c.killSome}, {1, c.killAll}, {2, c.stopOne}, {4, c.bounce}, {4, c.wipe},
		{3, c.isolate}, {3, c.oneWay}, {3, c.partition}, {2, c.flap}, {2, c.resetLinks}, {3, c.slowLinks},
		{3, c.sleep}, {2, c.slowDisk}, {1, c.failDisk}, {4, c.failover}, {1, c.save},
		{1, c.leave}, {1, c.switchMaster}, {2, c.fade},
	}
	sum := 0
	for _, f := range faults {
		sum += f.weight
	}
	pick := c.IntN(sum)
	for _, f := range faults {
		if pick -= f.weight; pick < 0 {
			f.f(at)
			return
		}
	}
}

// down is how long a node stays down.
func (c *chance) down() time.Duration {
	if c.one(3) {
		return c.between(0, 300)
	}
	return c.between(300, 6000)
}

func (c *chance) killOne(at time.Duration) { c.kill(at, []int{c.any()}) }

func (c *chance) killSome(at time.Duration) { c.kill(at, c.some(2+c.IntN(c.Hosts))) }

func (c *chance) killAll(at time.Duration) { c.kill(at, c.everybody(false)) }

// kill takes nodes down at once and brings them back one by one.
func (c *chance) kill(at time.Duration, hosts []int) {
	c.add(at, KindKill, hosts, nil, 0)
	for _, h := range hosts {
		c.add(at+c.down(), KindStart, []int{h}, nil, 0)
	}
}

func (c *chance) stopOne(at time.Duration) {
	h := []int{c.any()}
	c.add(at, KindStop, h, nil, 0)
	c.add(at+c.down(), KindStart, h, nil, 0)
}

// bounce restarts nodes at once, sometimes several times in a row.
func (c *chance) bounce(at time.Duration) {
	hosts := c.some(1 + c.IntN(2))
	for range 1 + c.IntN(3) {
		c.add(at, KindKill, hosts, nil, 0)
		c.add(at, KindStart, hosts, nil, 0)
		at += c.between(50, 1500)
	}
}

func (c *chance) wipe(at time.Duration) {
	h := []int{c.any()}
	c.add(at, KindWipe, h, nil, 0)
	c.add(at+c.down(), KindStart, h, nil, 0)
}

// isolate cuts a host off from all others, half the time from the clients too.
func (c *chance) isolate(at time.Duration) {
	h := c.any()
	c.cutBoth(at, []int{h}, c.everybody(c.one(2), h))
}

func (c *chance) cutBoth(at time.Duration, a, b []int) {
	end := at + c.between(200, 6000)
	for range 2 {
		c.add(at, KindCut, a, b, 0)
		c.add(end, KindHeal, a, b, 0)
		a, b = b, a
	}
	if c.one(3) { // the connections do not outlive it
		c.add(end, KindReset, a, b, 0)
	}
}

// oneWay cuts one direction: a host is deaf, or mute, or does not reach another one.
func (c *chance) oneWay(at time.Duration) {
	h := c.any()
	a, b := []int{h}, c.everybody(false, h)
	switch c.IntN(3) {
	case 0:
		a, b = b, a
	case 1:
		b = []int{(h + 1 + c.IntN(c.Hosts)) % (c.Hosts + c.Spares)}
	}
	c.add(at, KindCut, a, b, 0)
	c.add(at+c.between(200, 6000), KindHeal, a, b, 0)
}

// partition splits the cluster in two; the clients reach both sides.
func (c *chance) partition(at time.Duration) {
	all := c.Perm(c.Hosts + c.Spares)
	k := 1 + c.IntN(len(all)-1)
	c.cutBoth(at, all[:k], all[k:])
}

// fade lets what a host hears of the others be old, and then cuts it off: it believes to
// be followed for longer than it is. Clients hurry, to catch it at reading.
func (c *chance) fade(at time.Duration) {
	h := c.IntN(c.Hosts)
	one, others := []int{h}, c.everybody(false, h)
	end := at + c.between(600, 1500)
	c.add(at, KindDelay, others, one, []time.Duration{120, 250, 400}[c.IntN(3)]*time.Millisecond)
	c.add(end, KindCut, one, others, 0)
	c.add(end, KindPace, nil, nil, 2*time.Millisecond)
	c.add(end+c.between(800, 1500), KindPace, nil, nil, c.calm)
	end += c.between(1500, 4000)
	c.add(end, KindHeal, one, others, 0)
	c.add(end, KindDelay, others, one, c.Trip)
}

// flap cuts and heals a link over and over.
func (c *chance) flap(at time.Duration) {
	two := c.some(2)
	for range 3 + c.IntN(6) {
		end := at + c.between(50, 500)
		for i := range 2 {
			c.add(at, KindCut, two[i:i+1], two[1-i:2-i], 0)
			c.add(end, KindHeal, two[i:i+1], two[1-i:2-i], 0)
		}
		at = end + c.between(50, 500)
	}
}

func (c *chance) resetLinks(at time.Duration) {
	c.add(at, KindReset, c.some(1+c.IntN(c.Hosts)), c.everybody(c.one(2)), 0)
}

// slowLinks delays messages in one direction or both.
func (c *chance) slowLinks(at time.Duration) {
	a, b := c.some(1+c.IntN(c.Hosts)), c.everybody(c.one(2))
	end := at + c.between(500, 6000)
	for range 1 + c.IntN(2) {
		c.add(at, KindDelay, a, b, []time.Duration{5, 30, 120, 400}[c.IntN(4)]*time.Millisecond)
		c.add(end, KindDelay, a, b, c.Trip)
		a, b = b, a
	}
}

func (c *chance) sleep(at time.Duration) {
	c.add(at, KindSleep, []int{c.any()}, nil, []time.Duration{100, 250, 700, 2000, 5000}[c.IntN(5)]*time.Millisecond)
}

// slowDisk lets every write take long; with the longest times the disk hangs.
func (c *chance) slowDisk(at time.Duration) {
	h := []int{c.any()}
	c.add(at, KindDisk, h, nil, []time.Duration{20, 60, 250, 1500, 5000}[c.IntN(5)]*time.Millisecond)
	c.add(at+c.between(500, 6000), KindDisk, h, nil, c.Disk)
}

func (c *chance) failDisk(at time.Duration) {
	h := []int{c.any()}
	end := at + c.between(200, 2000)
	c.add(at, KindDiskFail, h, nil, 0)
	c.add(end, KindDisk, h, nil, c.Disk)
	c.add(end, KindStart, h, nil, 0)
}

func (c *chance) failover(at time.Duration) {
	kind := KindFailover
	if c.one(4) {
		kind = KindForce
	}
	c.add(at, kind, c.some(1+c.IntN(2)), nil, 0)
}

func (c *chance) save(at time.Duration) { c.add(at, KindSave, c.some(1+c.IntN(c.Hosts)), nil, 0) }

// leave lets a host of the cluster be forgotten, and come back as a replica after a while.
func (c *chance) leave(at time.Duration) {
	two := c.some(2)
	if two[0] == 0 { // the clients and the checks know the cluster by host 0
		two[0], two[1] = two[1], two[0]
	}
	h, other := two[:1], two[1:]
	c.add(at, KindForget, h, other, 0)
	for range 1 + c.IntN(2) {
		at += c.between(200, 5000)
		c.add(at, KindMeet, h, other, 0)
		c.add(at+c.between(100, 2000), KindReplicate, h, other, 0)
	}
}

// switchMaster tells a host to become a replica of another group, which only a replica can.
func (c *chance) switchMaster(at time.Duration) {
	two := c.some(2)
	c.add(at, KindReplicate, two[:1], two[1:], 0)
}

// spareMoves lets a spare host join, become a replica, and go, in any order.
func (c *chance) spareMoves(at time.Duration) {
	h, other := []int{c.spare()}, []int{c.IntN(c.Hosts)}
	for range 1 + c.IntN(3) {
		switch c.IntN(8) {
		case 0, 1:
			c.add(at, KindMeet, h, other, 0)
		case 2:
			c.add(at, KindMeet, other, h, 0)
		case 3, 4, 5:
			c.add(at, KindReplicate, h, other, 0)
		case 6:
			c.add(at, KindForget, h, other, 0)
		case 7:
			c.add(at, KindClear, h, nil, time.Duration(c.IntN(2)))
		}
		at += c.between(0, 1500)
	}
}
