package syntax

import "github.com/yuin/gopher-lua/ast"

// mustBeTarget fails unless e can be assigned to.
func (p *parser) mustBeTarget(e ast.Expr) {
	switch e.(type) {
	case *ast.IdentExpr, *ast.AttrGetExpr:
		if !p.bare {
			return
		}
	}
	p.failNear("syntax error")
}

// assignment makes the statement targets = values. Stores that the sandbox must
// see, those to computed keys and to globals, become calls of its guards. Those of
// several values at once never reach the compiler, which gets a, b = b, a wrong.
func (p *parser) assignment(targets, values []ast.Expr, line int) ast.Stmt {
	if len(targets) == 1 && len(values) == 1 && !p.unsafeToLocal(targets[0], values[0]) {
		return p.store(targets[0], single(values[0]))
	}
	return p.manyStores(targets, values, line)
}

// unsafeToLocal reports whether a value must not go straight to a local variable: into the place of a call's result
// gopher-lua may put the function before it reads the arguments, and behind that of "..." it forgets what is there.
func (p *parser) unsafeToLocal(target, value ast.Expr) bool {
	name, ok := target.(*ast.IdentExpr)
	if !ok || p.fn.resolve(name.Value)[0] != 'l' {
		return false
	}
	_, call := value.(*ast.FuncCallExpr)
	return call || mayBeDots(value)
}

// mayBeDots reports whether "..." may be all of a value.
func mayBeDots(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Comma3Expr:
		return true
	case *ast.LogicalOpExpr:
		return mayBeDots(e.Lhs) || mayBeDots(e.Rhs)
	}
	return false
}

func (p *parser) mustGuard(target ast.Expr) bool {
	switch t := target.(type) {
	case *ast.IdentExpr:
		return p.global(t.Value)
	case *ast.AttrGetExpr:
		_, name := t.Key.(*ast.StringExpr)
		return !name
	}
	return false
}

// store makes target = value; the value is already cut to one.
func (p *parser) store(target, value ast.Expr) ast.Stmt {
	site := target.Line()
	if !p.mustGuard(target) {
		return at(&ast.AssignStmt{Lhs: []ast.Expr{target}, Rhs: []ast.Expr{value}}, site)
	}
	if t, ok := target.(*ast.AttrGetExpr); ok {
		call := p.guard(GuardStore, site, single(t.Object), single(t.Key), value)
		return at(&ast.FuncCallStmt{Expr: call}, site)
	}
	return at(&ast.FuncCallStmt{Expr: p.guard(GuardGlobal, site, value)}, site)
}

// manyStores evaluates the targets' parts, then the values, and stores from the
// last to the first, as Lua does.
func (p *parser) manyStores(targets, values []ast.Expr, line int) ast.Stmt {
	site := p.site(line)
	var names []string
	var parts []ast.Expr
	temporary := func(e ast.Expr) ast.Expr {
		name := "@" + itoa(len(names))
		names, parts = append(names, name), append(parts, single(e))
		return at(&ast.IdentExpr{Value: name}, site)
	}
	fixed := make([]ast.Expr, len(targets))
	for i, t := range targets {
		fixed[i] = t
		if get, ok := t.(*ast.AttrGetExpr); ok {
			clone := &ast.AttrGetExpr{Object: temporary(get.Object), Key: get.Key}
			if _, name := get.Key.(*ast.StringExpr); !name {
				clone.Key = temporary(get.Key)
			}
			fixed[i] = at(clone, get.Line())
		}
	}
	do := at(&ast.DoBlockStmt{}, site)
	if len(names) > 0 {
		do.Stmts = append(do.Stmts, at(&ast.LocalAssignStmt{Names: names, Exprs: parts}, site))
	}
	results := make([]string, len(targets))
	for i := range results {
		results[i] = "@v" + itoa(i)
	}
	do.Stmts = append(do.Stmts, at(&ast.LocalAssignStmt{Names: results, Exprs: values}, site))
	for i := len(targets) - 1; i >= 0; i-- {
		do.Stmts = append(do.Stmts, p.store(fixed[i], at(&ast.IdentExpr{Value: results[i]}, site)))
	}
	return do
}
