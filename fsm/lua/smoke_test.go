package lua_test

import (
	"bufio"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestSmoke(t *testing.T) {
	f, err := os.Open(os.Getenv("SMOKE"))
	if err != nil {
		t.Skip()
	}
	h := newHost(t)
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		start := time.Now()
		r := []byte(h.eval(sc.Text()))
		if os.Getenv("TIMES") != "" {
			fmt.Println(time.Since(start).Round(time.Millisecond), sc.Text(), string(r[:min(len(r), 150)]))
			continue
		}
		fmt.Printf("--- %s\n\"%x\"\n", sc.Text(), r)
	}
}
