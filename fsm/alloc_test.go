package fsm

import (
	"fmt"
	"testing"

	"github.com/redoubtdb/redoubt/resp"
)

// TestApplyAllocatesOnlyWhatItStores bounds the allocations of an entry of many commands.
func TestApplyAllocatesOnlyWhatItStores(t *testing.T) {
	const commands = 100
	for _, c := range []struct {
		line   string
		stored float64 // allocations a command for what it stores
	}{
		{"SET key:%d value", 2},
		{"DEL nosuch:%d", 0},
		{"EXPIRE key:%d 100", 0},
		{"HSET hash:%d field value", 1},
		{"SADD set:%d member", 0},
	} {
		r := newRig(t)
		var req Request
		for i := range commands {
			req.Ops = append(req.Ops, r.op(fmt.Sprintf(c.line, i)))
		}
		req.W = &resp.Writer{}
		entry := encode(r.header(), &req)
		batch := []*Request{&req}
		per := func(batch []*Request) float64 {
			return testing.AllocsPerRun(20, func() {
				r.index++
				req.W.Reset()
				req.state.Store(requestWaiting)
				if err := r.m.Apply(r.index, 1, entry, batch); err != nil {
					t.Fatal(err)
				}
			}) / commands
		}
		for who, batch := range map[string][]*Request{"leader": batch, "replica": nil} {
			if got := per(batch); got > c.stored+0.1 {
				t.Errorf("%s on the %s: %.2f allocations a command, want %.0f", c.line, who, got, c.stored)
			}
		}
	}
}

func TestViewAllocatesNothing(t *testing.T) {
	r := newRig(t)
	r.run("SET a 1", "HSET h f v", "RPUSH l 1 2 3")
	for _, line := range []string{"GET a", "HGET h f", "LLEN l", "EXISTS a", "TTL a"} {
		op, w := r.op(line), &resp.Writer{}
		if n := testing.AllocsPerRun(100, func() { w.Reset(); r.m.View(&op, w, r.now) }); n > 0 {
			t.Errorf("%s: %v allocations", line, n)
		}
	}
}

func BenchmarkView(b *testing.B) {
	r := newRig(b)
	r.run("SET key 12345678901234567890123456789012")
	op, w := r.op("GET key"), &resp.Writer{}
	b.ReportAllocs()
	for b.Loop() {
		w.Reset()
		r.m.View(&op, w, r.now)
	}
}

func BenchmarkApply(b *testing.B) {
	for _, line := range []string{"SET key:%d 12345678901234567890123456789012", "INCR counter:%d", "LPUSH list:%d x", "HSET hash:%d field value"} {
		b.Run(line, func(b *testing.B) {
			r := newRig(b)
			const commands = 1000
			req := Request{W: &resp.Writer{}}
			for i := range commands {
				req.Ops = append(req.Ops, r.op(fmt.Sprintf(line, i)))
			}
			entry := encode(r.header(), &req)
			batch := []*Request{&req}
			b.ReportAllocs()
			for b.Loop() {
				r.index++
				req.W.Reset()
				req.state.Store(requestWaiting)
				if err := r.m.Apply(r.index, 1, entry, batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/commands, "ns/command")
		})
	}
}
