package sim

import (
	"fmt"
	"sync"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// Sets is the account of sets that only grow: each element is added once.
type Sets struct {
	mu    sync.Mutex // guards what follows
	added map[string]map[string]client.Outcome
	wrong []string
}

// NewSets makes an empty account.
func NewSets() *Sets { return &Sets{added: make(map[string]map[string]client.Outcome)} }

// Adding notes that an element is on its way; until Added it may be in the set or not.
func (s *Sets) Adding(key, element string) { s.note(key, element, client.Unknown) }

// Added notes the outcome.
func (s *Sets) Added(key, element string, outcome client.Outcome) { s.note(key, element, outcome) }

func (s *Sets) note(key, element string, outcome client.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.added[key] == nil {
		s.added[key] = make(map[string]client.Outcome)
	}
	s.added[key][element] = outcome
}

// Certain lists the elements that are in the set for certain: a read that begins now
// must find them all.
func (s *Sets) Certain(key string) (elements []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e, outcome := range s.added[key] {
		if outcome == client.Done {
			elements = append(elements, e)
		}
	}
	return elements
}

// Found checks the answer of a read: certain is what Certain said before the read began.
func (s *Sets) Found(key string, certain, found []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := make(map[string]bool, len(found))
	for _, e := range found {
		outcome, tried := s.added[key][e]
		if in[e] || !tried || outcome == client.Failed {
			s.wrong = append(s.wrong, fmt.Sprintf("%s has %s, twice %v, attempted %v, %v", key, e, in[e], tried, outcome))
		}
		in[e] = true
	}
	for _, e := range certain {
		if !in[e] {
			s.wrong = append(s.wrong, fmt.Sprintf("%s lacks %s, whose addition had been acknowledged", key, e))
		}
	}
}

// Complain notes something that can never be right.
func (s *Sets) Complain(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, what)
}

// Keys lists all sets.
func (s *Sets) Keys() (keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.added {
		keys = append(keys, k)
	}
	return keys
}

// Wrong lists what can never be right.
func (s *Sets) Wrong() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong
}
