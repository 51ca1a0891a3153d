//go:build !faults

package ingest

// Failpoint does nothing: a program built with the tag faults is stopped, or denied the disk, at such points.
func Failpoint(string) error { return nil }

// Planted is false: a program built with the tag faults can leave out a step on purpose.
func Planted(string) bool { return false }
