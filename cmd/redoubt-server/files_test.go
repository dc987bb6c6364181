package main

import "testing"

func TestClientsWithin(t *testing.T) {
	before := uint64(0)
	for files := range uint64(20_000) {
		got := clientsWithin(files)
		if got < before || got > before+1 && files != leastFiles || files >= leastFiles && (got < 1 || files-got < leastFiles/2) {
			t.Fatalf("%d files leave room for %d clients, one less for %d", files, got, before)
		}
		before = got
	}
	if got := clientsWithin(1 << 20); got != 1<<20-reservedFiles {
		t.Error(got)
	}
}
