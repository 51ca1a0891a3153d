//go:build faults

package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// In a program built with the tag faults, the environment says what goes wrong, and where:
//
//	CAIRN_FAULT=POINT:N:ACTION     the N-th time (from 1) that a point is reached
//	CAIRN_FAULT_DIR=DIR            where the disk's faults happen: the workspace
//	CAIRN_FAULT_TRACE=FILE         a line is added for every point reached
//	CAIRN_PLANTED=BUG              a step that is left out, see Planted
//
// The actions: kill (as kill -9), cut (the power: nothing that was not synced is ever written, then kill),
// fill (the disk is full from here on), eio (this operation fails), readonly (the file system is, from here on),
// sleep (for ten seconds), panic, corrupt (a byte of every file below the folder that the point names after « = »).
var failpoints struct {
	sync.Mutex
	reached map[string]int
}

// Failpoint is a point where something can go wrong. An error takes the place of the operation that follows.
func Failpoint(point string) error {
	name, subject, _ := strings.Cut(point, "=")
	failpoints.Lock()
	if failpoints.reached == nil {
		failpoints.reached = map[string]int{}
	}
	failpoints.reached[name]++
	n := failpoints.reached[name]
	failpoints.Unlock()
	if path := os.Getenv("CAIRN_FAULT_TRACE"); path != "" {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			panic(err)
		}
		fmt.Fprintln(f, name)
		f.Close()
	}
	asked := strings.Split(os.Getenv("CAIRN_FAULT"), ":")
	if len(asked) != 3 || asked[0] != name || asked[1] != strconv.Itoa(n) {
		return nil
	}
	return happen(asked[2], os.Getenv("CAIRN_FAULT_DIR"), subject)
}

func happen(action, dir, subject string) error {
	switch action {
	case "kill":
		die()
	case "cut":
		cutPower(dir)
		die()
	case "fill":
		return fill(dir)
	case "eio":
		return syscall.EIO
	case "readonly":
		if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			panic("fault: remount " + dir + ": " + err.Error())
		}
	case "sleep":
		time.Sleep(10 * time.Second)
	case "panic":
		panic("fault")
	case "corrupt":
		return corrupt(subject)
	default:
		panic("fault: no action " + action)
	}
	return nil
}

func die() {
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// cutPower shuts the ext4 file system of a folder down at once, without its log (EXT4_IOC_SHUTDOWN,
// EXT4_GOING_FLAGS_NOLOGFLUSH): what was not synced is lost, as by a power cut.
func cutPower(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		panic(err)
	}
	if err := unix.IoctlSetPointerInt(int(d.Fd()), 0x8004587d, 2); err != nil {
		panic("fault: shut " + dir + " down: " + err.Error())
	}
}

// fill takes all the room that is left, in a file that the harness removes.
func fill(dir string) error {
	f, err := os.Create(dir + "/.ballast")
	if err != nil {
		return nil // no room for a name: the disk is full
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 1 << 12, 1} {
		block := make([]byte, size)
		for {
			if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
				break
			} else if err != nil {
				panic(err)
			}
		}
	}
	f.Sync()
	return nil
}

// corrupt changes one byte in the middle of every file below a folder, as a bad disk does.
func corrupt(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || len(data) == 0 {
			return err
		}
		data[len(data)/2] ^= 1
		return os.WriteFile(path, data, 0o644)
	})
}

// Planted reports whether a step is to be left out, so that it can be shown that its absence is noticed:
// no-folder-sync, switch-before-verify, acknowledge-before-journal, journal-before-archive, no-chain-check.
func Planted(bug string) bool { return os.Getenv("CAIRN_PLANTED") == bug }
