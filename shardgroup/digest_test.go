package shardgroup

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
)

// A member that a snapshot took past an entry says so at once, and Verify chooses another entry.
func TestVerifyOfAMemberThatMissed(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		f := g.followers()[0]
		index := l.replica.AppliedIndex() // applied, and no digest was asked for there
		if !f.member.waitApplied(index, t.Context().Done()) {
			t.Fatal("the follower has not applied")
		}
		began := time.Now()
		body, err := f.serveDigest(t.Context(), bus.Identity{}, binary.BigEndian.AppendUint64(nil, index))
		if err != nil || len(body) != 0 || time.Since(began) != 0 {
			t.Errorf("%q, %v after %v", body, err, time.Since(began))
		}
		for _, misses := range []int{0, 1, 2, verifyAttempts} {
			asked := 0
			f.bus.Handle(f.method("digest"), func(ctx context.Context, from bus.Identity, body []byte) ([]byte, error) {
				if asked++; asked <= misses {
					return nil, nil
				}
				return f.serveDigest(ctx, from, body)
			})
			results, err := l.Verify(t.Context())
			if err != nil || len(results) != 3 || asked != min(misses+1, verifyAttempts) {
				t.Fatalf("%d misses: %+v, %v, asked %d times", misses, results, err, asked)
			}
			for _, d := range results {
				want := ""
				if d.Node == f.node && misses == verifyAttempts {
					want = errDigestMissed.Error()
				}
				if d.Err != want || d.Index != results[0].Index || want == "" && d.Sum != results[0].Sum {
					t.Errorf("%d misses: %+v", misses, d)
				}
			}
		}
	})
}
