package server

import "sync/atomic"

// Stats are the counters of the frontend since it was made. All of them only grow.
type Stats struct {
	Connections  atomic.Int64 // accepted
	Rejected     atomic.Int64 // refused because of maxclients or protected mode
	Commands     atomic.Int64 // read from clients and dispatched
	BytesIn      atomic.Int64
	BytesOut     atomic.Int64
	Batches      atomic.Int64 // requests handed to the group's log
	NotRun       atomic.Int64 // of those, refused
	Unknown      atomic.Int64 // of those, with unknown outcome
	Evicted      atomic.Int64 // clients closed because all together held too much
	OutputClosed atomic.Int64 // clients dropped because of the output buffer limit
}
