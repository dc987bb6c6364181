package keyspace

import (
	"fmt"

	"pgregory.net/rapid"
)

func drawBytes(t *rapid.T) []byte {
	return fmt.Appendf(nil, "%d", rapid.IntRange(0, 300).Draw(t, "element"))
}

func drawValue(t *rapid.T) Value {
	kind := rapid.SampledFrom([]Kind{KindString, KindList, KindSet, KindHash}).Draw(t, "kind")
	v := map[Kind]Value{KindString: NewString(nil), KindList: NewList(), KindSet: NewSet(), KindHash: NewHash()}[kind]
	for range rapid.IntRange(1, 5).Draw(t, "edits") {
		mutate(t, v)
	}
	return v
}

// mutate changes a value somehow.
func mutate(t *rapid.T, v Value) {
	n := rapid.SampledFrom([]int{1, 1, 1, 40, 300}).Draw(t, "times")
	grow := rapid.Bool().Draw(t, "grow")
	for range n {
		b := drawBytesFast(t, n)
		switch v := v.(type) {
		case *String:
			v.SetRange(len(b), b)
		case *List:
			mutateList(v, b, grow)
		case *Set:
			if grow {
				v.Add(b)
			} else {
				v.Remove(b)
			}
		case *Hash:
			if grow {
				v.Set(b, append(b, 'v'))
			} else {
				v.Delete(b)
			}
		}
	}
}

// drawBytesFast draws one number for many edits in a row.
func drawBytesFast(t *rapid.T, n int) []byte {
	if n == 1 {
		return drawBytes(t)
	}
	return fmt.Appendf(nil, "%d", rapid.Uint8().Draw(t, "element"))
}

func mutateList(l *List, b []byte, grow bool) {
	at := 0
	for _, c := range b {
		at = at*10 + int(c-'0')
	}
	switch {
	case grow && at%3 == 0:
		l.PushFront(b)
	case grow && at%3 == 1 && l.Len() > 0:
		l.InsertBefore(at%l.Len(), b)
	case grow:
		l.PushBack(b)
	case l.Len() == 0:
	case at%4 == 0:
		l.PopFront()
	case at%4 == 1:
		l.PopBack()
	case at%4 == 2:
		l.Remove(at % l.Len())
	default:
		l.Set(at%l.Len(), append(b, 's'))
	}
}
