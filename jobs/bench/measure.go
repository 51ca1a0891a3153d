package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what a process and its children took.
type usage struct {
	cpu, wall time.Duration // user and system time together
	peak      int64         // the largest resident set of one of them, bytes
	read      int64         // bytes read by the process, from the page cache too; its children's when it has waited for them
	output    string
}

// measure runs a command to its end; an exit status that is not among those wanted is an error.
func measure(want []int, name string, args ...string) (u usage, err error) {
	cmd := exec.Command(name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return u, err
	}
	// The process is waited for without being collected, since its counters go with it.
	for {
		if err = unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return u, fmt.Errorf("wait for %s: %w", name, err)
	}
	u.wall = time.Since(start)
	u.read = bytesRead(cmd.Process.Pid)
	cmd.Wait() // its status is looked at below
	state := cmd.ProcessState
	u.cpu = state.UserTime() + state.SystemTime()
	u.peak = state.SysUsage().(*syscall.Rusage).Maxrss << 10
	u.output = out.String()
	if !slices.Contains(want, state.ExitCode()) {
		return u, fmt.Errorf("%s %s: %s\n%s", name, strings.Join(args, " "), state, u.output)
	}
	return u, nil
}

func bytesRead(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "rchar: "); ok {
			read, _ := strconv.ParseInt(n, 10, 64)
			return read
		}
	}
	return 0
}

const heading = `| run | CPU s | wall s | CPU, ratio (least–largest) | peak MB | read MB |
|---|---:|---:|---:|---:|---:|`

// line is a row of the table: medians, and the ratio to the runs of the same rounds.
func line(name string, runs, base []usage) string {
	var ratios []float64
	for i := range runs {
		ratios = append(ratios, runs[i].cpu.Seconds()/base[i].cpu.Seconds())
	}
	slices.Sort(ratios)
	of := func(f func(usage) float64) float64 {
		var all []float64
		for _, u := range runs {
			all = append(all, f(u))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return fmt.Sprintf("| %s | %.2f | %.2f | %.2f (%.2f–%.2f) | %.0f | %.0f |", name,
		of(func(u usage) float64 { return u.cpu.Seconds() }), of(func(u usage) float64 { return u.wall.Seconds() }),
		ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1],
		of(func(u usage) float64 { return float64(u.peak) / (1 << 20) }), of(func(u usage) float64 { return float64(u.read) / (1 << 20) }))
}
