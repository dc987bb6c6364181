// Package syntax reads Lua 5.1 as Redis' scripts are written and prepares it for
// gopher-lua's compiler.
//
// gopher-lua's own parser is not used for three reasons: its errors do not read
// like Lua's, it accepts a larger language (goto, and octal numbers by accident),
// and it sets no limit to nesting. This one gives Lua's error texts, knows the
// names of the operands for the errors of the running program (see [Site]), and
// puts in the guards by which the sandbox counts memory (see [Guard]).
//
// What gopher-lua's compiler gets wrong never reaches it: a, b = b, a between
// locals; x = f(x.y) into a parameter; a constructor whose last field is named and
// a call; local f = function() f() end, where f is the outer one; for x in f, g()
// with fewer names than values; constructors beyond 25,550 items; -0 as a constant; not x
// in and, or; x = ... into a local that others stand behind.
// The random programs of fsm/lua's tests found most of these, and watch for more.
//
// Not its job: running anything, and what the standard library does.
//
// Invariants: the work is linear in the source and the nesting of the result is
// at most [maxLevels] deep, so that neither we nor gopher-lua's compiler can be
// driven into the ground by a script.
package syntax
