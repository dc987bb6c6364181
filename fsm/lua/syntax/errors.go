package syntax

import "fmt"

// Error is returned when the source is not Lua.
type Error struct {
	Chunk string // name as shown, see ChunkName
	Line  int
	Text  string
}

// Error reads as Lua's own message.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.Chunk, e.Line, e.Text) }

// maxShown is the longest name of a chunk in messages.
const maxShown = 59

// ChunkName returns the name of a chunk as messages show it: what follows "@" or
// "=", else the beginning of the source itself.
func ChunkName(name string) string {
	if name == "" {
		return `[string ""]`
	}
	switch name[0] {
	case '=':
		return name[1:min(len(name), maxShown+1)]
	case '@':
		if len(name)-1 > maxShown {
			return "..." + name[len(name)-(maxShown-len("...")):]
		}
		return name[1:]
	}
	return `[string "` + firstLine(name) + `"]`
}

// firstLine cuts the source at its first line's end, and where it is too long.
func firstLine(source string) string {
	room := maxShown - len(`[string "..."]`)
	end := 0
	for end < len(source) && !isNewline(source[end]) {
		end++
	}
	if end == len(source) && end <= room {
		return source
	}
	return source[:min(end, room)] + "..."
}
