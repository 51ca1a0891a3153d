package jobs

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

// What was known on a day is the journal's lines up to its end, in a database of its own, which is gone afterwards. A
// release as known on a day is no version: it goes to outbox/a-date/<day>/<period>/v<N>, where N is the version that
// the month had by then, or the next one if none of its versions was that state. No line of the journal says so.
const asOfDir = "a-date"

// AsOf is the flag of the commands that can answer as of an earlier day.
type asOfFlag struct {
	AsOf string `help:"As known at the end of a day, in Paris: only what was received and decided by then counts." placeholder:"DAY"`
}

// day is the day that was asked for; zero when none was.
func (f *asOfFlag) day(now time.Time) (time.Time, error) {
	if f.AsOf == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, f.AsOf, transform.Paris)
	if err != nil {
		return day, &hintError{fmt.Errorf("--as-of %q is not a day", f.AsOf), "write it as 2026-11-10"}
	}
	if day.After(now) {
		return day, &hintError{fmt.Errorf("--as-of %s is still to come", f.AsOf), "give a day up to today"}
	}
	return day, nil
}

// knownOn is a run over what was known at the end of a day, and its database, built for a month (zero: the latest
// that anyone had submitted). Nothing of the workspace is changed.
func (e *env) knownOn(w *Workspace, day, period time.Time) (r *run, db *transform.Warehouse, discard func(), err error) {
	r = &run{env: e, workspace: w, period: period}
	if r.model, err = ingest.LoadModel(); err != nil {
		return nil, nil, nil, err
	}
	whole, err := w.journal()
	if err != nil {
		return nil, nil, nil, err
	}
	r.journal = whole.AsOf(day.AddDate(0, 0, 1))
	if err := r.readInputs(r.journal); err != nil {
		return nil, nil, nil, err
	}
	if r.state.Sets, err = r.setsThen(r.state.Territoires); err != nil {
		return nil, nil, nil, err
	}
	if db, discard, err = w.scratch(); err != nil {
		return nil, nil, nil, err
	}
	err = r.build(db, period, r.inputs)
	if err == nil {
		r.state.Horizon, err = db.Horizon(e.ctx)
	}
	if err != nil {
		discard()
		if errors.Is(err, transform.ErrNoSubmission) {
			err = &hintError{fmt.Errorf("%w by %s", err, day.Format(time.DateOnly)), "cairn status tells what was received"}
		}
		return nil, nil, nil, err
	}
	return r, db, discard, nil
}

// openAsOf opens the journal and the database, to be read: those that stand, or as known at the end of a day.
// Where no database stands yet, the journal comes with the error.
func (e *env) openAsOf(w *Workspace, asOf asOfFlag) (journal *ingest.Journal, db *transform.Warehouse, done func(), err error) {
	day, err := asOf.day(e.now())
	if err != nil {
		return nil, nil, nil, err
	}
	if !day.IsZero() {
		r, db, discard, err := e.knownOn(w, day, time.Time{})
		if err != nil {
			return nil, nil, nil, err
		}
		return r.journal, db, discard, nil
	}
	if journal, err = w.journal(); err == nil {
		db, err = w.open(e.ctx)
	}
	if err != nil {
		return journal, nil, nil, err
	}
	return journal, db, func() { db.Close() }, nil
}

// reissue writes the release as it was, or would have been, at the end of a day.
func (r *run) reissue(day time.Time) error {
	known, db, discard, err := r.knownOn(r.workspace, day, r.period)
	if err != nil {
		return err
	}
	defer discard()
	if err := known.checkMonth(db, r.period); err != nil {
		return err
	}
	outbox := filepath.Join(r.workspace.path("outbox"), asOfDir, day.Format(time.DateOnly))
	period := known.state.Horizon.Format("2006-01")
	last := known.newest(known.state.Horizon)
	first, err := known.firstVersion(db, last)
	if err != nil {
		return err
	}
	for version := first; ; version++ {
		staged, manifest, err := known.stage(db, outbox, version)
		if err != nil {
			return err
		}
		if version == last.Version && manifest != last.Manifest {
			if err := ingest.RemoveDurably(staged); err != nil {
				return err
			}
			continue
		}
		target := filepath.Join(outbox, period, fmt.Sprintf("v%d", version))
		if manifestDigest(target) == manifest {
			err = ingest.RemoveDurably(staged)
		} else if err = ingest.RemoveDurably(target); err == nil {
			err = putInPlace(staged, target, manifest)
		}
		if err != nil {
			return err
		}
		if manifest == last.Manifest {
			fmt.Fprintf(r.stdout, "as known on %s: release %s v%d, the same bytes as were published\n", day.Format(time.DateOnly), period, version)
		} else {
			fmt.Fprintf(r.stdout, "as known on %s: release %s v%d, which was not published\n", day.Format(time.DateOnly), period, version)
		}
		if n := known.journal.ForgottenSince(); n > 0 {
			fmt.Fprintln(r.stdout, "without what was forgotten since")
		}
		return r.listFiles(target)
	}
}
