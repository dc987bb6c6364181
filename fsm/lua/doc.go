// Package lua runs Redis' scripts: EVAL and EVAL_RO, on gopher-lua, in a sandbox
// that sees what scripts of Redis 7.0 see.
//
// A script is one entry of the log and runs on every member, so everything it can
// observe is deterministic: time and randomness come from the entry, tables are
// traversed in insertion order, addresses are counted instead of shown, and what
// stops a script is a count of steps and bytes, never a clock. The budget matters
// more than in Redis: a script without an end would stop every member, and stop
// it again after each restart.
//
// How the budget is kept. gopher-lua asks its context before each instruction;
// ours counts ([budget]). Memory that instructions allocate is counted by guards
// that package syntax puts into the program, the rest by the library functions,
// all of which are ours. The limits are on the whole run, garbage included.
//
// Not its job: finding the script of EVALSHA (the frontend does), checking what a
// script may call (the machine's Ctx.Call does).
//
// Invariants: a run leaves no trace in the state it used: the globals are locked,
// and what a script may change (KEYS, ARGV, the tables it makes) is made for each
// run. States and compiled chunks belong to an Engine; the package has no
// variables. Arrays of tables never end in nil (see rawSet), or their length would
// take time to find.
package lua
