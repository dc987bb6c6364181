package keyspace

// appendDense adds v to an array and its index.
func appendDense[T any](a *paged[T], x *index, v T, hashAt func(pos int) uint64) {
	if a.n&pageMask != 0 {
		a.own(a.n - 1)
	}
	a.push(v)
	switch pos := a.n - 1; {
	case !x.on() && a.n <= compactMax:
	case !x.on() || x.full(pos):
		x.rebuild(a.n, hashAt)
	default:
		x.add(hashAt(pos), pos)
	}
}

// removeDense removes the entry at pos and moves the last one into its place.
func removeDense[T any](a *paged[T], x *index, pos int, hashAt func(pos int) uint64) {
	last := a.n - 1
	if x.on() {
		x.remove(hashAt(pos), pos, hashAt)
		if pos != last {
			x.move(hashAt(last), last, pos)
		}
	}
	from, _ := a.own(last)
	if pos != last {
		to, _ := a.own(pos)
		to.items[pos&pageMask] = from.items[last&pageMask]
	}
	a.pop()
	switch {
	case !x.on():
	case a.n <= compactMax/2:
		x.drop()
	case x.sparse(a.n):
		x.rebuild(a.n, hashAt)
	}
}
