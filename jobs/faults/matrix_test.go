//go:build faults

package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// row is a kind of fault and its trials.
type row struct {
	name  string
	needs func() error // why it cannot be tried here; nil: it always can
	make  func(w *world) []trial
}

// trial hurts the program once. An error is a promise that was not kept; t is for what the trial needs.
type trial struct {
	name string
	try  func(t *testing.T) error
}

// matrix lists every kind of fault. To add one, add a row.
func matrix() []row {
	return []row{
		{"killed at a failpoint", nil, killed},
		{"killed or told to end, at any time", nil, killedAnyTime},
		{"power cut at a failpoint", ext4, powerCut},
		{"power cut at any time", ext4, powerCutAnyTime},
		{"disk full at a failpoint", tmpfs, diskFull},
		{"disk too small", tmpfs, diskTooSmall},
		{"error of the disk (EIO)", nil, diskError},
		{"disk turned read-only", ext4, readOnly},
		{"panic", nil, panics},
		{"bytes of the database changed or lost", nil, damagedDatabase},
		{"bytes of the journal changed or lost", nil, damagedJournal},
		{"bytes of the archive or of a release changed", nil, damagedFiles},
		{"two programs at once", nil, together},
		{"the service", nil, services},
		{"killed while letters leave", nil, letters},
		{"stopped while it forgets", nil, forgetting},
		{"hostile files", nil, hostile},
		{"backup and restore", nil, backups},
	}
}

// sample is the part of the trials that a short test makes: each row's first, and every tenth after it.
const sample = 10

// TestMatrix tries every row, and prints how many trials there were and how many were survived.
func TestMatrix(t *testing.T) {
	w, err := theWorld()
	if err != nil {
		t.Fatal(err)
	}
	var mutex sync.Mutex
	tried, survived, start := 0, 0, time.Now()
	for _, r := range matrix() {
		if r.needs != nil {
			if err := r.needs(); err != nil {
				fmt.Printf("%-48s NOT TRIED: %v\n", r.name, err)
				continue
			}
		}
		n, ok := 0, 0
		begun := time.Now()
		t.Run(r.name, func(t *testing.T) {
			for i, trial := range r.make(w) {
				if testing.Short() && i%sample != 0 {
					continue
				}
				t.Run(trial.name, func(t *testing.T) {
					t.Parallel()
					err := trial.try(t)
					if err != nil {
						t.Error(err)
					}
					mutex.Lock()
					defer mutex.Unlock()
					n++
					if err == nil {
						ok++
					}
				})
			}
		})
		tried, survived = tried+n, survived+ok
		fmt.Printf("%-48s %3d tried, %3d survived, %3.0f s\n", r.name, n, ok, time.Since(begun).Seconds())
	}
	fmt.Printf("%-48s %3d tried, %3d survived, %3.0f s\n", "in all", tried, survived, time.Since(start).Seconds())
	if testing.Short() {
		fmt.Printf("a short test: one trial in %d of each row\n", sample)
	}
}

func root() error {
	if os.Geteuid() != 0 {
		return errors.New("it needs root")
	}
	return nil
}

// tmpfs tells why no file system can be mounted here.
func tmpfs() error {
	if err := root(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "cairn-mount-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		return fmt.Errorf("it needs to mount a tmpfs: %w", err)
	}
	return syscall.Unmount(dir, 0)
}

// ext4 tells why no ext4 file system in a file can be mounted here.
func ext4() error {
	if err := root(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "cairn-mount-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	script := `truncate -s 16M "$0/i" && mkfs.ext4 -q "$0/i" && mkdir "$0/m" && mount -o loop "$0/i" "$0/m" && umount "$0/m"`
	if out, err := exec.Command("sh", "-ec", script, dir).CombinedOutput(); err != nil {
		return fmt.Errorf("it needs mkfs.ext4 and a loop device: %s", strings.TrimSpace(string(out)))
	}
	return nil
}
