package syntax

import "github.com/yuin/gopher-lua/ast"

// prefix reads a name or an expression in parentheses.
func (p *parser) prefix() ast.Expr {
	site, line := p.site(p.tok.line), p.tok.line
	switch p.tok.kind {
	case kindName:
		name := p.name()
		switch p.fn.resolve(name)[0] {
		case 'u':
			p.capture(name)
		case 'g':
			p.constant(name)
		}
		return at(&ast.IdentExpr{Value: name}, site)
	case '(':
		p.advance()
		e := p.expression()
		p.expectMatch(')', '(', line)
		return single(e)
	}
	p.failNear("unexpected symbol")
	return nil
}

// global reports whether no local variable has this name.
func (p *parser) global(name string) bool { return p.fn.resolve(name)[0] == 'g' }

// suffixed reads a name or parenthesis and what is done to it: indexes, calls.
// p.bare tells afterwards whether it ends in a parenthesis of its own, which can
// be neither assigned to nor called as a statement.
func (p *parser) suffixed() ast.Expr {
	bare := p.tok.kind == '('
	e := p.prefix()
	for links := 0; ; links++ {
		if links > maxChain {
			p.failPlain("function or expression too complex")
		}
		switch p.tok.kind {
		case '.':
			p.advance()
			e = p.index(e, p.fieldName())
		case '[':
			p.advance()
			key := p.expression()
			p.expect(']')
			e = p.index(e, key)
		case ':':
			p.advance()
			e = p.method(e, p.name())
		case '(', '{', kindString:
			e = p.call(e)
		default:
			p.bare = bare
			return e
		}
		bare = false
	}
}

func (p *parser) fieldName() ast.Expr {
	key := at(&ast.StringExpr{}, p.site(p.tok.line))
	key.Value = p.name()
	p.constant(key.Value)
	return key
}

func (p *parser) index(object, key ast.Expr) ast.Expr {
	site := p.site(p.last, p.describe(object))
	return at(&ast.AttrGetExpr{Object: object, Key: key}, site)
}

func (p *parser) call(fn ast.Expr) ast.Expr {
	site := p.site(p.tok.line, p.describe(fn))
	return at(&ast.FuncCallExpr{Func: fn, Args: p.arguments()}, site)
}

func (p *parser) method(object ast.Expr, name string) ast.Expr {
	p.constant(name)
	site := p.site(p.tok.line, "method '"+name+"'", p.describe(object))
	p.sites[site].Method = true
	return at(&ast.FuncCallExpr{Receiver: object, Method: name, Args: p.arguments()}, site)
}

// arguments reads what stands behind a function: a list in parentheses, a string
// or a constructor.
func (p *parser) arguments() []ast.Expr {
	switch line := p.tok.line; p.tok.kind {
	case '(':
		if line != p.last {
			p.failNear("ambiguous syntax (function call x new statement)")
		}
		p.advance()
		if p.accept(')') {
			return nil
		}
		args := p.expressions()
		p.expectMatch(')', '(', line)
		return args
	case '{':
		return []ast.Expr{p.constructor()}
	case kindString:
		p.constant(p.tok.str)
		s := at(&ast.StringExpr{Value: p.tok.str}, p.site(line))
		p.advance()
		return []ast.Expr{s}
	}
	p.failNear("function arguments expected")
	return nil
}

// function reads parameters and body; the word "function" is already read.
func (p *parser) function(line int, method bool) *ast.FunctionExpr {
	outer := p.fn
	p.fn = &function{parent: outer, line: line}
	params := &ast.ParList{Names: []string{}}
	if method {
		params.Names = append(params.Names, "self")
	}
	p.parameters(params)
	p.declare(params.Names...)
	if params.HasVargs {
		p.declare("arg")
	}
	p.fn.openSpan()
	body := p.block()
	body = p.charged(body)
	p.expectMatch(kindEnd, kindFunction, line)
	upvalues := len(p.fn.upvalues)
	p.fn = outer
	p.fn.charge(costClosure + upvalues*costUpvalue)
	return at(&ast.FunctionExpr{ParList: params, Stmts: body}, p.site(line))
}

func (p *parser) parameters(params *ast.ParList) {
	p.expect('(')
	for p.tok.kind != ')' {
		switch p.tok.kind {
		case kindName:
			params.Names = append(params.Names, p.name())
		case kindDots:
			p.advance()
			params.HasVargs, p.fn.vararg = true, true
		default:
			p.failNear("<name> or '...' expected")
		}
		if params.HasVargs || !p.accept(',') {
			break
		}
		if p.tok.kind == ')' {
			p.failNear("<name> or '...' expected")
		}
	}
	p.expect(')')
}

// charged ends the span of a body and puts its charge in front of it.
func (p *parser) charged(body []ast.Stmt) []ast.Stmt {
	cost := p.fn.closeSpan()
	if cost == 0 {
		return body
	}
	site := p.site(p.tok.line)
	bytes := at(&ast.NumberExpr{Value: itoa(cost)}, site)
	charge := at(&ast.FuncCallStmt{Expr: p.guard(GuardAlloc, site, bytes)}, site)
	return append([]ast.Stmt{charge}, body...)
}
