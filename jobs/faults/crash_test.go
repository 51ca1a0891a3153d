//go:build faults

package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// at makes a trial for each point: a run that an action strikes there, in a place of its own.
func at(points []point, action string, where func(*testing.T) *place) []trial {
	var all []trial
	for _, pt := range points {
		all = append(all, trial{pt.String(), func(t *testing.T) error {
			p := where(t)
			hurt := p.strike(pt.String() + ":" + action)
			if hurt.done() {
				return fmt.Errorf("%s had no effect: %v", action, hurt)
			}
			return p.survive(hurt)
		}})
	}
	return all
}

func killed(w *world) []trial { return at(w.points, "kill", onDisk) }

func powerCut(w *world) []trial {
	all := at(every(w.points, 3), "cut", onExt4)
	return append(all, trial{"right after a backup said it was done", func(t *testing.T) error { return backupThenCut(t) }})
}

func panics(w *world) []trial { return at(every(w.points, 8), "panic", onDisk) }

// killedAnyTime kills or ends runs and the service at times drawn from a fixed source, spread over the length of a run.
func killedAnyTime(w *world) []trial {
	chance := rand.New(rand.NewPCG(1, 2))
	var all []trial
	for i := range 10 {
		part, signal, command := chance.Float64(), syscall.SIGKILL, []string{"run", "-v"}
		if i%4 == 3 {
			signal = syscall.SIGTERM
		}
		if i%3 == 2 {
			command = service
		}
		all = append(all, trial{fmt.Sprintf("%s, %v at %.2f of a run", command[0], signal, part), func(t *testing.T) error {
			p := onDisk(t)
			hurt, err := p.strikeAfter(w.after(part), func(process int) error { return syscall.Kill(process, signal) }, command...)
			if err != nil {
				return err
			}
			return p.survive(hurt)
		}})
	}
	return all
}

// after is the time that a part of a run takes.
func (w *world) after(part float64) time.Duration { return time.Duration(part * float64(w.took)) }

func powerCutAnyTime(w *world) []trial {
	chance := rand.New(rand.NewPCG(3, 4))
	var all []trial
	for range 5 {
		part := chance.Float64()
		all = append(all, trial{fmt.Sprintf("at %.2f of a run", part), func(t *testing.T) error {
			p := onExt4(t)
			// The program is stopped before the power is cut: an acknowledgement that comes after the cut is none.
			hurt, err := p.strikeAfter(w.after(part), func(process int) error {
				return errors.Join(syscall.Kill(process, syscall.SIGSTOP), cutPower(p.disk), syscall.Kill(process, syscall.SIGKILL))
			}, "run", "-v")
			if err != nil {
				return err
			}
			return p.survive(hurt)
		}})
	}
	return all
}

// strikeAfter starts a command and does something to its process after a time, if it has not ended by then.
func (p *place) strikeAfter(after time.Duration, strike func(process int) error, command ...string) (outcome, error) {
	c, stdout, stderr := program(context.Background(), nil, slices.Concat(command, []string{"-w", p.dir})...)
	if err := c.Start(); err != nil {
		return outcome{}, err
	}
	ended := make(chan struct{})
	go func() { c.Wait(); close(ended) }()
	select {
	case <-ended:
		return outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}, nil // too late: unhurt
	case <-time.After(after):
	}
	if err := strike(c.Process.Pid); err != nil && !errors.Is(err, syscall.ESRCH) {
		c.Process.Kill()
		<-ended
		return outcome{}, err
	}
	select {
	case <-ended:
	case <-time.After(limit):
		c.Process.Kill()
		<-ended
		return outcome{}, errors.New("it did not end")
	}
	return outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}, nil
}

// cutPower is EXT4_IOC_SHUTDOWN without a flush of the log.
func cutPower(mount string) error {
	d, err := unix.Open(mount, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(d)
	return unix.IoctlSetPointerInt(d, 0x8004587d, 2)
}

// backupThenCut cuts the power of a backup's disk as soon as the backup was said to be whole.
func backupThenCut(t *testing.T, planted ...string) error {
	p := onExt4(t)
	kept := filepath.Join(p.disk, "kept")
	hurt := run(p.environment("command.done:1:cut", planted...), "backup", "-w", p.golden, kept)
	if !strings.Contains(hurt.stdout, "read back and whole") {
		return fmt.Errorf("the backup was not made: %v", hurt)
	}
	if err := p.mend(); err != nil {
		return err
	}
	if o := run(nil, "restore", "-w", filepath.Join(p.sideline, "restored"), kept); o.code != 0 {
		return fmt.Errorf("a backup that was said to be whole cannot be restored: %v", o)
	}
	return nil
}
