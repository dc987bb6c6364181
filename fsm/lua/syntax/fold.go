package syntax

import (
	"math"
	"strconv"

	"github.com/yuin/gopher-lua/ast"
)

// value returns the number of a constant.
func value(n *ast.NumberExpr) float64 {
	f, _ := ParseNumber(n.Value)
	return f
}

// number makes a constant that gopher-lua reads as exactly f.
func number(f float64) *ast.NumberExpr {
	return &ast.NumberExpr{Value: strconv.FormatFloat(f, 'g', -1, 64)}
}

// fold calculates with two constants; nil: that is left to the running program.
// gopher-lua would fold everything, and then take -0 and 0, being equal, for one
// constant.
func (p *parser) fold(op kind, left, right *ast.NumberExpr, site int) ast.Expr {
	a, b := value(left), value(right)
	var f float64
	switch op {
	case '+':
		f = a + b
	case '-':
		f = a - b
	case '*':
		f = a * b
	default:
		return nil
	}
	if math.IsNaN(f) || f == 0 && math.Signbit(f) {
		return nil
	}
	n := at(number(f), site)
	p.constant("\x00" + n.Value)
	return n
}

// opaque hides a constant from gopher-lua's folding.
func (p *parser) opaque(n *ast.NumberExpr) ast.Expr { return p.guard(GuardStart, n.Line(), n) }
