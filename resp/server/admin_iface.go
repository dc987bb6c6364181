package server

import (
	"context"

	"github.com/redoubtdb/redoubt/resp/server/config"
)

// Abilities that the node's Admin may have besides the interface itself. Without one, the command that needs it answers
// an error.

// Announcer tells the cluster under which addresses this node wants to be known (CONFIG SET cluster-announce-...). It
// returns once the map has them, or why it can't.
type Announcer interface {
	Announce(ctx context.Context, a config.Announce) error
}

// ConfigFile is the file that the node was started with, for CONFIG REWRITE. Writing replaces it atomically.
type ConfigFile interface {
	ReadConfigFile() ([]byte, error)
	WriteConfigFile(content []byte) error
}
