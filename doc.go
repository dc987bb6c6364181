// Package redoubt is a strongly consistent Redis Cluster. It has no code of its own:
// see README.md and docs/ARCHITECTURE.md, and cmd/ for the programs.
package redoubt
