package server

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redoubtdb/redoubt/resp"
)

// writeGroups is the reply of CLUSTER GROUPS: the Raft groups this node has members of, as its members see them.
func writeGroups(w *resp.Writer, groups []GroupStatus) {
	w.Array(len(groups))
	for i := range groups {
		writeGroup(w, &groups[i])
	}
}

func writeGroup(w *resp.Writer, g *GroupStatus) {
	w.Map(12)
	writePair(w, "kind", g.Kind.String())
	writePair(w, "id", string(g.ID))
	writePair(w, "state", g.state())
	writePair(w, "leader", string(g.Leader))
	writeNumber(w, "term", g.Term)
	writeNumber(w, "last-index", g.LastIndex)
	writeNumber(w, "commit-index", g.CommitIndex)
	writeNumber(w, "applied-index", g.AppliedIndex)
	writeNumber(w, "snapshot-index", g.SnapshotIndex)
	writePair(w, "lease", yesNo(g.LeaseValid))
	writePair(w, "pending", g.Pending)
	w.BulkString("members")
	w.Array(len(g.Members))
	for i := range g.Members {
		writeMember(w, g, &g.Members[i])
	}
}

// writeMember tells of one member. Only the leader knows what the others hold: elsewhere matched and lag are -1.
func writeMember(w *resp.Writer, g *GroupStatus, m *MemberStatus) {
	matched, lag := int64(-1), int64(-1)
	if g.leading() {
		matched = int64(m.Matched)
		lag = max(int64(g.LastIndex)-matched, 0)
	}
	w.Map(6)
	writePair(w, "node", string(m.Node))
	writePair(w, "role", m.role())
	writePair(w, "vote", yesNo(m.Voter))
	w.BulkString("matched-index")
	w.Int(matched)
	w.BulkString("lag")
	w.Int(lag)
	w.BulkString("last-contact")
	w.Int(contactMillis(m.LastContact))
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// state is the local member's part in the group, in small letters.
func (g *GroupStatus) state() string { return strings.ToLower(g.State) }

func (g *GroupStatus) leading() bool { return g.state() == "leader" }

func contactMillis(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return d.Milliseconds()
}

func (m *MemberStatus) role() string {
	switch {
	case m.Witness:
		return "witness"
	case m.Voter:
		return "voter"
	}
	return "learner"
}

func (k GroupKind) String() string {
	switch k {
	case GroupMeta:
		return "meta"
	case GroupData:
		return "data"
	case GroupWitness:
		return "witness"
	}
	return strconv.Itoa(int(k))
}

func writeNumber(w *resp.Writer, name string, n uint64) {
	w.BulkString(name)
	w.Int(int64(n))
}

func clusterGroups(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	writeGroups(w, s.inspect.Groups())
}

// Verdicts of CLUSTER VERIFY.
const (
	verdictSame       = "same"       // all members have answered, and alike
	verdictDifferent  = "different"  // two members of a group differ at the same entry: the worst there is
	verdictIncomplete = "incomplete" // no difference was found, but not every member could be compared
)

// verdict compares the digests of members of the same group taken at the same entry.
func verdict(results []VerifyResult) string {
	type place struct {
		group string
		index uint64
	}
	digests := map[place]uint64{}
	entries := map[string]uint64{}
	out := verdictSame
	for _, r := range results {
		if r.Err != "" {
			out = verdictIncomplete
			continue
		}
		group := string(r.Group)
		if at, ok := entries[group]; ok && at != r.Index {
			out = verdictIncomplete
		}
		entries[group] = r.Index
		if other, ok := digests[place{group, r.Index}]; ok && other != r.Digest {
			return verdictDifferent
		}
		digests[place{group, r.Index}] = r.Digest
	}
	return out
}

// writeVerify is the reply of CLUSTER VERIFY: the verdict, and each member's digest or why there is none.
func writeVerify(w *resp.Writer, results []VerifyResult) {
	w.Map(2)
	writePair(w, "verdict", verdict(results))
	w.BulkString("members")
	w.Array(len(results))
	for _, r := range results {
		w.Map(5)
		writePair(w, "group", string(r.Group))
		writePair(w, "node", string(r.Node))
		writeNumber(w, "index", r.Index)
		digest := ""
		if r.Err == "" {
			digest = fmt.Sprintf("%016x", r.Digest)
		}
		writePair(w, "digest", digest)
		writePair(w, "error", r.Err)
	}
}

func clusterVerify(s *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	results, err := s.inspect.Verify(c.Context())
	if err != nil {
		w.Error(adminErrorText(err))
		return
	}
	if verdict(results) == verdictDifferent {
		s.log.Error("CLUSTER VERIFY: members of a group differ", "results", results)
	}
	writeVerify(w, results)
}

// writeLinks is the reply of CLUSTER LINKS.
func writeLinks(w *resp.Writer, links []LinkInfo) {
	w.Array(len(links))
	for _, l := range links {
		direction := "from"
		if l.Outgoing {
			direction = "to"
		}
		w.Map(6)
		writePair(w, "direction", direction)
		writePair(w, "node", string(l.Node))
		w.BulkString("create-time")
		w.Int(l.Created.UnixMilli())
		writePair(w, "events", "r")
		w.BulkString("send-buffer-allocated")
		w.Int(int64(l.SendBufferBytes))
		w.BulkString("send-buffer-used")
		w.Int(int64(l.SendBufferBytes))
	}
}

func clusterLinks(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	writeLinks(w, s.inspect.Links())
}
