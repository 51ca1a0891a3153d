//go:build faults

package faults

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// together: one writes, the others are told, who reads goes on.
func together(*world) []trial {
	return []trial{
		{"a run and other commands", func(t *testing.T) error {
			p := onDisk(t)
			var hurt outcome
			var wg sync.WaitGroup
			wg.Go(func() { hurt = p.strike("database.change:1:sleep") })
			if err := eventually(filepath.Join(p.dir, "cairn.duckdb.partial")); err != nil {
				return err
			}
			for _, args := range [][]string{{"run"}, {"rebuild"}, {"decide", "x", "--waive", "--reason", "x"}, {"withdraw", "x", "--reason", "x"}} {
				if o := run(nil, append(args, "-w", p.dir)...); o.code != 1 || !strings.Contains(o.stderr, "in use by « cairn run », process") {
					return fmt.Errorf("%v beside a run: %v", args, o)
				}
			}
			if o := run(nil, "status", "-w", p.dir); !o.done() {
				return fmt.Errorf("status beside a run: %v", o)
			}
			if o := run(nil, "backup", "-w", p.dir, filepath.Join(p.sideline, "kept")); o.code != 0 {
				return fmt.Errorf("backup beside a run: %v", o)
			}
			wg.Wait()
			if !hurt.done() {
				return fmt.Errorf("the run: %v", hurt)
			}
			return p.survive(hurt)
		}},
		{"four runs", func(t *testing.T) error {
			p := onDisk(t)
			outcomes := make([]outcome, 4)
			var wg sync.WaitGroup
			for i := range outcomes {
				wg.Go(func() { outcomes[i] = p.strike("") })
			}
			wg.Wait()
			all, done := outcome{}, 0
			for _, o := range outcomes {
				if o.done() {
					done++
				} else if !strings.Contains(o.stderr, "the workspace is in use") {
					return fmt.Errorf("a run beside another: %v", o)
				}
				all.stderr += o.stderr
			}
			if done == 0 {
				return fmt.Errorf("none was done: %v", outcomes)
			}
			return p.survive(all)
		}},
	}
}

func eventually(path string) error {
	for range 400 {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("%s never came", path)
}

// hostile drops files that are meant to harm, and wants a run to go on without them: refused with a receipt, or left where they are.
func hostile(*world) []trial {
	secret := []byte("not for the archive\n")
	part := func(name, text string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, text := range map[string]string{"[Content_Types].xml": "<Types/>", name: text} {
			if w, err := z.Create(name); err == nil {
				w.Write([]byte(text))
			}
		}
		z.Close()
		return b.Bytes()
	}
	files := map[string]func(path string) error{}
	add := func(name string, data []byte) {
		files[name] = func(path string) error { return os.WriteFile(path, data, 0o644) }
	}
	add("empty.xlsx", nil)
	add("noise.xlsx", bytes.Repeat([]byte("PK\x03\x04\xff\x00"), 5000))
	add("bomb.xlsx", part("xl/workbook.xml", strings.Repeat("a", 80<<20)))
	add("entities.xlsx", part("xl/workbook.xml", `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><workbook>&b;</workbook>`))
	add("deep.xlsx", part("xl/workbook.xml", strings.Repeat("<a>", 1_000_000)))
	add("climbing.xlsx", part("../../../../climbing", "x"))
	add("old.xls", append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), bytes.Repeat([]byte{0xff}, 4096)...))
	add("=cmd|'calc'!A0.xlsx", []byte("x"))
	add("line\nbreak.xlsx", []byte("y"))
	add("not\xffutf8.xlsx", []byte("z"))
	files["pipe.xlsx"] = func(path string) error { return syscall.Mkfifo(path, 0o644) }
	files["socket.xlsx"] = func(path string) error { return syscall.Mknod(path, syscall.S_IFSOCK|0o644, 0) }
	files["link.xlsx"] = func(path string) error {
		if err := os.WriteFile(path+".secret", secret, 0o644); err != nil {
			return err
		}
		if err := os.Rename(path+".secret", filepath.Join(filepath.Dir(path), "..", "..", "secret")); err != nil {
			return err
		}
		return os.Symlink("../../secret", path)
	}
	files["itself"] = func(path string) error { return os.Symlink(".", path) }
	files["large.xlsx"] = func(path string) error {
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			return err
		}
		return os.Truncate(path, 3<<30)
	}
	var once sync.Once // a run takes them all
	var unheard map[string]bool
	var failed error
	var all []trial
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all = append(all, trial{fmt.Sprintf("%q", name), func(t *testing.T) error {
			once.Do(func() { unheard, failed = dropped(onDisk(t), files, secret) })
			if failed == nil && unheard[name] {
				return errors.New("it is neither received nor said to be left")
			}
			return failed
		}})
	}
	return all
}

// dropped makes files in the inbox, runs, and lists those of which nothing was said.
func dropped(p *place, files map[string]func(path string) error, secret []byte) (unheard map[string]bool, err error) {
	for name, make := range files {
		if err := make(filepath.Join(p.dir, "inbox", "late", name)); err != nil {
			return nil, err
		}
	}
	o := p.strike("")
	received := o.acknowledged()
	if !o.done() || len(received) < 3 {
		return nil, fmt.Errorf("the others were not taken: %v", o)
	}
	unheard = map[string]bool{}
	for name := range files {
		path := filepath.Join(p.dir, "inbox", "late", name)
		if info, err := os.Lstat(path); err != nil {
			return nil, err
		} else if info.Mode().IsRegular() && info.Size() < 1<<30 {
			data, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			if slices.Contains(received, fmt.Sprintf("%x", sha256.Sum256(data))) {
				continue
			}
		}
		unheard[name] = !strings.Contains(o.stdout, "left in the inbox: late/"+name+":")
	}
	if _, err := p.archive().Get(fmt.Sprintf("%x", sha256.Sum256(secret))); err == nil {
		return nil, errors.New("what a link pointed at was taken")
	}
	if err := p.kept(received); err != nil {
		return nil, err
	}
	return unheard, p.noMore()
}

// backups: drills, and backups that are stopped midway.
func backups(w *world) []trial {
	restored := func(p *place, kept string) error {
		dir := filepath.Join(p.sideline, "restored")
		key, err := os.ReadFile(filepath.Join(p.golden, "pseudonymes.cle")) // kept elsewhere; without it, respondents are named anew
		if err == nil {
			err = errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "pseudonymes.cle"), key, 0o600))
		}
		if err != nil {
			return err
		}
		if o := run(nil, "restore", "-w", dir, kept); o.code != 0 {
			return fmt.Errorf("restore: %v", o)
		}
		again := &place{world: p.world, dir: dir, disk: p.sideline, mend: p.mend, sideline: p.sideline}
		o := run(nil, "run", "-w", dir)
		if !o.done() || !strings.Contains(o.stdout, "nothing has changed since release") {
			return fmt.Errorf("after the restoration: %v", o)
		}
		if o := run(nil, "rebuild", "-w", dir); o.code != 0 || !strings.Contains(o.stdout, "equal to the database that stood") {
			return fmt.Errorf("rebuild: %v", o)
		}
		if err := again.kept(nil); err != nil {
			return err
		}
		return again.asUnhurt()
	}
	all := []trial{{"restored, run and rebuilt", func(t *testing.T) error {
		p := onDisk(t)
		kept := filepath.Join(p.sideline, "kept")
		if o := run(nil, "backup", "-w", p.golden, kept); o.code != 0 {
			return fmt.Errorf("backup: %v", o)
		}
		return restored(p, kept)
	}}}
	for _, pt := range []point{{"durable.write", 1}, {"durable.rename", 9}, {"durable.folder", 3}} {
		all = append(all, trial{"stopped at " + pt.String(), func(t *testing.T) error {
			p := onDisk(t)
			kept := filepath.Join(p.sideline, "kept")
			if o := run(nil, "backup", "-w", p.before, kept); o.code != 0 { // the one of yesterday
				return fmt.Errorf("backup: %v", o)
			}
			args := []string{"backup", "-w", p.golden, kept}
			run(p.environment(pt.String()+":kill"), args...)
			early := filepath.Join(p.sideline, "early")
			if o := run(nil, "restore", "-w", early, kept); o.code != 0 {
				return fmt.Errorf("what was stopped cannot be restored: %v", o)
			}
			if o := run(nil, args...); o.code != 0 {
				return fmt.Errorf("the next backup: %v", o)
			}
			return restored(p, kept)
		}})
	}
	return append(all, trial{"a restoration that is stopped", func(t *testing.T) error {
		p := onDisk(t)
		kept, dir := filepath.Join(p.sideline, "kept"), filepath.Join(p.sideline, "restored")
		if o := run(nil, "backup", "-w", p.golden, kept); o.code != 0 {
			return fmt.Errorf("backup: %v", o)
		}
		run(p.environment("durable.rename:6:kill"), "restore", "-w", dir, kept)
		if o := run(nil, "run", "-w", dir); o.code != 1 || !strings.Contains(o.stderr, "is not a workspace") {
			return fmt.Errorf("half a workspace is taken for one: %v", o)
		}
		return restored(p, kept)
	}})
}
