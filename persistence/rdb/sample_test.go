package rdb_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/redoubtdb/redoubt/persistence/rdb"
)

// farFuture is a time to expire that no test lives to see.
const farFuture = 4102444800123

// sample returns keys of all kinds and sizes: small ones that Redis packs, large
// ones, binary ones, numbers, and strings that compress or do not.
func sample() map[string]modelKey {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 70000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	keys := map[string]modelKey{
		"string:empty":       {kind: rdb.String, elements: []string{""}},
		"string:expires":     {kind: rdb.String, elements: []string{"v"}, expire: farFuture},
		"string:compresses":  {kind: rdb.String, elements: []string{strings.Repeat("abcabcabd", 20000)}},
		"string:runs":        {kind: rdb.String, elements: []string{strings.Repeat("a", 300000)}},
		"string:noise":       {kind: rdb.String, elements: []string{string(noise)}},
		"string:16383":       {kind: rdb.String, elements: []string{string(noise[:16383])}},
		"string:16384":       {kind: rdb.String, elements: []string{string(noise[:16384])}},
		"binary\x00\r\n\xff": {kind: rdb.String, elements: []string{"\x00\xff\r\n"}},
		"":                   {kind: rdb.String, elements: []string{"key is empty"}},
	}
	for _, n := range integers() {
		keys["string:"+n] = modelKey{kind: rdb.String, elements: []string{n}}
	}
	for _, size := range []int{1, 5, 100, 600, 5000} {
		for _, width := range []int{1, 20, 63, 64, 200, 5000} {
			if size*width > 2_000_000 {
				continue
			}
			addCollections(keys, size, width)
		}
	}
	keys["list:integers"] = modelKey{kind: rdb.List, elements: integers()}
	keys["set:integers"] = modelKey{kind: rdb.Set, elements: integers()}.sorted()
	keys["set:int16"] = modelKey{kind: rdb.Set, elements: []string{"-32768", "1", "2", "32767"}}.sorted()
	keys["set:int32"] = modelKey{kind: rdb.Set, elements: []string{"-5", "70000"}}.sorted()
	keys["zset:scores"] = modelKey{kind: rdb.ZSet, elements: []string{
		"a=" + scoreText(math.Inf(1)), "b=" + scoreText(math.Inf(-1)), "c=0.1", "d=3", "e=-1e+300",
		"f=" + scoreText(math.SmallestNonzeroFloat64), "g=1.2345678901234568e+17",
	}}.sorted()
	return keys
}

// addCollections adds one of each kind, of so many elements of so many bytes.
func addCollections(keys map[string]modelKey, size, width int) {
	var plain, pairs, scored []string
	for i := range size {
		e := fmt.Sprintf("%0*d%s", 5, i, strings.Repeat("x", max(0, width-5)))
		plain = append(plain, e)
		pairs = append(pairs, fmt.Sprintf("f%d=%s", i, e))
		scored = append(scored, fmt.Sprintf("%s=%s", e, scoreText(float64(i)/4)))
	}
	suffix := fmt.Sprintf(":%dx%d", size, width)
	keys["list"+suffix] = modelKey{kind: rdb.List, elements: plain}
	keys["set"+suffix] = modelKey{kind: rdb.Set, elements: plain}.sorted()
	keys["hash"+suffix] = modelKey{kind: rdb.Hash, elements: pairs}.sorted()
	keys["zset"+suffix] = modelKey{kind: rdb.ZSet, elements: scored}.sorted()
}

// integers are those at the edges of the encodings.
func integers() []string {
	var all []string
	for _, n := range []int64{0, 12, 13, 63, 64, 127, 128, 255, 256, 4095, 4096, 8191, 8192, 32767, 32768, 65535, 65536,
		8388607, 8388608, 2147483647, 2147483648, 4294967296, math.MaxInt64} {
		all = append(all, fmt.Sprint(n))
		if n != 0 {
			all = append(all, fmt.Sprint(-n))
		}
	}
	return append(all, fmt.Sprint(math.MinInt64), "007", "-0", "1.5", "9223372036854775808")
}
