// Package syntax reads Lua 5.1 as Redis' scripts are written and prepares it for
// gopher-lua's compiler.
//
// gopher-lua's own parser is not used for three reasons: its errors do not read
// like Lua's, it accepts a larger language (goto, and octal numbers by accident),
// and it sets no limit to nesting. This one gives Lua's error texts, knows the
// names of the operands for the errors of the running program (see [Site]), and
// puts in the guards by which the sandbox counts memory (see [Guard]).
//
// Not its job: running anything, and what the standard library does.
//
// Invariants: the work is linear in the source and the nesting of the result is
// at most [maxLevels] deep, so that neither we nor gopher-lua's compiler can be
// driven into the ground by a script.
package syntax
