//go:build faults

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// room is what a tmpfs needs for the workspace and a run, in megabytes.
const room = 224

// diskFull fills the disk right before something is written: what comes after the other points is one of these.
func diskFull(w *world) []trial {
	var all []trial
	for _, pt := range w.points {
		switch pt.name {
		case "durable.write", "journal.write", "database.change", "database.loaded", "database.built", "database.checkpoint":
		default:
			continue
		}
		all = append(all, trial{pt.String(), func(t *testing.T) error {
			p := onTmpfs(t, room)
			return p.survive(p.strike(pt.String() + ":fill"))
		}})
	}
	return all
}

// diskTooSmall leaves less and less room, so that the engine and every other writer meet a full disk; and shows that
// with the check before a run, what comes is archived although nothing can be computed.
func diskTooSmall(*world) []trial {
	all := []trial{{"refused before anything is computed", func(t *testing.T) error {
		p := onTmpfs(t, room)
		if err := leave(p.disk, 8<<20); err != nil {
			return err
		}
		hurt := p.strike("")
		if hurt.code != 1 || len(hurt.acknowledged()) != 3 {
			return fmt.Errorf("on a full disk: %v", hurt)
		}
		return p.survive(hurt)
	}}}
	for _, megabytes := range []int64{0, 2, 16, 24, 44} {
		all = append(all, trial{fmt.Sprintf("%d MB", megabytes), func(t *testing.T) error {
			p := onTmpfs(t, room)
			if err := leave(p.disk, megabytes<<20); err != nil {
				return err
			}
			return p.survive(p.strike("", "no-room-check"))
		}})
	}
	return all
}

// leave takes all the room of a file system but so many bytes.
func leave(disk string, free int64) error {
	f, err := os.Create(filepath.Join(disk, ".ballast"))
	if err != nil {
		return err
	}
	defer f.Close()
	block, size := make([]byte, 64<<10), int64(0)
	for {
		n, err := f.Write(block)
		size += int64(n)
		if err != nil {
			break
		}
	}
	if size < free {
		return fmt.Errorf("%s has only %d bytes", disk, size)
	}
	return f.Truncate(size - free)
}

func diskError(w *world) []trial {
	operations := slices.DeleteFunc(slices.Clone(w.points), func(pt point) bool { return pt.name == "command.done" })
	return at(every(operations, 4), "eio", onDisk)
}

func readOnly(w *world) []trial {
	var still []point // no file is open for writing there, without which the kernel refuses
	for _, pt := range w.points {
		switch pt.name {
		case "durable.rename", "durable.folder", "database.loaded", "database.switch", "release.staged", "release.switched":
			still = append(still, pt)
		}
	}
	return at(every(still, 2), "readonly", onExt4)
}

func every(points []point, step int) (some []point) {
	for i := 0; i < len(points); i += step {
		some = append(some, points[i])
	}
	return some
}
