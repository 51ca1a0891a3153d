//go:build faults

package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cairn/ingest"
	"cairn/jobs"
)

// TestMain makes of the test's own binary the program that is hurt.
func TestMain(m *testing.M) {
	switch {
	case ingest.RunXLSChild():
	case os.Getenv("CAIRN_PROGRAM") != "":
		os.Exit(jobs.Main(os.Args[1:], os.Stdout, os.Stderr))
	default:
		code := m.Run()
		if w, err := theWorld(); err == nil {
			os.RemoveAll(filepath.Dir(w.before))
		}
		os.Exit(code)
	}
}

// outcome is how a command ended.
type outcome struct {
	code           int // −1: killed
	stdout, stderr string
}

// done reports that the command says it did all of its work.
func (o outcome) done() bool { return o.code == 0 || o.code == 3 }

func (o outcome) String() string {
	tail := func(s string) string { return s[max(0, len(s)-1500):] }
	return fmt.Sprintf("exit status %d\n%s\n%s", o.code, tail(o.stdout), tail(o.stderr))
}

// acknowledgement is the line of the log, in either of its forms.
var acknowledgement = regexp.MustCompile(`msg"?[=:]"?received.*original"?[=:]"?([0-9a-f]{64})`)

// acknowledged are the originals that the command said it received.
func (o outcome) acknowledged() (originals []string) {
	for _, m := range acknowledgement.FindAllStringSubmatch(o.stderr, -1) {
		originals = append(originals, m[1])
	}
	return originals
}

// program prepares the program with variables of the environment that hurt it.
func program(ctx context.Context, environment []string, args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Env = append(append(os.Environ(), "CAIRN_PROGRAM=1"), environment...)
	c.Stdout, c.Stderr = &stdout, &stderr
	return c, &stdout, &stderr
}

// limit is how long a command may take: one that hangs has not survived.
const limit = 2 * time.Minute

func run(environment []string, args ...string) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c, stdout, stderr := program(ctx, environment, args...)
	err := c.Run()
	if ctx.Err() != nil {
		fmt.Fprintf(stderr, "\nstopped after %s", limit)
	} else if err != nil && !errors.As(err, new(*exec.ExitError)) {
		fmt.Fprintf(stderr, "\n%v", err)
	}
	return outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// world is made once: a workspace that has run, files that come next, and the state after an unhurt run that takes them.
type world struct {
	before string            // a workspace with a release
	late   string            // files for its inbox, beside each other
	golden string            // « before » after a run with them
	took   time.Duration     // by that run
	sums   map[string]string // of the tables of golden
	points []point
}

// point is a failpoint as a run reaches it: the n-th time.
type point struct {
	name string
	n    int
}

func (p point) String() string { return fmt.Sprintf("%s:%d", p.name, p.n) }

var theWorld = sync.OnceValues(makeWorld)

func makeWorld() (*world, error) {
	dir, err := os.MkdirTemp("", "cairn-faults-")
	if err != nil {
		return nil, err
	}
	w := &world{before: filepath.Join(dir, "before"), late: filepath.Join(dir, "late"), golden: filepath.Join(dir, "golden")}
	if o := run(nil, "demo", w.before, "--months", "6"); o.code != 0 {
		return nil, fmt.Errorf("demo: %v", o)
	}
	if err := keepTerritories(w.before, "castelmauve", "ormecourt"); err != nil {
		return nil, err
	}
	if err := w.holdBack(3); err != nil {
		return nil, err
	}
	if o := run(nil, "run", "-w", w.before); !o.done() {
		return nil, fmt.Errorf("first run: %v", o)
	}
	if err := w.deliver(w.golden, w.before); err != nil {
		return nil, err
	}
	trace, start := filepath.Join(dir, "trace"), time.Now()
	if o := run([]string{"CAIRN_FAULT_TRACE=" + trace}, "run", "-v", "-w", w.golden); !o.done() || len(o.acknowledged()) != 3 || !strings.Contains(o.stdout, "published:") {
		return nil, fmt.Errorf("unhurt run: %v", o)
	}
	w.took = time.Since(start)
	if w.points, err = chosen(trace); err != nil {
		return nil, err
	}
	w.sums, err = sums(w.golden)
	return w, err
}

// chosen are the first and the last time that each failpoint is reached.
func chosen(trace string) ([]point, error) {
	data, err := os.ReadFile(trace)
	if err != nil {
		return nil, err
	}
	times, order := map[string]int{}, []string{}
	for name := range strings.FieldsSeq(string(data)) {
		if times[name]++; times[name] == 1 {
			order = append(order, name)
		}
	}
	var points []point
	for _, name := range order {
		points = append(points, point{name, 1})
		if last := times[name]; last > 1 {
			points = append(points, point{name, last})
		}
	}
	return points, nil
}

// deliver copies a workspace and puts the late files into its inbox.
func (w *world) deliver(to, from string) error {
	if err := copyTree(to, from); err != nil {
		return err
	}
	return copyTree(filepath.Join(to, "inbox"), w.late)
}

// copyTree copies files with their modification times, by which they are known.
func copyTree(to, from string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-a", from+"/.", to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w: %s", from, err, out)
	}
	return nil
}

// place is a copy of the world in which one trial happens.
type place struct {
	*world
	dir      string // of the workspace
	disk     string // of the file system that is hurt
	mend     func() error
	sideline string // another disk, for what must outlive it
}

// strike runs the program on the workspace, hurt.
func (p *place) strike(fault string, planted ...string) outcome {
	return run(p.environment(fault, planted...), "run", "-v", "-w", p.dir)
}

func (p *place) environment(fault string, planted ...string) []string {
	env := []string{"CAIRN_FAULT=" + fault, "CAIRN_FAULT_DIR=" + p.disk}
	for _, bug := range planted {
		env = append(env, "CAIRN_PLANTED="+bug)
	}
	return env
}

// onDisk makes a place in an ordinary folder: it can be hurt by no fault of the disk as a whole.
func onDisk(t *testing.T) *place {
	t.Helper()
	return settle(t, t.TempDir(), func() error { return nil })
}

// onTmpfs makes a place on a small file system in memory.
func onTmpfs(t *testing.T, megabytes int) *place {
	t.Helper()
	mount := t.TempDir()
	if err := unix.Mount("tmpfs", mount, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes)); err != nil {
		t.Fatalf("mount: %v", err)
	}
	t.Cleanup(func() { unmount(t, mount) })
	return settle(t, mount, func() error { return remove(filepath.Join(mount, ".ballast")) })
}

// onExt4 makes a place on an ext4 file system of its own, whose power can be cut; mend gives it back its power.
func onExt4(t *testing.T) *place {
	t.Helper()
	dir := t.TempDir()
	image, mount := filepath.Join(dir, "image"), filepath.Join(dir, "mount")
	shell(t, "truncate", "-s", "320M", image)
	shell(t, "mkfs.ext4", "-q", image)
	shell(t, "mkdir", mount)
	shell(t, "mount", "-o", "loop", image, mount)
	t.Cleanup(func() { unmount(t, mount) })
	return settle(t, mount, func() error {
		for _, c := range [][]string{{"umount", mount}, {"mount", "-o", "loop", image, mount}} {
			if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
				return fmt.Errorf("%v: %w: %s", c, err, out)
			}
		}
		return nil
	})
}

// publish gives a place the workspace in which the late files were taken and published already.
func (p *place) publish() error {
	return errors.Join(os.RemoveAll(p.dir), copyTree(p.dir, p.golden), syncDisk(p.disk))
}

func settle(t *testing.T, disk string, mend func() error) *place {
	t.Helper()
	w, err := theWorld()
	if err != nil {
		t.Fatal(err)
	}
	p := &place{world: w, dir: filepath.Join(disk, "workspace"), disk: disk, mend: mend, sideline: t.TempDir()}
	if err := w.deliver(p.dir, w.before); err != nil {
		t.Fatal(err)
	}
	if err := syncDisk(disk); err != nil {
		t.Fatal(err)
	}
	return p
}

func syncDisk(disk string) error {
	d, err := os.Open(disk)
	if err != nil {
		return err
	}
	defer d.Close()
	return unix.Syncfs(int(d.Fd()))
}

func shell(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}

func unmount(t *testing.T, mount string) {
	if err := unix.Unmount(mount, 0); err != nil && !errors.Is(err, syscall.EINVAL) {
		t.Logf("umount %s: %v", mount, err)
		unix.Unmount(mount, unix.MNT_DETACH)
	}
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
