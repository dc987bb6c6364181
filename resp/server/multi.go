package server

import (
	"slices"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

// Limits of a transaction, besides maxWriteBytes. Redis has none; here a transaction is one entry of the log.
const (
	maxQueuedCommands = 100_000
	maxWatchedKeys    = 100_000
)

const (
	errTransactionTooLarge = "ERR transaction is too large: it must fit into one entry of the log, which takes 60 MiB"
	errTooManyWatched      = "ERR too many watched keys"
)

// transaction is what stands between MULTI and EXEC, and what WATCH has noted before.
type transaction struct {
	open    bool
	spoiled bool   // a command was refused: EXEC aborts
	queue   []call // their arguments are copies
	bytes   int    // of arguments

	// Of all queued commands together, for EXEC's own routing.
	slot  int32
	cross bool
	write bool

	watch []fsm.Watch
}

func transactionCommands() []front {
	spec := func(name string, arity int, flags command.Flag, since, summary, complexity string) *command.Spec {
		return &command.Spec{Name: name, Arity: arity, Group: "transactions", Since: since,
			Flags: flags | command.NoScript | command.Loading | command.Stale, ACL: []string{"fast", "transaction"},
			Summary: summary, Complexity: complexity}
	}
	watch := spec("watch", -2, command.Fast|command.AllowBusy, "2.2.0", "Makes EXEC depend on the keys staying as they are", "O(1) for every key.")
	watch.FirstKey, watch.LastKey, watch.Step, watch.KeyFlags = 1, -1, 1, "RO"
	exec := spec("exec", 1, command.SkipSlowlog, "1.2.0", "Runs the commands queued since MULTI", "Depends on commands in the transaction")
	exec.ACL = []string{"slow", "transaction"}
	return []front{
		{spec: spec("multi", 1, command.Fast|command.AllowBusy, "1.2.0", "Begins a transaction", "O(1)"), inline: beginMulti, unqueued: true},
		{spec: exec, inline: execMulti, unqueued: true},
		{spec: spec("discard", 1, command.Fast|command.AllowBusy, "2.0.0", "Drops the commands queued since MULTI", "O(N), when N is the number of queued commands"), inline: discardMulti, unqueued: true},
		{spec: watch, run: watchKeys, unqueued: true},
		{spec: spec("unwatch", 1, command.Fast|command.AllowBusy, "2.2.0", "Forgets all watched keys", "O(1)"), run: unwatch},
	}
}

func beginMulti(c *Conn, _ *call) {
	if c.tx.open {
		c.fail(resp.ErrNestedMulti)
		return
	}
	c.tx.open, c.tx.slot = true, fsm.NoSlot
	c.shared.queued.Store(0)
	c.answer((*resp.Writer).OK)
}

func discardMulti(c *Conn, _ *call) {
	if !c.tx.open {
		c.fail(resp.ErrDiscardWithoutMulti)
		return
	}
	c.endTransaction()
	c.answer((*resp.Writer).OK)
}

// endTransaction forgets the queue and all watched keys.
func (c *Conn) endTransaction() {
	c.hold(-int64(c.tx.bytes))
	c.tx = transaction{}
	c.shared.queued.Store(-1)
	c.shared.watched.Store(0)
}

// inExec tells whether what runs now is part of a transaction.
func (c *Conn) inExec() bool { return c.call.spec != nil && c.call.spec.Name == "exec" }

// enqueue keeps a command for EXEC, unless that is going to abort anyhow.
func (c *Conn) enqueue(q *call) {
	tx := &c.tx
	if tx.spoiled {
		c.answer(replyQueued)
		return
	}
	size := sizeOf(q.args)
	tx.bytes += size
	c.hold(int64(size))
	if len(tx.queue) >= maxQueuedCommands || tx.bytes > maxWriteBytes {
		tx.spoiled, tx.queue = true, nil
		c.fail(errTransactionTooLarge)
		return
	}
	kept := *q
	kept.args, kept.keys = copyArgs(q.args), nil
	tx.queue = append(tx.queue, kept)
	tx.write = tx.write || q.write
	if q.slot != fsm.NoSlot {
		tx.cross = tx.cross || tx.slot != fsm.NoSlot && tx.slot != q.slot
		if tx.slot == fsm.NoSlot {
			tx.slot = q.slot
		}
	}
	c.shared.queued.Store(int32(len(tx.queue)))
	c.answer(replyQueued)
}

func replyQueued(w *resp.Writer) { w.SimpleString("QUEUED") }

// copyArgs copies arguments out of the read buffer, all into one piece of memory.
func copyArgs(args [][]byte) [][]byte {
	size := 0
	for _, a := range args {
		size += len(a)
	}
	all := make([]byte, 0, size)
	out := make([][]byte, len(args))
	for i, a := range args {
		from := len(all)
		all = append(all, a...)
		out[i] = all[from:len(all):len(all)]
	}
	return out
}

// watchKeys notes the state of keys. A key that is watched already keeps its first note.
func watchKeys(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	if c.tx.open {
		w.Error(resp.ErrWatchInsideMulti)
		return
	}
	notes := c.tx.watch
	for _, key := range args[1:] {
		if slices.ContainsFunc(notes, func(n fsm.Watch) bool { return string(n.Key) == string(key) }) {
			continue
		}
		if len(notes) >= maxWatchedKeys {
			w.Error(errTooManyWatched)
			return
		}
		note, err := s.shard.Watch(c.ctx, key)
		if err != nil {
			w.Error(s.redirect(&fsm.Op{Spec: c.call.spec, Slot: c.call.slot}, false))
			return
		}
		note.Key = slices.Clone(key)
		notes = append(notes, note)
	}
	c.tx.watch = notes
	c.shared.watched.Store(int32(len(notes)))
	w.OK()
}

func unwatch(_ *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	c.tx.watch = nil
	c.shared.watched.Store(0)
	w.OK()
}
