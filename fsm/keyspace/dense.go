package keyspace

// appendDense adds v to an array and its index.
func appendDense[T any](a *paged[T], x *index, v T, hashAt hasher) {
	if a.n&pageMask != 0 {
		a.own(a.n - 1)
	}
	a.push(v)
	x.enter(a.n, compactMax, hashAt)
}

// removeDense removes the entry at pos and moves the last one into its place.
func removeDense[T any](a *paged[T], x *index, pos int, hashAt hasher) {
	last := a.n - 1
	h := x.leave(pos, last, hashAt)
	from, _ := a.own(last)
	if pos != last {
		to, _ := a.own(pos)
		to.items[pos&pageMask] = from.items[last&pageMask]
	}
	a.pop()
	x.settle(h, a.n, compactMax, hashAt)
}
