package command

import (
	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

// The typed getters return the value of key as one type. A missing key gives nil
// and true. A value of another type gives nil and false, and the WRONGTYPE error
// is already written: the handler just returns. Get... is for reading; Edit...
// is for changing in place, as Ctx.Edit.

// GetString returns the string at key to read from.
func GetString(c *Ctx, key []byte) (*keyspace.String, bool) {
	return typed[*keyspace.String](c, c.Get(key))
}

// EditString returns the string at key to change in place.
func EditString(c *Ctx, key []byte) (*keyspace.String, bool) {
	return edit[*keyspace.String](c, key)
}

// GetList returns the list at key to read from.
func GetList(c *Ctx, key []byte) (*keyspace.List, bool) {
	return typed[*keyspace.List](c, c.Get(key))
}

// EditList returns the list at key to change in place.
func EditList(c *Ctx, key []byte) (*keyspace.List, bool) {
	return edit[*keyspace.List](c, key)
}

// GetHash returns the hash at key to read from.
func GetHash(c *Ctx, key []byte) (*keyspace.Hash, bool) {
	return typed[*keyspace.Hash](c, c.Get(key))
}

// EditHash returns the hash at key to change in place.
func EditHash(c *Ctx, key []byte) (*keyspace.Hash, bool) {
	return edit[*keyspace.Hash](c, key)
}

// GetSet returns the set at key to read from.
func GetSet(c *Ctx, key []byte) (*keyspace.Set, bool) {
	return typed[*keyspace.Set](c, c.Get(key))
}

// EditSet returns the set at key to change in place.
func EditSet(c *Ctx, key []byte) (*keyspace.Set, bool) {
	return edit[*keyspace.Set](c, key)
}

func typed[T keyspace.Value](c *Ctx, v keyspace.Value) (T, bool) {
	var none T
	if v == nil {
		return none, true
	}
	t, ok := v.(T)
	if !ok {
		c.W.Error(resp.ErrWrongType)
	}
	return t, ok
}

// edit looks before it edits, so that a value of the wrong type is not cloned.
func edit[T keyspace.Value](c *Ctx, key []byte) (T, bool) {
	old := c.Get(key)
	t, ok := typed[T](c, old)
	if !ok || old == nil {
		return t, ok
	}
	return c.Edit(key).(T), true
}
