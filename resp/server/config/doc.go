// Package config holds a node's directives: what redis.conf and redis-server's command line may say, what CONFIG GET,
// SET and REWRITE make of them, and the typed values the rest of the process reads.
//
// Its job: names, types, defaults, limits and error texts of every directive of Redis 7.0 and of ours; parsing;
// notices for directives that mean something else here or nothing. Not its job: acting on a value (whoever owns the
// behaviour reads it from a Config or subscribes to a Live), or touching files other than those Parse is told to read.
//
// Invariants: a Config never changes after it was made; Set makes another. Each value is kept once, as the text that
// CONFIG GET prints, and was checked when it went in, so the typed Settings are derived without a failure path.
// There is no package state: two nodes of one process share nothing here.
package config
