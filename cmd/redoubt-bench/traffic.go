package main

import "math/rand/v2"

// traffic is requests of one kind to one node.
type traffic struct {
	addr    string
	prelude []string // what each connection says first
	write   bool     // SET, else GET
	keys    int      // the requests take keys 0 to keys-1 at random
}

func (t traffic) request(b []byte) []byte {
	n := rand.IntN(t.keys)
	if t.write {
		return appendSet(b, n)
	}
	return appendGet(b, n)
}
