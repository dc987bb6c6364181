package main

import (
	"fmt"
	"log/slog"
	"strconv"
	"syscall"

	"github.com/redoubtdb/redoubt/resp/server/config"
)

// File descriptors that clients cannot have.
const (
	reservedFiles = 1024 // logs, snapshots, and the bus with its strangers
	leastFiles    = 128  // what a node needs without any client
)

// fitClients lowers maxclients to what the limit on open files allows: a node that runs out of
// descriptors can neither reach its peers nor open the next file of its log. The Go runtime has
// raised the soft limit to the hard one already.
func fitClients(live *config.Live, log *slog.Logger) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		log.Warn("the limit on open files is unknown", "error", err)
		return nil
	}
	asked := live.Load().Clients.Max
	fit := clientsWithin(limit.Cur)
	switch {
	case fit < 1:
		return fmt.Errorf("the limit of %d open files (ulimit -n) is too low: a node needs %d and one for each client", limit.Cur, leastFiles)
	case fit >= uint64(asked):
		return nil
	}
	log.Warn("maxclients is lowered: raise the limit on open files (ulimit -n) to have more", "asked", asked, "maxclients", fit, "open_files", limit.Cur)
	return live.Set([][2]string{{"maxclients", strconv.FormatUint(fit, 10)}}, config.SetOptions{}, nil)
}

// clientsWithin is how many clients a limit on open files leaves room for: what is not reserved,
// or half of it where that is little.
func clientsWithin(files uint64) uint64 {
	switch {
	case files < leastFiles:
		return 0
	case files < 2*reservedFiles:
		return files / 2
	}
	return files - reservedFiles
}
