//go:build faults

package faults

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cairn/ingest"
)

// service is the command line of one that looks every second.
var service = []string{"serve", "--every", "1s", "--listen", ""}

// serve runs the service on the workspace until SIGTERM after a time; it must then end by itself.
func (p *place) serve(fault string, lasts time.Duration) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c, stdout, stderr := program(ctx, p.environment(fault), slices.Concat(service, []string{"-w", p.dir})...)
	if err := c.Start(); err != nil {
		return outcome{-1, "", err.Error()}
	}
	time.AfterFunc(lasts, func() { c.Process.Signal(syscall.SIGTERM) })
	c.Wait()
	return outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// services: the service is killed, is not alone, or has a disk that fails.
func services(*world) []trial {
	const lasts = 8 * time.Second
	var all []trial
	for _, fault := range []string{"journal.written:1:kill", "database.switch:1:kill", "durable.rename:2:kill", "database.built:1:panic", "journal.sync:1:eio"} {
		all = append(all, trial{"the service, " + fault, func(t *testing.T) error {
			p := onDisk(t)
			killed, lasts := strings.HasSuffix(fault, "kill"), lasts
			if killed {
				lasts = limit // it ends by itself, on a slow machine too
			}
			hurt := p.serve(fault, lasts)
			if killed == hurt.done() {
				return fmt.Errorf("it did not go on, or did: %v", hurt)
			}
			return p.survive(hurt)
		}})
	}
	return append(all,
		trial{"two services", func(t *testing.T) error {
			p := onDisk(t)
			var both [2]outcome
			var wg sync.WaitGroup
			for i := range both {
				wg.Go(func() { both[i] = p.serve("", lasts) })
			}
			wg.Wait()
			refused := func(o outcome) bool { return o.code == 1 && strings.Contains(o.stderr, "in use by « cairn serve »") }
			if !(both[0].done() && refused(both[1]) || both[1].done() && refused(both[0])) {
				return fmt.Errorf("a service beside another: %v", both)
			}
			return p.survive(outcome{0, both[0].stdout + both[1].stdout, both[0].stderr + both[1].stderr})
		}},
		trial{"a service and runs", func(t *testing.T) error {
			p := onDisk(t)
			var served outcome
			var wg sync.WaitGroup
			wg.Go(func() { served = p.serve("", lasts) })
			all := outcome{}
			for range 6 {
				o := p.strike("")
				if !o.done() && !strings.Contains(o.stderr, "in use by « cairn serve »") {
					wg.Wait()
					return fmt.Errorf("a run beside the service: %v", o)
				}
				all.stderr += o.stderr
				time.Sleep(time.Second)
			}
			wg.Wait()
			if !served.done() {
				return fmt.Errorf("the service: %v", served)
			}
			all.stderr += served.stderr
			return p.survive(all)
		}},
	)
}

const recipients = `
[[destinataires]]
role = "evaluateur"
courriel = "evaluation@example.org"
[[destinataires]]
role = "association"
courriel = "asso@example.org"
[courriel]
expediteur = "cairn@example.org"
`

// letters: a delivery that is killed loses none, and the next one delivers what is left.
func letters(*world) []trial {
	var all []trial
	for _, fault := range []string{"letters.intended:1", "letter.left:1", "letter.left:2", "journal.sync:1", "journal.written:2", "durable.rename:1", "durable.rename:2"} {
		all = append(all, trial{fault, func(t *testing.T) error {
			p := onDisk(t)
			if err := p.publish(); err != nil {
				return err
			}
			if err := change(filepath.Join(p.dir, "cairn.toml"), func(data []byte) []byte { return append(data, recipients...) }); err != nil {
				return err
			}
			if o := run(p.environment(fault+":kill"), "send", "release", "-w", p.dir); o.code != -1 {
				return fmt.Errorf("it was not killed: %v", o)
			}
			for range 2 {
				if o := run(nil, "send", "release", "-w", p.dir); o.code != 0 {
					return fmt.Errorf("the next delivery: %v", o)
				}
			}
			return p.delivered("evaluation@example.org", "asso@example.org")
		}})
	}
	return all
}

// delivered wants one draft for each recipient, and the journal to say so once.
func (p *place) delivered(recipients ...string) error {
	journal, err := ingest.OpenJournal(filepath.Join(p.dir, "journal.jsonl"))
	if err != nil {
		return err
	}
	for _, recipient := range recipients {
		var drafts []string
		for _, e := range journal.Entries() {
			if e.Type == ingest.EntryDelivery && e.Recipient == recipient && e.Outcome == "drafted" {
				drafts = append(drafts, e.Reason)
			}
		}
		if len(drafts) != 1 {
			return fmt.Errorf("%s: %d drafts are journalled", recipient, len(drafts))
		}
		if _, err := os.Stat(filepath.Join(p.dir, drafts[0])); err != nil {
			return err
		}
	}
	found, err := filepath.Glob(filepath.Join(p.dir, "courriels", "*", "*.eml"))
	if err == nil && len(found) != len(recipients) {
		err = fmt.Errorf("there are %d drafts: %v", len(found), found)
	}
	return err
}
