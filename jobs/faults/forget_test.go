//go:build faults

package faults

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"cairn/ingest"
)

// forgetting stops « cairn forget » wherever it writes: either nothing was to be forgotten yet, or the next run ends it.
func forgetting(w *world) []trial {
	points := []string{"journal.sync:1", "forget.journalled:1", "durable.remove:1", "durable.remove:4", "forget.silenced:1", "database.switch:1",
		"release.switched:1"}
	all := []trial{{"killed, then rebuilt", func(t *testing.T) error {
		p := onDisk(t)
		if err := forgetHurt(p, "forget.destroyed:1:kill"); err != nil {
			return err
		}
		if o := run(nil, "rebuild", "-w", p.dir); !o.done() {
			return fmt.Errorf("rebuild: %v", o)
		}
		return nil
	}}}
	for _, pt := range points {
		all = append(all, trial{"killed at " + pt, func(t *testing.T) error { return forgetHurt(onDisk(t), pt+":kill") }})
	}
	if ext4() != nil {
		return all
	}
	for _, pt := range []string{"forget.journalled:1", "forget.silenced:1", "command.done:1"} {
		all = append(all, trial{"power cut at " + pt, func(t *testing.T) error { return forgetHurt(onExt4(t), pt+":cut") }})
	}
	return all
}

func forgetHurt(p *place, fault string) error {
	if err := p.publish(); err != nil {
		return err
	}
	late, err := fs.Glob(os.DirFS(p.dir), "inbox/late/*.xlsx")
	if err != nil || len(late) == 0 {
		return fmt.Errorf("no file to forget: %v", err)
	}
	file := filepath.Join(p.dir, late[0])
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	forget := []string{"forget", "-w", p.dir, "--submission", late[0]}
	hurt := run(p.environment(fault), forget...)
	if hurt.code != -1 {
		return fmt.Errorf("%s had no effect: %v", fault, hurt)
	}
	if err := p.mend(); err != nil {
		return err
	}
	if o := run(nil, "run", "-w", p.dir); !o.done() {
		return fmt.Errorf("the run after it failed: %v\nhurt: %v", o, hurt)
	}
	journal, err := ingest.OpenJournal(filepath.Join(p.dir, "journal.jsonl"))
	if err != nil {
		return err
	}
	if len(journal.Forgets()) == 0 { // as it was before: it can be said again
		if _, err := p.archive().Get(fmt.Sprintf("%x", sha256.Sum256(data))); err != nil {
			return fmt.Errorf("nothing was to be forgotten, and the original is gone: %w", err)
		}
		if o := run(nil, forget...); !o.done() {
			return fmt.Errorf("said again: %v", o)
		}
	}
	return p.forgotten(file, data)
}

// forgotten holds the workspace to what was said: of a file nothing is left, everything else stands and is whole.
func (p *place) forgotten(file string, data []byte) error {
	journal, err := ingest.OpenJournal(filepath.Join(p.dir, "journal.jsonl"))
	if err != nil {
		return err
	}
	if journal.Unfinished() >= 0 {
		return errors.New("the journal says that something is to be forgotten still")
	}
	lines, err := journal.Bytes()
	if err != nil {
		return err
	}
	if bytes.Contains(lines, []byte(filepath.Base(file))) {
		return errors.New("the journal names the file")
	}
	err = filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		got, err := os.ReadFile(path)
		if err == nil && bytes.Equal(got, data) {
			err = fmt.Errorf("its bytes are in %s", path)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := p.standing(); err != nil {
		return err
	}
	found, err := releases(p.dir)
	if err != nil {
		return err
	}
	last := map[string]ingest.Entry{}
	for _, e := range journal.Entries() {
		if e.Type == ingest.EntryRelease {
			last[fmt.Sprintf("%s/v%d", e.Period, e.Version)] = e
		}
	}
	for name, manifest := range found {
		if last[name].Manifest != manifest || last[name].Figures == "" {
			return fmt.Errorf("release %s stands, and the journal does not say so, or that it was destroyed", name)
		}
	}
	if len(found) == 0 {
		return errors.New("no release was made again")
	}
	return nil
}
