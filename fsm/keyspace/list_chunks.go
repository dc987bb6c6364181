package keyspace

import "slices"

// chunks returns the chunks in order.
func (l *List) chunks() []*chunk { return l.dir[l.head:] }

// locate returns the chunk of element i and its place there, searching from the nearer end.
func (l *List) locate(i int) (c, at int) {
	chunks := l.chunks()
	if i > l.n/2 {
		start := l.n
		for c = len(chunks) - 1; ; c-- {
			if start -= chunks[c].len(); start <= i {
				return c, i - start
			}
		}
	}
	for i >= chunks[c].len() {
		i -= chunks[c].len()
		c++
	}
	return c, i
}

// own returns chunk c, copied first if it is shared with another list.
func (l *List) own(c int) *chunk {
	chunks := l.chunks()
	if chunks[c].gen != l.gen {
		chunks[c] = chunks[c].copy(l.gen)
	}
	return chunks[c]
}

// growBack adds an empty chunk at the end. Before the directory grows, its free places are used up.
func (l *List) growBack() {
	if len(l.dir) == cap(l.dir) && l.head > len(l.dir)/2 {
		n := copy(l.dir, l.chunks())
		clear(l.dir[n:])
		l.dir, l.head = l.dir[:n], 0
	}
	l.dir = append(l.dir, &chunk{gen: l.gen})
}

// growFront adds an empty chunk at the front. Free places are made for half as many chunks as there are,
// so that it takes constant time on average.
func (l *List) growFront() {
	if l.head == 0 {
		chunks := l.chunks()
		l.head = len(chunks)/2 + 1
		l.dir = append(make([]*chunk, l.head, l.head+len(chunks)), chunks...)
	}
	l.head--
	l.dir[l.head] = &chunk{gen: l.gen}
}

func (l *List) admit(b []byte) string {
	l.n++
	l.bytes += int64(len(b))
	return string(b)
}

// dismiss counts element e of chunk c as gone, and the chunk with it if that was its last.
func (l *List) dismiss(c int, e string) {
	l.n--
	l.bytes -= int64(len(e))
	switch {
	case l.chunks()[c].len() > 0:
	case c == 0:
		l.dir[l.head] = nil
		l.head++
	default:
		l.dir = slices.Delete(l.dir, l.head+c, l.head+c+1)
	}
}

// join unites chunk c with the next or the one before when both together are at most half full, so that
// a list that lost elements everywhere does not consist of crumbs.
func (l *List) join(c int) {
	for _, left := range [2]int{c, c - 1} {
		chunks := l.chunks()
		if left < 0 || left+1 >= len(chunks) || chunks[left].len()+chunks[left+1].len() > chunkMax/2 {
			continue
		}
		target := l.own(left)
		for _, e := range chunks[left+1].items() {
			target.pushBack(e)
		}
		l.dir = slices.Delete(l.dir, l.head+left+1, l.head+left+2)
		return
	}
}
