package syntax

import "github.com/yuin/gopher-lua/ast"

// Chunk is a parsed program.
type Chunk struct {
	// Main is what gopher-lua compiles: called with the guards as arguments, it
	// returns the program as a function.
	Main  []ast.Stmt
	Sites []Site
}

// Parse reads a chunk; name is as luaL_loadbuffer takes it ("@file", "=text" or
// the source). It returns an *Error if the source is not Lua.
func Parse(source, name string) (chunk *Chunk, err error) {
	p := &parser{lexer: lexer{name: ChunkName(name), src: source, line: 1}}
	defer func() {
		if r := recover(); r != nil {
			bad, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			chunk, err = nil, bad
		}
	}()
	if len(source) > MaxSource {
		p.failPlain("chunk is too large")
	}
	return p.parse(), nil
}

// parser turns tokens into statements for gopher-lua.
type parser struct {
	lexer
	tok   token
	ahead *token // the one after tok, if it was needed
	last  int    // line of the token before tok
	level int
	fn    *function
	bare  bool // see suffixed
	sites []Site
}

func (p *parser) parse() *Chunk {
	p.sites = []Site{{}} // no node has site 0, gopher-lua's default
	p.fn = &function{vararg: true}
	p.fn.openSpan()
	p.advance()
	body := p.charged(p.block())
	if p.tok.kind != kindEOF {
		p.expected(kindEOF)
	}
	fn := &ast.FunctionExpr{ParList: &ast.ParList{HasVargs: p.fn.dots, Names: []string{}}, Stmts: body}
	names := make([]string, 0, len(Guards()))
	for _, g := range Guards() {
		names = append(names, string(g))
	}
	return &Chunk{Sites: p.sites, Main: []ast.Stmt{
		&ast.LocalAssignStmt{Names: names, Exprs: []ast.Expr{&ast.Comma3Expr{}}},
		&ast.ReturnStmt{Exprs: []ast.Expr{fn}},
	}}
}

// site makes a place in the source and returns its number.
func (p *parser) site(line int, names ...string) int {
	p.sites = append(p.sites, Site{Line: line, Names: names})
	return len(p.sites) - 1
}

// at puts a node at a place in the source.
func at[N ast.PositionHolder](node N, site int) N {
	node.SetLine(site)
	node.SetLastLine(site)
	return node
}

// guard makes a call of one of the sandbox's functions.
func (p *parser) guard(g Guard, site int, args ...ast.Expr) *ast.FuncCallExpr {
	fn := at(&ast.IdentExpr{Value: string(g)}, site)
	return at(&ast.FuncCallExpr{Func: fn, Args: args, AdjustRet: true}, site)
}

func (p *parser) advance() {
	p.last = p.tok.line
	if p.ahead != nil {
		p.tok, p.ahead = *p.ahead, nil
		return
	}
	p.tok = p.lexer.next()
}

// following returns the token after the present one.
func (p *parser) following() *token {
	if p.ahead == nil {
		t := p.lexer.next()
		p.ahead = &t
	}
	return p.ahead
}

// accept passes over a token of this kind if it is next.
func (p *parser) accept(k kind) bool {
	if p.tok.kind != k {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(k kind) {
	if !p.accept(k) {
		p.expected(k)
	}
}

// expectMatch expects the token that closes what was opened on a line.
func (p *parser) expectMatch(what, opener kind, line int) {
	if p.accept(what) {
		return
	}
	if line == p.tok.line {
		p.expected(what)
	}
	p.failNear("'" + what.String() + "' expected (to close '" + opener.String() + "' at line " + itoa(line) + ")")
}

func (p *parser) expected(k kind) { p.failNear("'" + k.String() + "' expected") }

// name expects a name.
func (p *parser) name() string {
	if p.tok.kind != kindName {
		p.expected(kindName)
	}
	s := p.tok.str
	p.advance()
	return s
}

// failNear ends the parse with an error near the present token.
func (p *parser) failNear(message string) {
	panic(&Error{Chunk: p.lexer.name, Line: p.tok.line, Text: message + " near '" + p.tok.shown() + "'"})
}

// failPlain ends the parse with an error that shows no token.
func (p *parser) failPlain(message string) {
	panic(&Error{Chunk: p.lexer.name, Line: p.lexer.line, Text: message})
}

// enter counts a level of nesting; leave takes it back.
func (p *parser) enter() {
	if p.level++; p.level > maxLevels {
		p.failPlain("chunk has too many syntax levels")
	}
}

func (p *parser) leave() { p.level-- }
