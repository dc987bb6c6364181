// Package differential compares a Redoubt of one node with a real redis-server in cluster
// mode, both as processes: the same bytes go to both, and the same bytes must come back.
//
// Its job is what a client sees on its connections: data commands in pipelines,
// transactions and scripts on two connections at once, the texts of administrative
// commands, malformed requests. Requests are random and seeded: REDOUBT_SEED chooses
// others, REDOUBT_STEPS more of them. Not its job: clusters of several nodes, and faults.
//
// A reply may differ only where a comparison or a declared difference says so, with its
// reason beside it and a row in docs/divergence.md.
package differential
