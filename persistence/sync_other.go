//go:build !linux

package persistence

// syncData makes a file's data durable.
func syncData(f *segmentFile) error { return f.WritableFile.Sync() }
