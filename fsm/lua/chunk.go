package lua

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"

	glua "github.com/yuin/gopher-lua"

	"github.com/redoubtdb/redoubt/fsm/lua/syntax"
)

// chunk is a compiled piece of source. It is immutable, and shared by states.
type chunk struct {
	key   string // marks gopher-lua's messages, see describe in errors.go
	name  string // as given to the compiler, "@user_script"
	shown string // as messages show it, "user_script"
	size  int    // bytes of source
	proto *glua.FunctionProto
	sites []syntax.Site
}

// keyMark begins the key of a chunk: gopher-lua puts the key in front of its
// messages, and no script can write a message that begins so by accident.
const keyMark = "\x1b"

func chunkKey(source, name string) string {
	sum := sha1.Sum([]byte(name + "\x00" + source))
	return keyMark + hex.EncodeToString(sum[:])
}

// maxCode is the most instructions of one function that gopher-lua's jumps span.
const maxCode = 1 << 17

// newChunk compiles source. The error reads as Lua's.
func newChunk(source, name, key string) (*chunk, error) {
	parsed, err := syntax.Parse(source, name)
	if err != nil {
		return nil, err
	}
	c := &chunk{key: key, name: name, shown: syntax.ChunkName(name), size: len(source), sites: parsed.Sites}
	c.proto, err = compile(parsed, key)
	if err != nil {
		return nil, c.compilerError(err)
	}
	if tooLong(c.proto) {
		return nil, &syntax.Error{Chunk: c.shown, Line: 1, Text: "control structure too long"}
	}
	return c, nil
}

// compile calls gopher-lua's compiler, and turns a panic in it into an error.
func compile(parsed *syntax.Chunk, key string) (p *glua.FunctionProto, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return glua.Compile(parsed.Main, key)
}

// compilerError translates an error of the compiler. Nearly all are about a
// function that needs too many registers.
func (c *chunk) compilerError(err error) error {
	line := 1
	var bad *glua.CompileError
	if errors.As(err, &bad) && bad.Line < len(c.sites) {
		line = c.sites[bad.Line].Line
	}
	return &syntax.Error{Chunk: c.shown, Line: line, Text: "function or expression too complex"}
}

func tooLong(p *glua.FunctionProto) bool {
	if len(p.Code) >= maxCode {
		return true
	}
	for _, inner := range p.FunctionPrototypes {
		if tooLong(inner) {
			return true
		}
	}
	return false
}

// site returns a place of the chunk; an unknown one has no names.
func (c *chunk) site(id int) syntax.Site {
	if id <= 0 || id >= len(c.sites) {
		return syntax.Site{}
	}
	return c.sites[id]
}
