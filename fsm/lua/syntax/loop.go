package syntax

import "github.com/yuin/gopher-lua/ast"

func (p *parser) forStatement(line int) ast.Stmt {
	p.advance()
	first := p.name()
	switch p.tok.kind {
	case '=':
		return p.numericFor(first, line)
	case ',', kindIn:
		return p.genericFor(first, line)
	}
	p.failNear("'=' or 'in' expected")
	return nil
}

// The variables a loop keeps for itself count as locals.
const hiddenLocals = 3

func (p *parser) numericFor(name string, line int) ast.Stmt {
	s := at(&ast.NumberForStmt{Name: name}, p.site(line))
	p.advance()
	s.Init = p.loopNumber(GuardStart)
	p.expect(',')
	s.Limit = p.loopNumber(GuardLimit)
	if p.accept(',') {
		s.Step = p.loopNumber(GuardStep)
	}
	s.Stmts = p.forBody([]string{name}, line)
	return s
}

// loopNumber reads one of a loop's numbers. gopher-lua takes no strings there,
// and has other error texts.
func (p *parser) loopNumber(g Guard) ast.Expr {
	line := p.tok.line
	e := p.expression()
	switch e.(type) {
	case *ast.NumberExpr:
		return e
	}
	return p.guard(g, p.site(line), single(e))
}

func (p *parser) genericFor(first string, line int) ast.Stmt {
	names := []string{first}
	for p.accept(',') {
		names = append(names, p.name())
	}
	p.expect(kindIn)
	values := p.expressions()
	site := p.site(line, "")
	loop := at(&ast.GenericForStmt{Names: names, Exprs: values}, site)
	loop.Stmts = p.forBody(names, line)
	if len(values) == 1 {
		return loop
	}
	// gopher-lua would adjust the values to the number of names.
	hidden := []string{"@f", "@s", "@c"}
	outer := at(&ast.LocalAssignStmt{Names: hidden, Exprs: values}, site)
	loop.Exprs = nil
	for _, h := range hidden {
		loop.Exprs = append(loop.Exprs, at(&ast.IdentExpr{Value: h}, site))
	}
	return at(&ast.DoBlockStmt{Stmts: []ast.Stmt{outer, loop}}, site)
}

// forBody reads "do ... end" with the loop's variables visible.
func (p *parser) forBody(names []string, line int) []ast.Stmt {
	visible := len(p.fn.locals)
	for range hiddenLocals {
		p.declare("@hidden")
	}
	p.declare(names...)
	p.expect(kindDo)
	p.fn.openSpan()
	body := p.loopBody()
	p.expectMatch(kindEnd, kindFor, line)
	p.fn.locals = p.fn.locals[:visible]
	return body
}
