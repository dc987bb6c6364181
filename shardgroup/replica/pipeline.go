package replica

import (
	"sync"

	"github.com/hashicorp/raft"
)

// pipeline is the library's pipeline of AppendEntries to one peer, whose
// answers pass through us before the library sees them.
type pipeline struct {
	raft.AppendPipeline
	transport *transport
	peer      string
	out       chan raft.AppendFuture
	stop      chan struct{}
	once      sync.Once

	mu      sync.Mutex // guards started
	started map[*raft.AppendEntriesRequest]moment
}

// AppendEntriesPipeline opens a pipeline to a peer.
func (t *transport) AppendEntriesPipeline(id raft.ServerID, target raft.ServerAddress) (raft.AppendPipeline, error) {
	inner, err := t.NetworkTransport.AppendEntriesPipeline(id, target)
	if err != nil {
		return nil, err
	}
	p := &pipeline{
		AppendPipeline: inner, transport: t, peer: string(id),
		out: make(chan raft.AppendFuture), stop: make(chan struct{}),
		started: make(map[*raft.AppendEntriesRequest]moment),
	}
	t.pipes.Go(p.forward)
	return p, nil
}

// AppendEntries sends entries without waiting for the answer.
func (p *pipeline) AppendEntries(req *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	if err := p.transport.mute(); err != nil {
		return nil, err
	}
	p.transport.flusher.capCommit(req)
	p.mu.Lock()
	p.started[req] = p.transport.evidence.start()
	p.mu.Unlock()
	return p.AppendPipeline.AppendEntries(req, resp)
}

// Consumer delivers the answers.
func (p *pipeline) Consumer() <-chan raft.AppendFuture { return p.out }

// Close ends the pipeline.
func (p *pipeline) Close() error {
	p.once.Do(func() { close(p.stop) })
	return p.AppendPipeline.Close()
}

// forward records each answer and passes it on. At the first that is no success the library
// stops listening, but may go on sending for a while; if nobody took the answers then, its
// sender would wait for ever, and the peer would never get an entry again.
func (p *pipeline) forward() {
	out := p.out // nil: nobody listens any more
	for {
		select {
		case f := <-p.AppendPipeline.Consumer():
			p.conclude(f)
			if out == nil {
				continue
			}
			select {
			case out <- f:
			case <-p.stop:
				return
			}
			if !p.transport.exposed.has(hazardDeafened) && (f.Error() != nil || !f.Response().Success) {
				out = nil
			}
		case <-p.stop:
			return
		}
	}
}

func (p *pipeline) conclude(f raft.AppendFuture) {
	req := f.Request()
	p.mu.Lock()
	started := p.started[req]
	delete(p.started, req)
	p.mu.Unlock()
	if f.Error() == nil {
		p.transport.conclude(p.peer, req, f.Response(), started)
	}
}
