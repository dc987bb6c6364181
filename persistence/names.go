package persistence

import (
	"fmt"
	"strings"
)

// checkName checks that name is one plain path element: letters, digits, '-',
// '_' and '.', not beginning with a '.'.
func checkName(name string) error {
	if name == "" || len(name) > maxNameBytes || name[0] == '.' || strings.ContainsFunc(name, notPlain) {
		return fmt.Errorf("%q: %w", name, ErrBadName)
	}
	return nil
}

const maxNameBytes = 128

func notPlain(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_', r == '.':
		return false
	}
	return true
}
