package command

func setScanSpecs() []*Spec {
	return []*Spec{
		{
			Name: "sscan", Arity: -3, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "set", "slow"}, Since: "2.8.0", Group: "set",
			Summary:    "Incrementally iterate Set elements",
			Complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..",
			Tips:       []string{"nondeterministic_output"},
			Run:        runSscan,
		},
	}
}

func runSscan(c *Ctx) {
	cursor, ok := parseScanCursor(c, c.Args[2])
	if !ok {
		return
	}
	s, ok := GetSet(c, c.Args[1])
	switch {
	case !ok:
		return
	case s == nil:
		writeScan(c, 0, nil) // the options are not looked at
		return
	}
	o, ok := parseScanOptions(c, c.Args[3:], false)
	if !ok {
		return
	}
	cursor, o.count = wholeIfCompact(s, cursor, o.count)
	var found [][]byte
	next := s.Scan(cursor, o.count, func(m []byte) {
		if o.matches(m) {
			found = append(found, m)
		}
	})
	writeScan(c, next, found)
}
