package fsm_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed are the exceptions, each with its reason. The key is the file below fsm/, a colon, and what is
// found there. An exception that nothing needs any more is an error too.
func allowed() map[string]string {
	return map[string]string{
		"keyspace/index.go:import hash/maphash": "hash seeds are random, and no index is ever iterated",
	}
}

// forbiddenImports returns packages whose results differ from member to member.
func forbiddenImports() []string {
	return []string{"os", "net", "math/rand", "crypto/rand", "hash/maphash", "syscall", "runtime", "log", "log/slog", "unique", "weak"}
}

// forbiddenFuncs are functions of packages that may be imported for other things.
func forbiddenFuncs() []string {
	return []string{
		"time.Now", "time.Since", "time.Until", "time.After", "time.AfterFunc", "time.Sleep", "time.Tick", "time.NewTimer", "time.NewTicker",
		"maps.Keys", "maps.Values", "maps.All", "maps.Collect",
	}
}

// TestDeterminism reads the syntax of everything below fsm/ and finds what could make two members differ
// that apply the same entries: clocks, random numbers, the order of maps, goroutines, select, the outside.
func TestDeterminism(t *testing.T) {
	found := map[string]bool{}
	l := &lint{t: t, fset: token.NewFileSet(), report: func(file, what string, pos token.Position) {
		key := file + ":" + what
		found[key] = true
		if allowed()[key] == "" {
			t.Errorf("%s: %s", pos, what)
		}
	}}
	l.importer = importer.ForCompiler(l.fset, "source", nil)
	for _, dir := range packageDirs(t) {
		l.dir(dir)
	}
	for key := range allowed() {
		if !found[key] {
			t.Errorf("the exception %q is not needed", key)
		}
	}
}

// TestDeterminismLintFinds shows the lint one sin of each kind.
func TestDeterminismLintFinds(t *testing.T) {
	const sins = `package sins
import ("time"; "maps"; "math/rand"; _ "net/http"; "fmt"; "reflect")
type named map[int]int
func f(m map[string]int, n named, c chan int) {
	_ = time.Now()
	now := time.Now
	_ = now
	for range m {}
	for k := range n { _ = k }
	_ = maps.Keys(m)
	go f(m, n, c)
	select {}
	_ = rand.Int()
	_ = fmt.Sprintf("%p", c)
	_ = reflect.ValueOf(m).MapKeys()
	for range 3 {}
	for range []int{} {}
}
func g[M ~map[int]int](m M) { for range m {} }
`
	want := []string{
		"import math/rand", "import net/http", "time.Now", "time.Now", "range over a map", "range over a map", "maps.Keys",
		"go statement", "select", "pointer printed", "reflect.MapKeys", "range over a map",
	}
	fset := token.NewFileSet()
	var got []string
	l := &lint{t: t, fset: fset, importer: importer.ForCompiler(fset, "source", nil), report: func(_, what string, _ token.Position) { got = append(got, what) }}
	file, err := parser.ParseFile(fset, "sins.go", sins, 0)
	if err != nil {
		t.Fatal(err)
	}
	l.files("sins", []*ast.File{file})
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("found %q\nwant  %q", got, want)
	}
}

// packageDirs returns all directories below this one that hold Go files.
func packageDirs(t *testing.T) (dirs []string) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if d.Name() == "testdata" {
			return filepath.SkipDir
		}
		dirs = append(dirs, path)
		return nil
	})
	if err != nil || len(dirs) < 3 {
		t.Fatalf("%d directories: %v", len(dirs), err)
	}
	return dirs
}

type lint struct {
	t        *testing.T
	fset     *token.FileSet
	importer types.Importer
	report   func(file, what string, pos token.Position)
	info     *types.Info
}

func (l *lint) dir(dir string) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		l.t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(l.fset, path, nil, 0)
		if err != nil {
			l.t.Fatal(err)
		}
		files = append(files, f)
	}
	if len(files) > 0 {
		l.files(dir, files)
	}
}

func (l *lint) files(name string, files []*ast.File) {
	l.info = &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: l.importer}
	if _, err := config.Check(name, l.fset, files, l.info); err != nil {
		l.t.Fatal(err)
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			l.node(n)
			return true
		})
	}
}

func (l *lint) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.GoStmt:
		l.found(n, "go statement")
	case *ast.SelectStmt:
		l.found(n, "select")
	case *ast.ImportSpec:
		path, _ := strconv.Unquote(n.Path.Value)
		for _, bad := range forbiddenImports() {
			if path == bad || strings.HasPrefix(path, bad+"/") {
				l.found(n, "import "+path)
			}
		}
	case *ast.RangeStmt:
		if isMap(l.info.TypeOf(n.X)) {
			l.found(n, "range over a map")
		}
	case *ast.Ident:
		l.use(n)
	case *ast.BasicLit:
		if n.Kind == token.STRING && strings.Contains(n.Value, "%p") {
			l.found(n, "pointer printed")
		}
	}
}

// use looks at the functions an identifier stands for, called or not.
func (l *lint) use(id *ast.Ident) {
	f, ok := l.info.Uses[id].(*types.Func)
	if !ok || f.Pkg() == nil {
		return
	}
	name := fmt.Sprintf("%s.%s", f.Pkg().Path(), f.Name())
	switch {
	case f.Signature().Recv() == nil && slices.Contains(forbiddenFuncs(), name):
		l.found(id, name)
	case name == "reflect.MapKeys", name == "reflect.MapRange", name == "sync.Range":
		l.found(id, name)
	}
}

// isMap looks through names and type parameters.
func isMap(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Map:
		return true
	case *types.Interface:
		for i := range u.NumEmbeddeds() {
			if union, ok := u.EmbeddedType(i).(*types.Union); ok {
				for j := range union.Len() {
					if isMap(union.Term(j).Type()) {
						return true
					}
				}
			}
		}
	}
	return false
}

func (l *lint) found(n ast.Node, what string) {
	pos := l.fset.Position(n.Pos())
	l.report(filepath.ToSlash(pos.Filename), what, pos)
}
