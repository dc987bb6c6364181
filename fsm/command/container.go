package command

import "github.com/redoubtdb/redoubt/fsm/keyspace"

// container is a value that may become empty and is then deleted.
type container interface {
	keyspace.Value
	Len() int
}

// settle ends a change of the container at key: an empty one is deleted, a new
// one enters the key space, one that was there before is marked as changed.
func settle(c *Ctx, key []byte, v container, created bool) {
	switch {
	case v.Len() == 0 && created:
	case v.Len() == 0:
		c.Del(key)
	case created:
		c.Put(key, v)
	default:
		c.Touched(key)
	}
}

// editOrNew returns the container of type T at key to change in place, or a new
// one. If the key holds another type ok is false and the error is written.
func editOrNew[T keyspace.Value](c *Ctx, key []byte, fresh func() T) (v T, created, ok bool) {
	if c.Get(key) == nil {
		return fresh(), true, true
	}
	v, ok = edit[T](c, key)
	return v, false, ok
}

// keysAfterCount finds the keys of "command numkeys key [key ...] ...".
func keysAfterCount(args [][]byte) ([]int, error) {
	const first = 2
	if len(args) < first {
		return nil, ErrKeyArguments
	}
	n, ok := ParseInt(args[1])
	if !ok || n < 1 || n > int64(len(args)-first) {
		return nil, ErrKeyArguments
	}
	at := make([]int, n)
	for i := range at {
		at[i] = first + i
	}
	return at, nil
}

// sample returns the positions of k different elements of n, in random order.
// Its work follows k when few of many are asked for, else n.
func sample(r *Rand, n, k int) []int {
	const sparse = 3 // at least so many elements for each one wanted
	if k < n/sparse {
		return sampleSparse(r, n, k)
	}
	at := make([]int, n)
	for i := range at {
		at[i] = i
	}
	for i := range k {
		j := i + r.Intn(n-i)
		at[i], at[j] = at[j], at[i]
	}
	return at[:k]
}

func sampleSparse(r *Rand, n, k int) []int {
	at, taken := make([]int, 0, k), make(map[int]struct{}, k)
	for len(at) < k {
		i := r.Intn(n)
		if _, dup := taken[i]; !dup {
			taken[i] = struct{}{}
			at = append(at, i)
		}
	}
	return at
}
