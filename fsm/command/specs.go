package command

import "slices"

// Specs returns all data commands, one family after another. Each call builds
// new specs, so that nothing is shared between two tables.
func Specs() []*Spec {
	return slices.Concat(
		stringSpecs(),
		keysSpecs(),
		listSpecs(),
		hashSpecs(),
		setSpecs(),
	)
}
