package replica

import (
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// sendToDeafened sends entries in a pipeline to a member that refuses them, and listens to the answers as
// the library does: up to the first that is no success. It returns how many could be sent.
func sendToDeafened(t *testing.T, h hazards) (sent int) {
	const requests = 10
	inBubbleExposed(t, "a b c", h, func(t *testing.T, g *trio) {
		l := g.leader()
		f := g.others(l)[0]
		f.Fail(errors.New("of a test"))
		<-f.Failed()
		id := raft.ServerID(f.options.ID)
		p, err := l.transport.AppendEntriesPipeline(id, raft.ServerAddress(id))
		if err != nil {
			t.Fatal(err)
		}
		sends := make(chan struct{}, requests)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range requests {
				req := &raft.AppendEntriesRequest{
					RPCHeader: raft.RPCHeader{ProtocolVersion: 3, ID: []byte(l.options.ID), Addr: []byte(l.options.ID)},
					Term:      l.Term(), PrevLogEntry: 1, PrevLogTerm: 1,
				}
				if _, err := p.AppendEntries(req, new(raft.AppendEntriesResponse)); err != nil {
					return
				}
				sends <- struct{}{}
			}
		}()
		if first := <-p.Consumer(); first.Error() == nil && first.Response().Success {
			t.Fatal("the member takes entries")
		}
		time.Sleep(time.Minute) // virtual time: whoever waits still waits for ever
		sent = len(sends)
		_ = p.Close()
		<-done
	})
	return sent
}

// A sender of a pipeline whose answers nobody takes any more does not wait for ever.
func TestSenderToDeafenedPipeline(t *testing.T) {
	if sent := sendToDeafened(t, 0); sent != 10 {
		t.Errorf("%d of 10 requests were sent", sent)
	}
}

func TestDrainingOfPipelinesIsNeeded(t *testing.T) {
	if sent := sendToDeafened(t, hazardDeafened); sent == 10 {
		t.Error("all requests were sent: the test shows nothing")
	}
}
