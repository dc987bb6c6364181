package lua

import "container/list"

// cache keeps compiled chunks, the least recently used go first. What it holds
// decides how long a script takes, never what it does.
type cache struct {
	byKey map[string]*list.Element
	order *list.List // of *chunk, most recently used in front
	bytes int        // of all sources
}

func newCache() cache {
	return cache{byKey: map[string]*list.Element{}, order: list.New()}
}

func (c *cache) get(key string) *chunk {
	e := c.byKey[key]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*chunk)
}

func (c *cache) put(ch *chunk) {
	if c.byKey[ch.key] != nil {
		return
	}
	c.byKey[ch.key] = c.order.PushFront(ch)
	c.bytes += ch.size
	for c.order.Len() > maxCachedChunks || c.bytes > maxCachedBytes && c.order.Len() > 1 {
		last := c.order.Back()
		old := c.order.Remove(last).(*chunk)
		delete(c.byKey, old.key)
		c.bytes -= old.size
	}
}
