package jobs

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"cairn/ingest"
	"cairn/transform"
)

type rebuildCmd struct{}

// Help is printed after the options of « cairn rebuild --help ».
func (rebuildCmd) Help() string {
	return `Every original of the archive is read again, and the database is made from nothing beside the one that stands,
from the lines of the journal that the latter was made from. The two are compared table by table and row by row.
When they are equal the new one takes the place of the old one; when they are not, nothing is replaced and the
tables that differ are named. A database that is damaged is moved to quarantaine/ and made again.

Run it after an incident, and now and then to show that nothing depends on anything but the archive.`
}

// Run makes the database from the archive and the journal alone, and proves it equal to the one that stands.
func (c *rebuildCmd) Run(e *env) error {
	if err := c.run(e); err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	return nil
}

func (c *rebuildCmd) run(e *env) error {
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		return err
	}
	release, err := e.lock(w, "rebuild")
	if err != nil {
		return err
	}
	defer release()
	r := &run{env: e, workspace: w}
	if r.model, err = ingest.LoadModel(); err != nil {
		return err
	}
	if r.journal, err = w.journal(); err != nil {
		return err
	}
	if err := errors.Join(w.tidy(), w.room()); err != nil {
		return err
	}
	stands, err := w.stands()
	if errors.As(err, new(*damagedError)) {
		err = e.quarantine(w, err)
	}
	if err != nil {
		return err
	}
	if stands {
		if stands, err = r.asBuilt(); err != nil {
			return err
		}
	}
	if !stands {
		if err := r.readInputs(r.journal); err != nil {
			return err
		}
	}
	return r.remake(stands)
}

// asBuilt reads the inputs as they were when the database was built; false when they can no longer be had.
func (r *run) asBuilt() (bool, error) {
	db, err := r.workspace.openStanding()
	if err != nil {
		return false, err
	}
	built, err := db.BuiltFrom(r.ctx)
	if err := errors.Join(err, db.Close()); err != nil {
		return false, err
	}
	if err := r.checkJournal(built); err != nil {
		return false, err
	}
	if err := r.readInputs(r.journal.Until(built.Lines)); err != nil {
		return false, err
	}
	if r.inputs != built.Key {
		fmt.Fprintln(r.stdout, "the program or cairn.toml has changed since the database was built: the two cannot be compared")
		return false, nil
	}
	return true, nil
}

// remake makes the database afresh, proved equal to the one that stands if it is to be.
func (r *run) remake(equal bool) error {
	w := r.workspace
	var compared transform.Comparison
	prove := func(path string) (err error) {
		if compared, err = transform.Compare(r.ctx, w.path(databaseFile), path); err != nil || len(compared.Differences) == 0 {
			return err
		}
		return &hintError{fmt.Errorf("the database is not what the archive and the journal give:\n  %s", strings.Join(compared.Differences, "\n  ")),
			"nothing was replaced; the archive decides: delete " + databaseFile + ", then cairn run, and report this"}
	}
	if !equal {
		prove = nil
	}
	err := w.renew(r.ctx, true, func(db *transform.Warehouse) error { return r.build(db, time.Time{}, r.inputs) }, prove)
	if err != nil {
		return err
	}
	if equal {
		fmt.Fprintf(r.stdout, "rebuilt from %d receptions: equal to the database that stood, row for row (%d tables, %d rows)\n",
			len(r.state.Receptions), compared.Tables, compared.Rows)
	} else {
		fmt.Fprintf(r.stdout, "rebuilt from %d receptions: there was none to compare with\n", len(r.state.Receptions))
	}
	return nil
}
