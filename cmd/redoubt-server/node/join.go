package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/redoubtdb/redoubt/metaraft"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/slotmap"
)

const (
	// helloTimeout bounds the first contact with a stranger.
	helloTimeout = time.Second
	// joinRetry is the pause between two attempts to join.
	joinRetry = 200 * time.Millisecond
	// minHandshake is the shortest time that MEET goes on trying in the background.
	minHandshake = 5 * time.Second
	// maxJoinRetry bounds the pause while it is not known whether the node was taken in.
	maxJoinRetry = 2 * time.Second
	// joinCallTimeout bounds one attempt.
	joinCallTimeout = 5 * time.Second
)

// Methods that strangers may call.
const (
	methodHello  = "node.hello"
	methodInvite = "node.invite"
	methodJoin   = "node.join"
	methodRejoin = "node.rejoin"
)

// hello is what a node says of itself to anybody.
type hello struct {
	Cluster string         `json:"cluster"`
	Node    slotmap.NodeID `json:"node"`
	Known   int            `json:"known"`          // nodes in its cluster, itself included
	Left    []string       `json:"left,omitempty"` // clusters that ended when it moved out of them
}

// invitation asks a node that is alone to join the inviter's cluster.
type invitation struct {
	Contact string `json:"contact"` // bus address
}

// joinRequest asks a cluster to take a node in.
type joinRequest struct {
	Cluster string         `json:"cluster"` // the one the joiner was told of
	Change  slotmap.Change `json:"change"`
}

// errRefused ends an attempt to join for good; the text says why.
var errRefused = errors.New("the other side refuses")

// Errors of CLUSTER MEET.
var (
	errTwoClusters = replyError("ERR both nodes belong to clusters of several nodes already, and two clusters cannot be merged; " +
		"RESET the nodes of one of them and let them meet one by one")
	errBusy = replyError("ERR this node is joining another cluster right now, try again")
)

// handleCalls registers what this node answers on the bus.
func (n *Node) handleCalls() {
	n.bus.HandleOpen(methodHello, n.serveHello)
	n.bus.HandleOpen(methodInvite, n.serveInvite)
	n.bus.HandleOpen(methodJoin, n.serveJoin)
	n.bus.HandleOpen(methodRejoin, n.serveRejoin)
	n.bus.Handle(methodReleased, n.serveReleased)
}

func (n *Node) serveHello(context.Context, bus.Identity, []byte) ([]byte, error) {
	return json.Marshal(n.hello())
}

func (n *Node) hello() hello {
	m := n.topology.Map()
	return hello{Cluster: m.ClusterID, Node: n.Self(), Known: len(m.Nodes()), Left: n.left.load()}
}

// Meet implements CLUSTER MEET: OK as soon as the meeting is under way. What is known
// to be impossible at once is an error; an address where nobody answers is tried for
// the handshake time-out and then given up, as in Redis.
func (n *Node) Meet(ctx context.Context, host string, port, busPort int) error {
	if busPort == 0 {
		busPort = port + busPortOffset
	}
	addr := net.JoinHostPort(host, strconv.Itoa(busPort))
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	them, err := n.callHello(ctx, addr)
	if err == nil {
		if err := n.meetable(them); err != nil {
			return err
		}
	}
	n.background(func() { n.meet(addr) })
	return nil
}

// meetable tells what is impossible about meeting the node behind a hello.
func (n *Node) meetable(them hello) error {
	me := n.hello()
	if me.Cluster != them.Cluster && me.Known > 1 && them.Known > 1 {
		return errTwoClusters
	}
	return nil
}

// meet brings this node and the one at addr together, whoever has to move.
func (n *Node) meet(addr string) {
	ctx, cancel := context.WithTimeout(n.ctx, max(minHandshake, 5*n.nodeTimeout()))
	defer cancel()
	for {
		done, err := n.meetOnce(ctx, addr)
		if done {
			return
		}
		if errors.Is(err, errRefused) || !sleep(ctx, joinRetry) {
			n.log.Warn("meeting failed", "address", addr, "error", err)
			return
		}
	}
}

// meetOnce makes one attempt; done means that nothing is left to do.
func (n *Node) meetOnce(ctx context.Context, addr string) (done bool, err error) {
	them, err := n.callHello(ctx, addr)
	if err != nil {
		return false, err
	}
	me := n.hello()
	switch {
	case me.Cluster == them.Cluster || me.Node == them.Node:
		return true, nil
	case me.Known > 1 && them.Known > 1:
		return false, fmt.Errorf("%w: %w", errRefused, errTwoClusters)
	case me.Known == 1 && (them.Known > 1 || them.Node < me.Node):
		return n.joinOnce(ctx, addr, them)
	}
	return false, n.invite(ctx, addr)
}

// invite tells the node at addr to join us; the next hello shows whether it did.
func (n *Node) invite(ctx context.Context, addr string) error {
	contact, err := n.contactFor(ctx, addr)
	if err != nil {
		return err
	}
	body, err := json.Marshal(invitation{Contact: contact})
	if err != nil {
		return err
	}
	if _, err := n.bus.CallAddr(ctx, addr, methodInvite, body); err != nil {
		return fmt.Errorf("inviting: %w", err)
	}
	return errors.New("invited, not joined yet")
}

// serveInvite lets this node join the inviter.
func (n *Node) serveInvite(ctx context.Context, _ bus.Identity, body []byte) ([]byte, error) {
	var inv invitation
	if err := json.Unmarshal(body, &inv); err != nil {
		return nil, fmt.Errorf("malformed invitation: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, joinCallTimeout)
	defer cancel()
	_, err := n.meetOnceAsJoiner(ctx, inv.Contact)
	return nil, err
}

// meetOnceAsJoiner joins the node at addr if this node is still alone.
func (n *Node) meetOnceAsJoiner(ctx context.Context, addr string) (bool, error) {
	them, err := n.callHello(ctx, addr)
	if err != nil {
		return false, err
	}
	me := n.hello()
	if me.Cluster == them.Cluster {
		return true, nil
	}
	if me.Known > 1 {
		return false, errTwoClusters
	}
	return n.joinOnce(ctx, addr, them)
}

// joinOnce asks the cluster of them to take this node in, and moves into it.
func (n *Node) joinOnce(ctx context.Context, addr string, them hello) (bool, error) {
	if !n.changing.start() {
		return false, errBusy
	}
	defer n.changing.finish()
	_, pending := n.pendingJoin()
	open := pending != "" && !slices.Contains(them.Left, pending) // a cluster that ended has not taken this node in
	defer func() {
		if !open {
			n.topology.release()
		}
	}()
	if err := n.topology.hold(ctx); err != nil {
		return false, err
	}
	if open && pending != them.Cluster {
		return false, errBusy
	}
	if err := n.learnHost(ctx, addr); err != nil {
		return false, err
	}
	change, err := n.topology.Map().Join()
	if err != nil {
		return false, err // somebody has joined this node meanwhile: look again who has to move
	}
	if err := n.rememberJoining(addr, them.Cluster); err != nil {
		return false, err
	}
	m, err := n.callJoin(ctx, addr, joinRequest{Cluster: them.Cluster, Change: change})
	var conflict *slotmap.SlotConflictError
	switch {
	case err == nil:
		open = false
		return true, n.moveTo(m)
	case errors.As(err, &conflict):
		open = false
		return false, errors.Join(n.rememberJoining("", ""), n.giveUpSlots(ctx, conflict.Slots))
	case !open && certainlyOut(err):
		return false, errors.Join(n.rememberJoining("", ""), err)
	}
	open = true // the cluster may have this node by now: it must not do anything else until it knows
	n.background(func() { n.finishJoining(addr) })
	return false, err
}

// certainlyOut tells whether an attempt to join certainly came to nothing.
func certainlyOut(err error) bool {
	var remote *bus.RemoteError
	return errors.Is(err, bus.ErrNotSent) || slotmap.ErrorCode(err) != "" || errors.As(err, &remote) && remote.Code == codeNotJoined
}

// finishJoining goes on until this node is a member of the cluster that may have taken it
// in, or is certainly not, or RESET has made it another node.
func (n *Node) finishJoining(addr string) {
	if !n.joining.start() {
		return
	}
	defer n.joining.finish()
	for pause := joinRetry; sleep(n.ctx, pause); pause = min(2*pause, maxJoinRetry) {
		if _, cluster := n.pendingJoin(); cluster == "" {
			return
		}
		ctx, cancel := context.WithTimeout(n.ctx, joinCallTimeout)
		_, err := n.meetOnceAsJoiner(ctx, addr)
		cancel()
		if errors.Is(err, errRefused) {
			n.log.Warn("joining failed", "address", addr, "error", err)
			return
		}
		if err != nil {
			n.log.Info("joining goes on: the cluster may have this node already", "address", addr, "error", err)
		}
	}
}

// giveUpSlots drops slots that the other side owns, unless keys of ours are in them:
// then the join is refused and nothing is lost.
func (n *Node) giveUpSlots(ctx context.Context, slots []slotmap.Range) error {
	machine := n.shard.machine()
	if machine == nil {
		return errors.New("the group is not running yet")
	}
	for _, r := range slots {
		for s := int(r.Start); s <= int(r.End); s++ {
			if machine.SlotLen(uint16(s)) > 0 {
				return fmt.Errorf("%w: both sides own slot %d, and this node has keys in it", errRefused, s)
			}
		}
	}
	n.log.Info("giving up empty slots that the other cluster owns", "slots", slots)
	_, err := n.topology.commit(ctx, n.topology.metaMember(), slotmap.BeginHandoff(slots, ""))
	if err != nil {
		return fmt.Errorf("giving up slots: %w", err)
	}
	return errors.New("slots are being given up")
}

// serveJoin takes a node into this cluster and answers with the map that has it.
func (n *Node) serveJoin(ctx context.Context, _ bus.Identity, body []byte) ([]byte, error) {
	var r joinRequest
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, fmt.Errorf("malformed request to join: %w", err)
	}
	if r.Change.Kind != slotmap.KindAddNode || r.Change.Node == nil {
		return nil, errors.New("malformed request to join")
	}
	if n.topology.Map().ClusterID != r.Cluster {
		return nil, notJoinedError{errors.New("this node is in another cluster by now")}
	}
	m, err := n.topology.Change(ctx, r.Change)
	if errors.Is(err, errChanging) || errors.Is(err, metaraft.ErrNotRun) {
		return nil, notJoinedError{err}
	}
	if err != nil {
		return nil, coded(err)
	}
	return json.Marshal(m)
}

func (n *Node) callHello(ctx context.Context, addr string) (hello, error) {
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	var h hello
	body, err := n.bus.CallAddr(ctx, addr, methodHello, nil)
	if err != nil {
		return h, fmt.Errorf("saying hello to %s: %w", addr, err)
	}
	if err := json.Unmarshal(body, &h); err != nil {
		return h, fmt.Errorf("malformed hello from %s: %w", addr, err)
	}
	return h, nil
}

func (n *Node) callJoin(ctx context.Context, addr string, r joinRequest) (*slotmap.Map, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return n.callForMap(ctx, addr, methodJoin, body)
}

// callForMap calls a method that answers with the cluster's map.
func (n *Node) callForMap(ctx context.Context, addr, method string, body []byte) (*slotmap.Map, error) {
	ctx, cancel := context.WithTimeout(ctx, joinCallTimeout)
	defer cancel()
	answer, err := n.bus.CallAddr(ctx, addr, method, body)
	if err != nil {
		return nil, uncoded(err)
	}
	return slotmap.Decode(answer)
}

// contactFor is this node's bus address as the node at addr reaches it.
func (n *Node) contactFor(ctx context.Context, addr string) (string, error) {
	if err := n.learnHost(ctx, addr); err != nil {
		return "", err
	}
	return n.topology.Map().Node(n.Self()).BusAddr(), nil
}

// learnHost finds out the address of this node when bind does not tell: it is the
// local end of a connection to a peer.
func (n *Node) learnHost(ctx context.Context, addr string) error {
	me := *n.topology.Map().Node(n.Self())
	if me.Host != "" {
		return nil
	}
	c, err := n.dep.Bus.Dial(ctx, addr)
	if err != nil {
		return fmt.Errorf("finding this node's own address: %w", err)
	}
	host, _, err := net.SplitHostPort(c.LocalAddr().String())
	_ = c.Close()
	if err != nil {
		return fmt.Errorf("finding this node's own address: %w", err)
	}
	me.Host = host
	_, err = n.topology.commit(ctx, n.topology.metaMember(), slotmap.SetAddress(me))
	return err
}

// background runs f in a goroutine of the node, unless the node is stopping.
func (n *Node) background(f func()) {
	if n.ctx.Err() == nil {
		n.wg.Go(f)
	}
}

// sleep waits for d; false means that ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
