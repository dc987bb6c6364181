package syntax

import (
	"math"

	"github.com/yuin/gopher-lua/ast"
)

// constructor reads {...}.
func (p *parser) constructor() ast.Expr {
	line := p.tok.line
	p.expect('{')
	t := at(&ast.TableExpr{}, p.site(line))
	items := 0
	for p.tok.kind != '}' {
		f := p.field()
		if f.Key == nil {
			items++
		}
		t.Fields = append(t.Fields, f)
		if !p.accept(',') && !p.accept(';') {
			break
		}
	}
	p.expectMatch('}', '{', line)
	p.limit(p.fn, items, maxArrayItems, "items in a constructor")
	return p.guarded(t, items)
}

// guardedItems is the number of array items from which a constructor is checked
// for nils at its end.
const guardedItems = 16

// maxComputedKeys bounds the keys of a constructor that are not constants.
const maxComputedKeys = 40

// guarded charges for a constructor, and lets the sandbox look at one whose size
// is not known here. Computed keys could be any index: they are stored by the
// sandbox once the table is there, those of array items last.
func (p *parser) guarded(t *ast.TableExpr, items int) ast.Expr {
	p.fn.charge(costTable + items*costItem)
	var constant []*ast.Field
	var computed []ast.Expr
	for _, f := range t.Fields {
		switch {
		case f.Key == nil:
			constant = append(constant, f)
		case p.constantKey(f.Key):
			constant = append(constant, f)
		default:
			computed = append(computed, single(f.Key), single(f.Value))
		}
	}
	open := openEnded(t)
	t.Fields = constant
	if len(computed) == 0 && !open && items < guardedItems {
		return t
	}
	p.limit(p.fn, len(computed)/2, maxComputedKeys, "computed keys in a constructor")
	return p.guard(GuardTable, t.Line(), append([]ast.Expr{t}, computed...)...)
}

// constantKey reports whether a key is a constant that the compiler may store
// by itself, and charges for it.
func (p *parser) constantKey(key ast.Expr) bool {
	switch k := key.(type) {
	case *ast.StringExpr:
		p.fn.charge(costField)
		return true
	case *ast.NumberExpr:
		n, _ := ParseNumber(k.Value)
		if n == math.Trunc(n) && 1 <= n && n < arrayIndexes {
			p.fn.charge(int(n) * costItem) // gopher-lua fills the array up to here
		}
		p.fn.charge(costField)
		return true
	}
	return false
}

// arrayIndexes is from where on gopher-lua keeps a number key out of the array.
const arrayIndexes = 1 << 26

// openEnded reports whether the last item may stand for many values.
func openEnded(t *ast.TableExpr) bool {
	if len(t.Fields) == 0 || t.Fields[len(t.Fields)-1].Key != nil {
		return false
	}
	switch e := t.Fields[len(t.Fields)-1].Value.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}

// field reads one field of a constructor. Only an item may stand for many values;
// gopher-lua would take a named one for such, too.
func (p *parser) field() *ast.Field {
	switch {
	case p.tok.kind == kindName && p.following().kind == '=':
		key := at(&ast.StringExpr{Value: p.tok.str}, p.site(p.tok.line))
		p.constant(p.tok.str)
		p.advance()
		p.advance()
		return &ast.Field{Key: key, Value: single(p.expression())}
	case p.accept('['):
		key := p.expression()
		p.expect(']')
		p.expect('=')
		return &ast.Field{Key: key, Value: single(p.expression())}
	}
	return &ast.Field{Value: p.expression()}
}
