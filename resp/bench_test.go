package resp

import (
	"strings"
	"testing"
)

func BenchmarkParserSet(b *testing.B) {
	benchmarkParser(b, "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$32\r\n"+strings.Repeat("v", 32)+"\r\n")
}

func BenchmarkParserGet(b *testing.B) {
	benchmarkParser(b, "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000001\r\n")
}

func BenchmarkParserInline(b *testing.B) { benchmarkParser(b, "PING\r\n") }

// benchmarkParser parses pipelines of 64 requests.
func benchmarkParser(b *testing.B, request string) {
	const pipeline = 64
	in := []byte(strings.Repeat(request, pipeline))
	lim := DefaultLimits()
	var p Parser
	b.SetBytes(int64(len(request)))
	b.ReportAllocs()
	for i := 0; i < b.N; i += pipeline {
		for buf := in; len(buf) > 0; {
			_, n, err := p.Next(buf, lim)
			if n == 0 {
				b.Fatal(err)
			}
			buf = buf[n:]
		}
		p.Recycle()
	}
}

// BenchmarkParserTrickle parses one large argument that arrives in small pieces.
func BenchmarkParserTrickle(b *testing.B) {
	in := []byte("*1\r\n$1000000\r\n" + strings.Repeat("x", 1000000) + "\r\n")
	lim := DefaultLimits()
	b.SetBytes(int64(len(in)))
	for range b.N {
		var p Parser
		for end := 0; end < len(in); end += 100 {
			if _, _, err := p.Next(in[:end], lim); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkWriterBulk(b *testing.B) {
	var w Writer
	value := make([]byte, 32)
	b.ReportAllocs()
	for i := range b.N {
		if i%1024 == 0 {
			w.Reset()
		}
		w.Bulk(value)
	}
}
