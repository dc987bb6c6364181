package command

import "slices"

// maxStringBytes is the longest string a key may hold: Redis' default of
// proto-max-bulk-len. A constant, because every member must refuse the same.
const maxStringBytes = 512 << 20

func stringSpecs() []*Spec {
	return slices.Concat(stringReadSpecs(), stringSetSpecs(), stringEditSpecs(), stringCountSpecs())
}
