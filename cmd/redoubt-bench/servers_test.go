package main

import (
	"testing"
)

func TestShape(t *testing.T) {
	for _, c := range []struct {
		shape shape
		count int
		text  string
	}{
		{shape{1, 0}, 1, "1 master"}, {shape{8, 0}, 8, "8 masters"}, {shape{1, 2}, 3, "1 master, 2 replicas"},
		{shape{1, 1}, 2, "1 master, 1 replica"}, {shape{3, 1}, 6, "3 masters, 1 replica each"},
	} {
		if c.shape.count() != c.count || c.shape.String() != c.text {
			t.Errorf("%d nodes: %v", c.shape.count(), c.shape)
		}
	}
	v := &servers{shape: threeMasters(), addrs: make([]string, 6)}
	for master, want := range []int{3, 4, 5, 0, 1, 2} {
		if got, err := v.replica(master); got != want || err != nil {
			t.Errorf("the replica of %d is %d, %v", master, got, err)
		}
	}
	if _, err := (&servers{shape: shape{2, 0}, addrs: make([]string, 2)}).replica(1); err == nil {
		t.Error("a lone master has a replica")
	}
}

func TestCountMasters(t *testing.T) {
	const nodes = `a 127.0.0.1:1@2 myself,master - 0 0 1 connected 0-1
b 127.0.0.1:3@4 slave a 0 0 1 connected
c 127.0.0.1:5@6 master,fail - 0 0 2 disconnected 2-3
d 127.0.0.1:7@8 master,fail? - 0 0 2 connected 4-5
e 127.0.0.1:9@10 master - 0 0 3 connected 6-16383
`
	if n := countMasters(nodes); n != 2 {
		t.Errorf("%d masters", n)
	}
	if n := countMasters(""); n != 0 {
		t.Errorf("%d masters of nothing", n)
	}
}

// TestLoadTag: all keys of the load belong to the slot of the first master.
func TestLoadTag(t *testing.T) {
	tag := loadTag[1 : len(loadTag)-1]
	var crc uint16 // CRC16, polynomial 0x1021, as keys get their slots
	for i := range len(tag) {
		crc ^= uint16(tag[i]) << 8
		for range 8 {
			if carry := crc&0x8000 != 0; carry {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	if crc%slotCount != 0 || loadTag != "{"+tag+"}" {
		t.Errorf("%s has slot %d", loadTag, crc%slotCount)
	}
}
