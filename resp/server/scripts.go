package server

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"sync"

	"github.com/redoubtdb/redoubt/fsm/command"
)

// Limits of the script cache. What is pushed out is answered with NOSCRIPT, as after a restart.
const (
	maxCachedScripts     = 10_000
	maxCachedScriptBytes = 64 << 20
)

// scriptCache holds the scripts that EVALSHA may name. It is this node's own: the log holds whole scripts.
type scriptCache struct {
	compile func(body []byte) error

	mu     sync.RWMutex      // guards all below
	bodies map[string][]byte // by SHA1, lower-case hex
	order  []string          // oldest first
	bytes  int
}

func newScriptCache(compile func([]byte) error) *scriptCache {
	return &scriptCache{compile: compile, bodies: map[string][]byte{}}
}

// shaOf is the name of a script.
func shaOf(body []byte) string {
	sum := sha1.Sum(body)
	return hex.EncodeToString(sum[:])
}

// find returns a script by its name, in whatever case, or nil.
func (s *scriptCache) find(sha []byte) []byte {
	var lower [2 * sha1.Size]byte
	if len(sha) != len(lower) {
		return nil
	}
	for i, b := range sha {
		if 'A' <= b && b <= 'F' {
			b += 'a' - 'A'
		}
		lower[i] = b
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.bodies[string(lower[:])]
}

// add compiles a script that is new and keeps it. It returns its name, or why it does not compile.
func (s *scriptCache) add(body []byte) (sha string, err error) {
	sha = shaOf(body)
	if s.find([]byte(sha)) != nil {
		return sha, nil
	}
	if err := s.compile(body); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bodies[sha] != nil {
		return sha, nil
	}
	s.bodies[sha] = append([]byte{}, body...) // not nil, should it be empty
	s.order = append(s.order, sha)
	s.bytes += len(body)
	for len(s.order) > maxCachedScripts || s.bytes > maxCachedScriptBytes && len(s.order) > 1 {
		s.bytes -= len(s.bodies[s.order[0]])
		delete(s.bodies, s.order[0])
		s.order = s.order[1:]
	}
	return sha, nil
}

func (s *scriptCache) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies, s.order, s.bytes = map[string][]byte{}, nil, 0
}

// scriptSpecs are the script commands that the state machine runs.
type scriptSpecs struct{ eval, evalRO *command.Spec }

var errNoScripts = errors.New("EVAL and EVAL_RO are missing")

func findScripts(data []*command.Spec) (found scriptSpecs, err error) {
	for _, s := range data {
		switch s.Name {
		case "eval":
			found.eval = s
		case "eval_ro":
			found.evalRO = s
		}
	}
	if found.eval == nil || found.evalRO == nil {
		return found, errNoScripts
	}
	return found, nil
}
