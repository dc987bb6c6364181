package gen

import "github.com/redoubtdb/redoubt/jepsen/differential/reply"

// ReadBack returns the request that shows the whole value of a key of the kind that TYPE
// names; false if there is none.
func ReadBack(kind, key string) (Step, bool) {
	switch kind {
	case "string":
		return Step{Args: []string{"GET", key}}, true
	case "list":
		return Step{Args: []string{"LRANGE", key, "0", "-1"}}, true
	case "hash":
		return Step{[]string{"HGETALL", key}, reply.UnorderedPairs}, true
	case "set":
		return Step{[]string{"SMEMBERS", key}, reply.Unordered}, true
	}
	return Step{}, false
}

// Kinds returns the kinds that ReadBack knows.
func Kinds() []string { return []string{"string", "list", "hash", "set"} }
