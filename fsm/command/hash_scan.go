package command

func hashScanSpecs() []*Spec {
	return []*Spec{
		{
			Name: "hscan", Arity: -3, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "hash", "slow"}, Since: "2.8.0", Group: "hash",
			Summary:    "Incrementally iterate hash fields and associated values",
			Complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..",
			Tips:       []string{"nondeterministic_output"},
			Run:        runHscan,
		},
	}
}

func runHscan(c *Ctx) {
	cursor, ok := parseScanCursor(c, c.Args[2])
	if !ok {
		return
	}
	h, ok := GetHash(c, c.Args[1])
	switch {
	case !ok:
		return
	case h == nil:
		writeScan(c, 0, nil) // the options are not looked at
		return
	}
	o, ok := parseScanOptions(c, c.Args[3:], false)
	if !ok {
		return
	}
	cursor, o.count = wholeIfCompact(h, cursor, o.count)
	var found [][]byte
	next := h.Scan(cursor, o.count, func(field, value []byte) {
		if o.matches(field) {
			found = append(found, field, value)
		}
	})
	writeScan(c, next, found)
}

// wholeIfCompact makes a scan of a small container visit all of it at once, as
// Redis does for its compact encodings whatever COUNT says.
func wholeIfCompact(v container, cursor uint64, count int) (uint64, int) {
	switch v.Encoding() {
	case "listpack", "intset":
		return 0, max(count, v.Len())
	}
	return cursor, count
}
