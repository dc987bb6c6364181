package persistence

import (
	"io"
	"time"

	"github.com/hashicorp/raft"
)

// YieldingSink is a sink that can take turns with everything else that runs.
type YieldingSink interface {
	raft.SnapshotSink
	// Yield is called before the first Write of a snapshot that nobody waits for. From then on the sink pauses for as long
	// as its writer, or the check at the end, has worked.
	Yield()
}

var _ YieldingSink = (*snapshotSink)(nil)

// Yield makes the sink take turns.
func (k *snapshotSink) Yield() { k.turns = &turns{rest: theCollector.await} }

// minTurn is the shortest time of work that is worth a pause: the runtime's timers are not finer.
const minTurn = time.Millisecond

// turns splits a long job into pieces with pauses. On a machine without a free processor a job of seconds costs every
// request a time slice at each of the dozen steps it takes; a job that works in short turns costs it little. It rests while
// garbage is collected, which takes a part of every processor. Nil does not pause.
type turns struct {
	since  time.Time // the present turn began; zero: none has
	rest   func()    // waits as long as a rest is due; nil: never
	began  time.Time // the first turn
	rested time.Duration
}

// pause ends a turn, if it was long enough.
func (t *turns) pause() {
	if t == nil || t.since.IsZero() {
		return
	}
	if worked := time.Since(t.since); worked >= minTurn {
		time.Sleep(worked)
		t.restIfDue()
		t.since = time.Time{}
	}
}

// restIfDue rests, but not for most of the time: where garbage is collected all the time, the job has to end, too.
func (t *turns) restIfDue() {
	now := time.Now()
	if t.rest != nil && 2*t.rested <= now.Sub(t.began) {
		t.rest()
		t.rested += time.Since(now)
	}
}

// resume begins a turn.
func (t *turns) resume() {
	if t == nil || !t.since.IsZero() {
		return
	}
	t.since = time.Now()
	if t.began.IsZero() {
		t.began = t.since
	}
}

// yieldingReader pauses at reads.
type yieldingReader struct {
	r     io.Reader
	turns *turns
}

// Read reads.
func (r *yieldingReader) Read(b []byte) (int, error) {
	r.turns.pause()
	defer r.turns.resume()
	return r.r.Read(b)
}
