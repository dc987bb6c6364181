package server

import (
	"bytes"
	"context"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// gate is one condition a command must meet before it runs. pass returns "" or the text of the error.
type gate struct {
	name string
	pass func(c *Conn, q *call) string
}

// gates returns all gates in the order in which commands meet them. Clients can see the order by the error
// they get when several conditions fail; it is Redis'.
func gates() []gate {
	return []gate{
		{"known", passKnown},         // name, subcommand and number of arguments
		{"protected", passProtected}, // DEBUG, unless the configuration allows it
		{"authenticated", passAuthenticated},
		{"outside MULTI", passNoMulti}, // SAVE and the like
		{"keys", passKeys},             // finds keys and their slot; EXEC: those of the queue
		{"route", passRoute},           // MOVED, CROSSSLOT, CLUSTERDOWN
		{"keyless", passKeyless},       // commands on the whole group
		{"pause", passPause},           // CLIENT PAUSE; waits
	}
}

const errProtected = "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it " +
	"from a local connection, otherwise you need to set this option in the configuration file, and then restart the server."

const errKilled = "ERR the client was killed while it waited"

func passKnown(c *Conn, q *call) string {
	spec, text := c.srv.table.Resolve(q.args)
	if spec == nil {
		return c.unknown(q, text)
	}
	q.spec = spec
	if spec.Run == nil {
		q.front = c.srv.fronts[spec]
		q.write = q.front != nil && q.front.write
		return c.implemented(q)
	}
	q.write = (&fsm.Op{Spec: spec}).IsWrite()
	return ""
}

// unknown answers what is no command. Some of it are web browsers that a hostile page sent here, whose
// requests must not go on to lines that look like commands: they are not even answered.
func (c *Conn) unknown(q *call, text string) string {
	name := q.args[0]
	if command.EqualFold(name, "POST") || command.EqualFold(name, "HOST:") {
		c.srv.log.Warn("possible attack: a web client sent a request; connection closed", "addr", c.nc.RemoteAddr())
		c.closing = true
	}
	q.spec = c.srv.table.Lookup(name) // EXEC with a wrong number of arguments ends the transaction
	return text
}

// implemented guards against containers without a subcommand and specs nobody runs.
func (c *Conn) implemented(q *call) string {
	f := q.front
	if f == nil || f.run == nil && f.inline == nil && f.prepare == nil {
		return "ERR wrong number of arguments for '" + q.spec.Name + "' command"
	}
	return ""
}

func passProtected(c *Conn, q *call) string {
	if !q.spec.Flags.Has(command.Protected) || c.srv.cfg.Load().Security.DebugCommand.Allows(isLocal(c.nc.RemoteAddr())) {
		return ""
	}
	return errProtected
}

func passAuthenticated(c *Conn, q *call) string {
	if q.spec.Flags.Has(command.NoAuth) || c.authenticated() {
		return ""
	}
	return resp.ErrNoAuth
}

func passNoMulti(c *Conn, q *call) string {
	if c.tx.open && q.spec.Flags.Has(command.NoMulti) {
		return resp.ErrNotInMulti
	}
	return ""
}

func passKeys(c *Conn, q *call) string {
	if c.tx.open && q.spec.Name == "exec" {
		q.slot, q.cross, q.write = c.tx.slot, c.tx.cross, c.tx.write
		return ""
	}
	var err error
	q.keys, err = q.spec.AppendKeyPositions(q.keys, q.args)
	if err != nil && q.spec.Run != nil {
		q.wrong, q.keys = argumentError(q), q.keys[:0]
	}
	for _, at := range q.keys {
		slot := int32(slotmap.KeySlot(q.args[at]))
		if q.slot == fsm.NoSlot {
			q.slot = slot
		}
		q.cross = q.cross || slot != q.slot
	}
	return ""
}

// argumentError returns what a command says to arguments that do not even tell its keys. Commands parse
// before they touch anything, so it runs on nothing; should one get that far, its answer does not count.
func argumentError(q *call) (text string) {
	defer func() {
		if recover() != nil {
			text = resp.ErrSyntax
		}
	}()
	var w resp.Writer
	q.spec.Run(&command.Ctx{Args: q.args, W: &w, Rand: &command.Rand{}})
	if line := w.Bytes(); len(line) > 0 && line[0] == '-' {
		return string(bytes.TrimSuffix(line[1:], []byte("\r\n")))
	}
	return resp.ErrSyntax
}

func passRoute(c *Conn, q *call) string {
	if q.slot == fsm.NoSlot {
		return ""
	}
	where, text := c.srv.route(question{
		slot: uint16(q.slot), cross: q.cross, write: q.write && !c.mayDemote(q), readonly: c.session.readonly,
		asking: q.asking, leaderOnly: q.spec.Name == "watch",
	})
	q.atReplica(where == atReplica)
	q.routed = text != ""
	return text
}

// mayDemote tells whether a command that could write is served by a replica as one that cannot: scripts.
func (c *Conn) mayDemote(q *call) bool {
	return q.front != nil && q.front.prepare != nil && c.session.readonly && !c.srv.shard.Leading()
}

// atReplica notes that the command is served by this node as a replica: it cannot write then.
func (q *call) atReplica(yes bool) {
	q.replica = yes
	q.write = q.write && !yes
}

// passKeyless decides about commands of the state machine that have no keys: they are this node's own
// group's, and reads are served whatever role the node has in it.
func passKeyless(c *Conn, q *call) string {
	script := q.front != nil && q.front.prepare != nil
	if q.slot != fsm.NoSlot || q.front != nil && !script || c.srv.shard.Leading() {
		return ""
	}
	if q.write && !script {
		return c.srv.notLeading()
	}
	q.atReplica(true)
	return ""
}

func passPause(c *Conn, q *call) string {
	p := &c.srv.pause
	if !p.active.Load() {
		return ""
	}
	changes := q.write || q.spec.Flags.Has(command.MayReplicate)
	if !p.holds(changes) {
		return ""
	}
	c.commit()
	if c.flush() == nil {
		c.whileConnected(c.ctx, func(ctx context.Context) { p.wait(ctx, changes) })
	}
	if p.holds(changes) {
		c.closing = true // who waited is gone
		return errKilled
	}
	asking := q.asking
	q.reset(q.args)
	q.asking = asking
	return c.passGates(q) // the world may have changed meanwhile
}
