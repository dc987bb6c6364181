package syntax

import (
	"github.com/yuin/gopher-lua/ast"
)

// priority is how strongly a binary operator binds on either side; one that
// binds less on its right is right associative.
type priority struct{ left, right int }

const unaryPriority = 8

func binary(k kind) (priority, bool) {
	switch k {
	case kindOr:
		return priority{1, 1}, true
	case kindAnd:
		return priority{2, 2}, true
	case '<', '>', kindLessEqual, kindGreaterEqual, kindNotEqual, kindEqual:
		return priority{3, 3}, true
	case kindConcat:
		return priority{5, 4}, true
	case '+', '-':
		return priority{6, 6}, true
	case '*', '/', '%':
		return priority{7, 7}, true
	case '^':
		return priority{10, 9}, true
	}
	return priority{}, false
}

func (p *parser) expression() ast.Expr { return p.operation(0) }

// expressions reads a list of at least one.
func (p *parser) expressions() []ast.Expr {
	list := []ast.Expr{p.expression()}
	for p.accept(',') {
		list = append(list, p.expression())
	}
	return list
}

// operation reads an expression whose operators bind more strongly than limit.
func (p *parser) operation(limit int) ast.Expr {
	p.enter()
	left := p.unary()
	// A chain of operators of one priority needs no recursion here, yet makes a
	// deep tree.
	for links := 0; ; links++ {
		op := p.tok.kind
		prio, ok := binary(op)
		if !ok || prio.left <= limit {
			p.leave()
			return left
		}
		if links > maxChain {
			p.failPlain("function or expression too complex")
		}
		p.advance()
		left = p.combine(op, left, p.operation(prio.right))
	}
}

// maxChain bounds a chain of operators such as 1+1+1+... With maxLevels it bounds
// the depth of the tree, and thereby the compiler's recursion.
const maxChain = 500

func (p *parser) unary() ast.Expr {
	op := p.tok.kind
	switch op {
	case kindNot, '-', '#':
	default:
		return p.simple()
	}
	p.advance()
	operand := p.operation(unaryPriority)
	site := p.site(p.last, p.describe(operand))
	switch op {
	case kindNot:
		return at(&ast.UnaryNotOpExpr{Expr: operand}, site)
	case '-':
		if n, ok := operand.(*ast.NumberExpr); ok {
			zero := at(&ast.NumberExpr{Value: "0"}, site)
			if folded := p.fold('-', zero, n, site); folded != nil && value(n) != 0 {
				return folded
			}
			operand = p.opaque(n)
		}
		return at(&ast.UnaryMinusOpExpr{Expr: operand}, site)
	}
	return at(&ast.UnaryLenOpExpr{Expr: operand}, site)
}

// combine makes an operation, whose line is where its right operand ends.
func (p *parser) combine(op kind, left, right ast.Expr) ast.Expr {
	site := p.site(p.last, p.describe(left), p.describe(right))
	switch op {
	case kindAnd, kindOr:
		return at(&ast.LogicalOpExpr{Operator: op.String(), Lhs: boolean(left, site), Rhs: boolean(right, site)}, site)
	case kindConcat:
		return p.concat(left, right)
	case '+', '-', '*', '/', '%', '^':
		if l, ok := left.(*ast.NumberExpr); ok {
			if r, ok := right.(*ast.NumberExpr); ok {
				if folded := p.fold(op, l, r, site); folded != nil {
					return folded
				}
				left = p.opaque(l)
			}
		}
		return at(&ast.ArithmeticOpExpr{Operator: op.String(), Lhs: left, Rhs: right}, site)
	}
	return at(&ast.RelationalOpExpr{Operator: op.String(), Lhs: left, Rhs: right}, site)
}

// boolean makes sure that a negation has a value of its own where it is part of and, or: gopher-lua jumps by the operand
// instead, and takes that for the result. Of not x and y, with a true x, it makes x.
func boolean(e ast.Expr, site int) ast.Expr {
	if _, not := e.(*ast.UnaryNotOpExpr); !not {
		return e
	}
	return at(&ast.RelationalOpExpr{Operator: "==", Lhs: e, Rhs: at(&ast.TrueExpr{}, site)}, site)
}

// maxConcat bounds the operands of one guarded concatenation, which are the
// arguments of a call.
const maxConcat = 50

// concat makes one call of a whole chain a .. b .. c, which is right associative.
func (p *parser) concat(left, right ast.Expr) ast.Expr {
	operands := []ast.Expr{left, single(right)}
	if call, ok := right.(*ast.FuncCallExpr); ok && isGuard(call, GuardConcat) && len(call.Args) < maxConcat {
		operands = append([]ast.Expr{left}, call.Args...)
	}
	names := make([]string, len(operands))
	for i, e := range operands {
		names[i] = p.describe(e)
	}
	operands[0] = single(left)
	return p.guard(GuardConcat, p.site(p.last, names...), operands...)
}

func isGuard(call *ast.FuncCallExpr, g Guard) bool {
	fn, ok := call.Func.(*ast.IdentExpr)
	return ok && fn.Value == string(g)
}

// single makes sure that an expression gives one value where it stands last in a
// list of arguments.
func single(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
	return e
}

// describe names an operand as Lua's errors do; empty if it has no name.
func (p *parser) describe(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return p.fn.resolve(e.Value)
	case *ast.AttrGetExpr:
		if key, ok := e.Key.(*ast.StringExpr); ok {
			return "field '" + key.Value + "'"
		}
		return "field '?'"
	}
	return ""
}

// simple reads a constant, a constructor, a function, or what begins with a name.
func (p *parser) simple() ast.Expr {
	site := p.site(p.tok.line)
	var e ast.Expr
	switch p.tok.kind {
	case kindNumber:
		e = p.numeral()
	case kindString:
		p.constant(p.tok.str)
		e = &ast.StringExpr{Value: p.tok.str}
	case kindNil:
		e = &ast.NilExpr{}
	case kindTrue:
		e = &ast.TrueExpr{}
	case kindFalse:
		e = &ast.FalseExpr{}
	case kindDots:
		if !p.fn.vararg {
			p.failNear("cannot use '...' outside a vararg function")
		}
		p.fn.dots = true
		e = &ast.Comma3Expr{}
	case '{':
		return p.constructor()
	case kindFunction:
		line := p.tok.line
		p.advance()
		return p.function(line, false)
	default:
		return p.suffixed()
	}
	p.advance()
	return at(e, site)
}

// numeral writes the number in a way that gopher-lua reads as the same number.
func (p *parser) numeral() ast.Expr {
	n := number(p.tok.num)
	p.constant("\x00" + n.Value)
	return n
}
