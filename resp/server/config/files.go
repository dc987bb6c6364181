package config

import "fmt"

// reservedFiles are the file descriptors that clients do not get: the log, snapshots, and the connections of the cluster
// bus need them, and strangers may hold some hundreds of those. A node that could not open the next file of its log would end.
const reservedFiles = 1024

// LimitFiles returns the configuration of a process that may have so many files open, and whether that lowers maxclients.
// CONFIG SET will not raise it beyond either.
func (c *Config) LimitFiles(files uint64) (limited *Config, lowered bool) {
	next := c.clone()
	next.files = files
	room := next.roomForClients()
	if uint64(c.Clients.Max) <= room {
		return next, false
	}
	i, _ := next.reg.find("maxclients")
	next.text[i] = fmt.Sprint(room)
	next.derive()
	return next, true
}

// roomForClients is how many clients there are file descriptors for.
func (c *Config) roomForClients() uint64 {
	return max(c.files-min(reservedFiles, c.files/2), 1)
}

// checkClients refuses more clients than there are file descriptors for; without a limit on files it refuses nothing.
func (c *Config) checkClients() error {
	if room := c.roomForClients(); c.files > 0 && uint64(c.Clients.Max) > room {
		return refusal(fmt.Sprintf("The operating system is not able to handle the specified number of clients, try with %d", room))
	}
	return nil
}
