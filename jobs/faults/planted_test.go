//go:build faults

package faults

import (
	"fmt"
	"testing"
)

// TestPlanted leaves a step of the protocol out and wants the matrix to notice; with the step, the same trial is survived.
func TestPlanted(t *testing.T) {
	bugs := []struct {
		bug   string
		needs func() error
		try   func(t *testing.T, planted ...string) error
	}{
		{"no-folder-sync", ext4, backupThenCut},
		{"switch-before-verify", nil, func(t *testing.T, planted ...string) error {
			p := onDisk(t)
			return p.survive(p.strike("release.staged:1:corrupt", planted...))
		}},
		{"acknowledge-before-journal", nil, func(t *testing.T, planted ...string) error {
			p := onDisk(t)
			return p.survive(p.strike("journal.write:1:kill", planted...))
		}},
		{"journal-before-archive", nil, func(t *testing.T, planted ...string) error {
			p := onDisk(t)
			return p.survive(p.strike("journal.written:1:kill", planted...))
		}},
		{"no-chain-check", nil, func(t *testing.T, planted ...string) error {
			return brokenChain(t, renamed, planted...)
		}},
	}
	for _, b := range bugs {
		t.Run(b.bug, func(t *testing.T) {
			if b.needs != nil {
				if err := b.needs(); err != nil {
					fmt.Printf("planted %s: NOT TRIED: %v\n", b.bug, err)
					t.Skip(err)
				}
			}
			t.Parallel()
			if err := b.try(t); err != nil {
				t.Fatalf("without the bug: %v", err)
			}
			err := b.try(t, b.bug)
			if err == nil {
				t.Fatal("the bug is not noticed")
			}
			t.Logf("noticed: %.300v", err)
		})
	}
}
