package ingest

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// limitProcess bounds what this process may take: memory above what it has now (DuckDB is mapped,
// used or not), processor time, and no file at all to write.
func limitProcess() error {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	var pages uint64
	if _, err := fmt.Sscan(string(statm), &pages); err != nil {
		return err
	}
	for _, l := range []struct {
		resource int
		value    uint64
	}{
		{unix.RLIMIT_AS, pages*uint64(os.Getpagesize()) + xlsMemory},
		{unix.RLIMIT_CPU, xlsSeconds},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_CORE, 0},
	} {
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: l.value, Max: l.value}); err != nil {
			return fmt.Errorf("limit %d: %w", l.resource, err)
		}
	}
	return nil
}
