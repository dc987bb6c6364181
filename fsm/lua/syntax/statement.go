package syntax

import "github.com/yuin/gopher-lua/ast"

// block reads statements up to a word that ends the block, in a scope of its own.
func (p *parser) block() []ast.Stmt {
	p.enter()
	visible := len(p.fn.locals)
	list := p.statements()
	p.fn.locals = p.fn.locals[:visible]
	p.leave()
	return list
}

// statements reads statements; their variables stay visible.
func (p *parser) statements() []ast.Stmt {
	var list []ast.Stmt
	for !p.blockEnds() {
		last := p.tok.kind == kindReturn || p.tok.kind == kindBreak
		list = append(list, p.statement()...)
		p.accept(';')
		if last {
			break
		}
	}
	return list
}

func (p *parser) blockEnds() bool {
	switch p.tok.kind {
	case kindElse, kindElseif, kindEnd, kindUntil, kindEOF:
		return true
	}
	return false
}

// statement reads one statement, which may become several.
func (p *parser) statement() []ast.Stmt {
	line := p.tok.line
	switch p.tok.kind {
	case kindIf:
		return one(p.ifStatement(line))
	case kindWhile:
		return one(p.whileStatement(line))
	case kindDo:
		p.advance()
		body := p.block()
		p.expectMatch(kindEnd, kindDo, line)
		return one(at(&ast.DoBlockStmt{Stmts: body}, p.site(line)))
	case kindFor:
		return one(p.forStatement(line))
	case kindRepeat:
		return one(p.repeatStatement(line))
	case kindFunction:
		return one(p.functionStatement(line))
	case kindLocal:
		p.advance()
		return one(p.localStatement(line))
	case kindReturn:
		return one(p.returnStatement(line))
	case kindBreak:
		p.advance()
		if p.fn.loops == 0 {
			p.failNear("no loop to break")
		}
		return one(at(&ast.BreakStmt{}, p.site(line)))
	}
	return one(p.expressionStatement(line))
}

func one(s ast.Stmt) []ast.Stmt { return []ast.Stmt{s} }

// ifStatement reads from "if" or "elseif" to the end of the whole statement.
func (p *parser) ifStatement(line int) ast.Stmt {
	first := at(&ast.IfStmt{}, p.site(line))
	for s := first; ; {
		p.advance()
		s.Condition = p.expression()
		p.expect(kindThen)
		s.Then = p.block()
		switch p.tok.kind {
		case kindElseif:
			next := at(&ast.IfStmt{}, p.site(p.tok.line))
			s.Else = one(next)
			s = next
			p.enterChain(first)
			continue
		case kindElse:
			p.advance()
			s.Else = p.block()
		}
		p.expectMatch(kindEnd, kindIf, line)
		return first
	}
}

// enterChain bounds the branches of one "if", which nest in the tree.
func (p *parser) enterChain(s *ast.IfStmt) {
	depth := 0
	for len(s.Else) == 1 {
		next, ok := s.Else[0].(*ast.IfStmt)
		if !ok {
			return
		}
		if depth++; depth > maxBranches {
			p.failPlain("function or expression too complex")
		}
		s = next
	}
}

// maxBranches bounds the "elseif" branches of one statement.
const maxBranches = 1000

func (p *parser) whileStatement(line int) ast.Stmt {
	s := at(&ast.WhileStmt{}, p.site(line))
	p.advance()
	p.fn.openSpan()
	s.Condition = p.expression()
	p.expect(kindDo)
	s.Stmts = p.loopBody()
	p.expectMatch(kindEnd, kindWhile, line)
	return s
}

// loopBody reads a block inside a loop; the caller has opened its span.
func (p *parser) loopBody() []ast.Stmt {
	p.fn.loops++
	body := p.block()
	p.fn.loops--
	return p.charged(body)
}

// repeatStatement reads a loop whose condition sees the variables of its body.
func (p *parser) repeatStatement(line int) ast.Stmt {
	s := at(&ast.RepeatStmt{}, p.site(line))
	p.enter()
	p.advance()
	visible := len(p.fn.locals)
	p.fn.openSpan()
	p.fn.loops++
	body := p.statements()
	p.fn.loops--
	p.expectMatch(kindUntil, kindRepeat, line)
	s.Condition = p.expression()
	s.Stmts = p.charged(body)
	p.fn.locals = p.fn.locals[:visible]
	p.leave()
	return s
}

func (p *parser) returnStatement(line int) ast.Stmt {
	s := at(&ast.ReturnStmt{}, p.site(line))
	p.advance()
	if !p.blockEnds() && p.tok.kind != ';' {
		s.Exprs = p.expressions()
	}
	return s
}

func (p *parser) localStatement(line int) ast.Stmt {
	s := at(&ast.LocalAssignStmt{}, p.site(line))
	if p.accept(kindFunction) {
		s.Names = []string{p.name()}
		p.declare(s.Names...)
		s.Exprs = []ast.Expr{p.function(line, false)}
		return s
	}
	s.Names = append(s.Names, p.name())
	for p.accept(',') {
		s.Names = append(s.Names, p.name())
	}
	if p.accept('=') {
		s.Exprs = p.expressions()
	}
	if _, ok := lastFunction(s.Exprs); ok && len(s.Names) == 1 && len(s.Exprs) == 1 {
		// gopher-lua would let the function see the variable, as in "local
		// function"; a second value, dropped again, keeps it from that.
		s.Exprs = append(s.Exprs, at(&ast.NilExpr{}, s.Line()))
	}
	p.declare(s.Names...)
	return s
}

func lastFunction(list []ast.Expr) (*ast.FunctionExpr, bool) {
	if len(list) == 0 {
		return nil, false
	}
	f, ok := list[len(list)-1].(*ast.FunctionExpr)
	return f, ok
}

// functionStatement reads "function a.b:c() ... end", an assignment.
func (p *parser) functionStatement(line int) ast.Stmt {
	p.advance()
	if p.tok.kind != kindName {
		p.expected(kindName)
	}
	target := p.prefix()
	method := false
	for !method && (p.tok.kind == '.' || p.tok.kind == ':') {
		method = p.tok.kind == ':'
		p.advance()
		target = p.index(target, p.fieldName())
	}
	return p.assignment([]ast.Expr{target}, []ast.Expr{p.function(line, method)}, line)
}

// expressionStatement reads a call or an assignment.
func (p *parser) expressionStatement(line int) ast.Stmt {
	e := p.suffixed()
	if call, ok := e.(*ast.FuncCallExpr); ok && !p.bare {
		return at(&ast.FuncCallStmt{Expr: e}, call.Line())
	}
	targets := []ast.Expr{e}
	p.mustBeTarget(e)
	for p.accept(',') {
		e = p.suffixed()
		p.mustBeTarget(e)
		targets = append(targets, e)
		if len(targets) > maxTargets {
			p.failPlain("function or expression too complex")
		}
	}
	p.expect('=')
	return p.assignment(targets, p.expressions(), line)
}

// maxTargets bounds the variables of one assignment.
const maxTargets = 50
