package server

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestScriptCache(t *testing.T) {
	compiled := 0
	cache := newScriptCache(func(body []byte) error {
		compiled++
		return compileFake(body)
	})
	sha, err := cache.add([]byte("return 1"))
	if err != nil || sha != "e0e1f9fabfc9d4800c877a703b823ac0578ff8db" {
		t.Fatalf("got %s, %v", sha, err)
	}
	for _, name := range []string{sha, "E0E1F9fabfc9d4800c877a703b823ac0578ff8db"} {
		if string(cache.find([]byte(name))) != "return 1" {
			t.Errorf("%s not found", name)
		}
	}
	if _, err := cache.add([]byte("return 1")); err != nil || compiled != 1 {
		t.Errorf("compiled %d times: %v", compiled, err)
	}
	if _, err := cache.add([]byte("bad")); err == nil || cache.find([]byte(shaOf([]byte("bad")))) != nil {
		t.Errorf("a script that does not compile is kept: %v", err)
	}
	if _, err := cache.add(nil); err != nil || cache.find([]byte(shaOf(nil))) == nil {
		t.Errorf("the empty script: %v", err)
	}
	cache.flush()
	if cache.find([]byte(sha)) != nil {
		t.Error("found after flush")
	}
}

func TestScriptCacheIsBounded(t *testing.T) {
	cache := newScriptCache(compileFake)
	first, _ := cache.add([]byte("first"))
	for i := range maxCachedScripts {
		if _, err := cache.add(fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(cache.bodies) != maxCachedScripts || cache.find([]byte(first)) != nil {
		t.Errorf("%d scripts, the oldest still there: %t", len(cache.bodies), cache.find([]byte(first)) != nil)
	}
	big := make([]byte, maxCachedScriptBytes)
	sha, err := cache.add(big)
	if err != nil || cache.find([]byte(sha)) == nil || len(cache.bodies) != 1 || cache.bytes != len(big) {
		t.Errorf("%d scripts of %d bytes: %v", len(cache.bodies), cache.bytes, err)
	}
}

func TestScriptCacheConcurrently(t *testing.T) {
	cache := newScriptCache(compileFake)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 100 {
				sha, err := cache.add(fmt.Append(nil, i%10))
				if err != nil {
					t.Error(err)
				}
				cache.find([]byte(sha))
				if i%50 == 0 {
					cache.flush()
				}
			}
		})
	}
	wg.Wait()
}

// EVALSHA becomes EVAL with the script in it, so the log depends on no node's cache.
func TestEvalSHA(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		const sha = "11f6ad8ec52a2984abaafd7c3b516503785c2072" // of x
		c := f.dial()
		c.want("-NOSCRIPT No matching script. Please use EVAL.|", "EVALSHA "+sha+" 1 k")
		c.want("$6|eval x|$6|eval x|$9|eval_ro x|", "EVAL x 1 k", "EVALSHA "+sha+" 1 k", "EVALSHA_RO "+sha+" 1 k")
		c.want("+OK|-NOSCRIPT No matching script. Please use EVAL.|", "SCRIPT FLUSH", "EVALSHA "+sha+" 1 k")
		c.want("$40|"+sha+"|$6|eval x|", "SCRIPT LOAD x", "EVALSHA "+sha+" 0")
		c.want("-ERR Error compiling script|-ERR Error compiling script|", "SCRIPT LOAD bad", "EVAL bad 0")
		c.want("+OK|+QUEUED|+QUEUED|*2|$6|eval x|-NOSCRIPT No matching script. Please use EVAL.|", "MULTI", "EVALSHA "+sha+" 1 k", "EVALSHA ffff 1 k", "EXEC")
		follow(f, c)
		c.want("$9|eval_ro x|", "EVALSHA "+sha+" 0")
	})
}

func TestFindScripts(t *testing.T) {
	if _, err := findScripts(nil); !errors.Is(err, errNoScripts) {
		t.Errorf("got %v", err)
	}
}
