package jobs

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"cairn/exports"
	"cairn/ingest"
)

type verifyCmd struct {
	Release string `arg:"" help:"Folder of the release, as outbox/2026-10/v1." type:"existingdir"`
}

// Help is printed after the options of « cairn verify --help ».
func (verifyCmd) Help() string {
	return `Anywhere, the release is read by itself: every file against the manifest, the method against its digest, every
table of the open data against its schema and, value by value, against its CSV twin.

In the workspace that published it (--workspace), its manifest is also compared with the journal, and the whole release is
made again, from the originals in the archive and the lines that the journal had by then: every figure, table and
workbook. What differs is named with its file and the figure or the cell.`
}

// Run verifies a release.
func (c *verifyCmd) Run(e *env) error {
	checked, found, err := exports.Check(e.ctx, c.Release)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	fmt.Fprintf(e.stdout, "release %s v%d: %d files, %d tables whose Parquet and CSV files agree in %d values\n",
		checked.Period, checked.Version, checked.Files, checked.Tables, checked.Values)
	again, err := c.again(e, checked)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	found = merge(found, again)
	if len(found) == 0 {
		fmt.Fprintln(e.stdout, "identical")
		return nil
	}
	for _, d := range found {
		fmt.Fprintf(e.stdout, "%s: %s\n", d.File, d.What)
	}
	return &hintError{fmt.Errorf("verify: release %s v%d is not as it was published", checked.Period, checked.Version),
		"cairn run puts back the last version of a month; an earlier one comes from a backup"}
}

// again makes the release again where it was published, and compares the two.
func (c *verifyCmd) again(e *env, checked exports.Checked) ([]exports.Difference, error) {
	w, err := OpenWorkspace(e.workspace)
	if err != nil {
		fmt.Fprintf(e.stdout, "not made again: %v\n", err)
		return nil, nil
	}
	release, err := e.lock(w, "verify")
	if err != nil {
		return nil, err
	}
	defer release()
	whole, err := w.journal()
	if err != nil {
		return nil, err
	}
	line := -1
	for i, entry := range whole.Entries() {
		if line < 0 && entry.Type == ingest.EntryRelease && entry.Period == checked.Period && entry.Version == checked.Version {
			line = i
		}
	}
	if line < 0 {
		fmt.Fprintf(e.stdout, "not made again: the journal of %s has no such release\n", w.Dir)
		return nil, nil
	}
	var differences []exports.Difference
	published := whole.Entries()[line]
	if published.Manifest != checked.Manifest {
		differences = append(differences, exports.Difference{File: "manifest.json", What: "it is not the one that the journal says was published"})
	}
	r := &run{env: e, workspace: w, journal: whole.Until(line), final: published.Final}
	if r.model, err = ingest.LoadModel(); err != nil {
		return nil, err
	}
	if r.period, err = time.Parse("2006-01", checked.Period); err != nil {
		return nil, err
	}
	if err := r.readInputs(r.journal); err != nil {
		return nil, err
	}
	db, discard, err := w.scratch()
	if err != nil {
		return nil, err
	}
	defer discard()
	if err := r.build(db, r.period, r.inputs); err != nil {
		return nil, err
	}
	r.state.Horizon = r.period
	outbox := filepath.Join(w.path("outbox"), asOfDir, "verification")
	staged, manifest, err := r.stage(db, outbox, checked.Version)
	if err != nil {
		return nil, err
	}
	same, compared, err := exports.Compare(e.ctx, c.Release, staged)
	if err := errors.Join(err, ingest.RemoveDurably(outbox)); err != nil {
		return nil, err
	}
	fmt.Fprintf(e.stdout, "made again from the archive and %d lines of the journal: %d files have the same bytes\n", line, same)
	switch {
	case manifest == published.Manifest: // what differs was changed since
	case r.code() != checked.Code:
		fmt.Fprintf(e.stdout, "it was made by %s, this is %s: what differs below may be due to that\n", checked.Code, r.code())
	default:
		fmt.Fprintln(e.stdout, "this program gives other bytes than were published: cairn.toml has changed since, or something was forgotten")
	}
	return append(differences, compared...), nil
}

// merge adds what was found when the release was made again: of a file, the cells rather than that its bytes differ.
func merge(alone, again []exports.Difference) []exports.Difference {
	told := map[string]bool{}
	for _, d := range again {
		told[d.File] = true
	}
	var all []exports.Difference
	for _, d := range alone {
		if !told[d.File] {
			all = append(all, d)
		}
	}
	return append(all, again...)
}
