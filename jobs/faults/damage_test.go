//go:build faults

package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cairn/ingest"
)

// change rewrites a file, whatever its mode.
func change(path string, how func([]byte) []byte) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return os.WriteFile(path, how(bytes.Clone(data)), info.Mode().Perm())
}

func flip(at float64) func([]byte) []byte {
	return func(data []byte) []byte {
		data[int(at*float64(len(data)-1))] ^= 0x10
		return data
	}
}

// renamed changes a letter of the first path, so that each line is still one.
func renamed(data []byte) []byte {
	mark := []byte(`"path":"`)
	data[bytes.Index(data, mark)+len(mark)] ^= 1
	return data
}

func cut(at float64) func([]byte) []byte {
	return func(data []byte) []byte { return data[:int(at*float64(len(data)))] }
}

// damagedDatabase: nobody sees a figure of it; it is put aside and made again, which is the same whatever its damage,
// and tried after one of each kind.
func damagedDatabase(*world) []trial {
	remade := []string{"a log of the engine beside it", "its sums are gone", "a bit at 0.5", "cut at 0.5"}
	damages := map[string]func(dir string) error{
		"a log of the engine beside it": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "cairn.duckdb.wal"), bytes.Repeat([]byte("x"), 5000), 0o644)
		},
		"an empty log beside it": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "cairn.duckdb.wal"), nil, 0o644)
		},
		"its sums are gone":     func(dir string) error { return os.Remove(filepath.Join(dir, "cairn.duckdb.sha256")) },
		"its sums are not sums": func(dir string) error { return change(filepath.Join(dir, "cairn.duckdb.sha256"), flip(0.1)) },
	}
	for _, at := range []float64{0, 0.0005, 0.1, 0.5, 0.9, 1} {
		damages[fmt.Sprintf("a bit at %g", at)] = func(dir string) error { return change(filepath.Join(dir, "cairn.duckdb"), flip(at)) }
	}
	for _, at := range []float64{0, 0.0003, 0.5, 0.999} {
		damages[fmt.Sprintf("cut at %g", at)] = func(dir string) error { return change(filepath.Join(dir, "cairn.duckdb"), cut(at)) }
	}
	var all []trial
	for _, name := range slices.Sorted(maps.Keys(damages)) {
		damage := damages[name]
		all = append(all, trial{name, func(t *testing.T) error {
			p := onDisk(t)
			if err := damage(p.dir); err != nil {
				return err
			}
			if o := run(nil, "status", "-w", p.dir); o.code != 1 || !strings.Contains(o.stderr, "the database is damaged") {
				return fmt.Errorf("it is read: %v", o)
			}
			if !slices.Contains(remade, name) {
				return nil
			}
			o := p.strike("")
			if !o.done() || !strings.Contains(o.stdout, "is made again from the archive") {
				return fmt.Errorf("it is not made again: %v", o)
			}
			return p.survive(o)
		}})
	}
	return all
}

// damagedJournal: a torn end is dropped, any other change stops the program, which says where, and changes nothing.
func damagedJournal(*world) []trial {
	var all []trial
	for _, lost := range []int{1, 90} {
		all = append(all, trial{fmt.Sprintf("its last %d bytes are lost", lost), func(t *testing.T) error {
			p := onDisk(t)
			first := p.strike("") // its last line tells of the release
			if err := change(filepath.Join(p.dir, "journal.jsonl"), func(data []byte) []byte { return data[:len(data)-lost] }); err != nil {
				return err
			}
			o := p.strike("")
			if !strings.Contains(o.stdout, "a line that was never finished") {
				return fmt.Errorf("it is not said: %v", o)
			}
			o.stderr = first.stderr + o.stderr
			return p.survive(o)
		}})
	}
	for _, at := range []float64{0, 0.2, 0.5, 0.8, 0.99, 1} {
		all = append(all, trial{fmt.Sprintf("a bit at %g", at), func(t *testing.T) error { return brokenChain(t, flip(at)) }})
	}
	return append(all,
		trial{"a letter of a path", func(t *testing.T) error { return brokenChain(t, renamed) }},
		trial{"a line taken out", func(t *testing.T) error {
			return brokenChain(t, func(data []byte) []byte {
				lines := bytes.SplitAfter(data, []byte("\n"))
				return bytes.Join(append(lines[:3:3], lines[4:]...), nil)
			})
		}},
		trial{"its end is lost, whole lines of it", func(t *testing.T) error {
			p := onDisk(t)
			if err := change(filepath.Join(p.dir, "journal.jsonl"), func(data []byte) []byte {
				lines := bytes.SplitAfter(data, []byte("\n"))
				return bytes.Join(lines[:len(lines)-4], nil)
			}); err != nil {
				return err
			}
			if o := p.strike(""); o.code != 1 || !strings.Contains(o.stderr, "the journal has lost lines") {
				return fmt.Errorf("it is not noticed: %v", o)
			}
			return nil
		}})
}

func brokenChain(t *testing.T, how func([]byte) []byte, planted ...string) error {
	p := onDisk(t)
	journal := filepath.Join(p.dir, "journal.jsonl")
	if err := change(journal, how); err != nil {
		return err
	}
	before, err := contents(p.dir)
	if err != nil {
		return err
	}
	if o := p.strike("", planted...); o.code != 1 || !strings.Contains(o.stderr, "journal.jsonl:") || !strings.Contains(o.stderr, "cairn restore") {
		return fmt.Errorf("it is not noticed: %v", o)
	}
	after, err := contents(p.dir)
	if err != nil {
		return err
	}
	if !maps.Equal(before, after) {
		return errors.New("a run on a damaged journal changed files")
	}
	return nil // with the journal of a backup, all is as it was
}

// damagedFiles: an original with another byte is never read, and comes back with its bytes; a release is put back.
func damagedFiles(*world) []trial {
	first := func(dir string) (path string, err error) {
		err = filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && path == "" {
				path = at
			}
			return err
		})
		return path, err
	}
	return []trial{
		{"an original", func(t *testing.T) error {
			p := onDisk(t)
			journal, err := ingest.OpenJournal(filepath.Join(p.dir, "journal.jsonl"))
			if err != nil {
				return err
			}
			lines := journal.Entries()
			digest := lines[slices.IndexFunc(lines, func(e ingest.Entry) bool { return e.Type == ingest.EntryReception })].Original
			if err := change(filepath.Join(p.dir, "archive", "sha256", digest[:2], digest), flip(0.5)); err != nil {
				return err
			}
			if o := run(nil, "rebuild", "-w", p.dir); o.code != 1 || !strings.Contains(o.stderr, "is damaged") {
				return fmt.Errorf("it was read: %v", o)
			}
			if o := run(nil, "backup", "-w", p.dir, filepath.Join(p.sideline, "kept")); o.code != 1 || !strings.Contains(o.stderr, "is damaged") {
				return fmt.Errorf("it was copied: %v", o)
			}
			return nil
		}},
		{"an original that is sent again", func(t *testing.T) error {
			p := onDisk(t)
			o := p.strike("journal.write:1:kill") // archived, not yet journalled
			path, err := archived(p)
			if err != nil {
				return err
			}
			if err := change(path, flip(0.5)); err != nil {
				return err
			}
			return p.survive(o)
		}},
		{"a file of a release", func(t *testing.T) error {
			p := onDisk(t)
			o := p.strike("")
			all, err := releases(p.dir)
			if err != nil {
				return err
			}
			latest := slices.Max(slices.Collect(maps.Keys(all))) // earlier ones are made again on request
			path, err := first(filepath.Join(p.dir, "outbox", latest))
			if err != nil {
				return err
			}
			if err := change(path, flip(0.5)); err != nil {
				return err
			}
			if o := run(nil, "run", "-w", p.dir); !o.done() {
				return fmt.Errorf("it is not put back: %v", o)
			}
			return p.survive(o)
		}},
	}
}

// archived is a file of the archive that the workspace had not before.
func archived(p *place) (string, error) {
	before, err := names(filepath.Join(p.before, "archive"))
	if err != nil {
		return "", err
	}
	now, err := names(filepath.Join(p.dir, "archive"))
	if err != nil {
		return "", err
	}
	for _, name := range now {
		if !strings.Contains(strings.Join(before, "\n"), name) {
			return filepath.Join(p.dir, "archive", name), nil
		}
	}
	return "", fmt.Errorf("nothing was archived")
}
