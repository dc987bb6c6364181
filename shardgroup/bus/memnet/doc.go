// Package memnet is a network in memory for tests, with faults.
//
// Its job: to be the bus.Network of each host of a simulated cluster. A host
// listens and dials under its own name, so that the link between two hosts
// can be cut in one direction or both, delayed, and healed. Established
// connections over a cut link hang, as with TCP when packets are lost: what
// was written waits, and arrives after the heal, unless the heal resets them.
// Dials over a cut link run into their time-out.
//
// Not its job: bandwidth, reordering (a connection is a stream), and loss that
// nobody asked for: memnet itself rolls no dice.
//
// It uses only channels, mutexes and package time, so it runs in a
// testing/synctest bubble; a Net belongs to the bubble it was made in.
package memnet
