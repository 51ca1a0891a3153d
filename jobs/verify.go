package jobs

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
	"time"

	"cairn/exports"
	"cairn/indicators"
	"cairn/ingest"
)

type verifyCmd struct {
	Release string `arg:"" help:"Folder of the release, as outbox/2026-10/v1, or a zip such as a dossier." type:"path"`
	Dossier string `help:"When the release is identical, write one zip for each funder into this folder: impact summary, open data, method and manifest." placeholder:"DIR" type:"path"`
}

// Help is printed after the options of « cairn verify --help ».
func (verifyCmd) Help() string {
	return `Anywhere, the release is read by itself: every file against the manifest, the method against its digest; of every
table of the open data the schema of its Parquet file and, value by value, its CSV twin; every figure of every workbook
against the open data; and each indicator whose rows are published is computed again from them, by the queries that the
release carries. Those queries see nothing but the release. What could not be checked is said.

In the workspace that published it (--workspace), its manifest is also compared with the journal, and the whole release is
made again, from the originals in the archive and the lines that the journal had by then: every figure, table and
workbook. What differs is named with its file and the figure or the cell. Exit status: 0 identical, 1 not.

Whoever can change a release can change its manifest too: outside of the workspace, compare the digest of the manifest
that is printed with the one that the sender tells.`
}

// Run verifies a release.
func (c *verifyCmd) Run(e *env) error {
	files, done, err := exports.OpenRelease(c.Release)
	if errors.Is(err, fs.ErrNotExist) {
		return &hintError{fmt.Errorf("verify: %w", err), "cairn status lists the releases, and says which were destroyed (cairn forget)"}
	}
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	defer done()
	checked, found, err := exports.Check(e.ctx, files)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	e.tellChecked(&checked)
	again, err := c.again(e, files, checked)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	found = merge(found, again)
	if len(found) > 0 {
		for _, d := range found {
			fmt.Fprintf(e.stdout, "%s\u00a0: %s\n", d.File, d.What)
		}
		return &hintError{fmt.Errorf("verify: release %s v%d is not as it was published", checked.Period, checked.Version),
			"cairn run puts back the last version of a month; an earlier one comes from a backup"}
	}
	fmt.Fprintln(e.stdout, "identique")
	if c.Dossier == "" {
		return nil
	}
	return c.writeDossiers(e, files, checked)
}

// tellChecked says what was checked, in numbers.
func (e *env) tellChecked(c *exports.Checked) {
	what := "publication"
	if c.Dossier != "" {
		what = "dossier «\u00a0" + c.Dossier + "\u00a0» de la publication"
	}
	r := &c.Recomputed
	fmt.Fprintf(e.stdout, "%s %s v%d, faite par cairn %s\nempreinte du manifeste\u00a0: %s\n", what, c.Period, c.Version, c.Code, c.Manifest)
	fmt.Fprintf(e.stdout, "fichiers conformes au manifeste\u00a0: %d sur %d\n", c.Intact, c.Files)
	fmt.Fprintf(e.stdout, "tables dont le schéma, le Parquet et le CSV s’accordent\u00a0: %d, %d valeurs\n", c.Tables, c.Values)
	fmt.Fprintf(e.stdout, "classeurs dont chaque chiffre est celui des données ouvertes\u00a0: %d, %d chiffres\n", c.Books, c.Figures)
	fmt.Fprintf(e.stdout, "indicateurs recalculés depuis les tables publiées, au mois %s\u00a0: %d, %d chiffres (%s)\n", c.Period, len(r.Indicators), r.Figures, strings.Join(r.Indicators, ", "))
	if r.Secret > 0 {
		fmt.Fprintf(e.stdout, "non comparés, car tenus secrets\u00a0: %d chiffres\n", r.Secret)
	}
	if c.Unknown > 0 {
		fmt.Fprintf(e.stdout, "non comparés, sous des titres que ce programme ne connaît pas\u00a0: %d nombres\n", c.Unknown)
	}
	if len(c.OwnSets) > 0 {
		fmt.Fprintf(e.stdout, "non comparés aux données ouvertes, qui n’ont pas les chiffres propres à un financeur\u00a0: %s\n", strings.Join(c.OwnSets, ", "))
	}
}

// tellNotRecomputed says which indicators nothing here can compute.
func (e *env) tellNotRecomputed(c *exports.Checked, why string) {
	reads := map[string][]string{}
	for id, tables := range c.Recomputed.Not {
		reads[tables] = append(reads[tables], id)
	}
	fmt.Fprintf(e.stdout, "non recalculables ici (%s)\u00a0: %d indicateurs, qui lisent ce qui n’est pas publié\u00a0; et les mois avant %s\n", why, len(c.Recomputed.Not), c.Period)
	for _, tables := range slices.Sorted(maps.Keys(reads)) {
		slices.Sort(reads[tables])
		fmt.Fprintf(e.stdout, "  %s\u00a0: %s\n", strings.Join(reads[tables], ", "), tables)
	}
}

// again makes the release again where it was published, and compares the two.
func (c *verifyCmd) again(e *env, files fs.FS, checked exports.Checked) ([]exports.Difference, error) {
	w, err := OpenWorkspace(e.workspace)
	if errors.As(err, new(*hintError)) {
		e.tellNotRecomputed(&checked, "hors de tout espace de travail")
		return nil, nil
	}
	if err != nil {
		return nil, err
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
		e.tellNotRecomputed(&checked, "le journal de cet espace de travail n’a pas cette publication")
		return nil, nil
	}
	var differences []exports.Difference
	published, given := whole.Entries()[line], checked.Manifest
	if checked.Dossier != "" {
		given = checked.Release
	}
	if published.Manifest != given {
		differences = append(differences, exports.Difference{File: "manifest.json", What: "ce n’est pas celui que le journal dit avoir été publié"})
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
	same, compared, err := compareAgain(e, files, os.DirFS(staged), checked.Dossier)
	if err := errors.Join(err, ingest.RemoveDurably(outbox)); err != nil {
		return nil, err
	}
	fmt.Fprintf(e.stdout, "recalculé depuis l’espace de travail, de l’archive et de %d lignes du journal\u00a0: tous les chiffres de tous les mois\u00a0; %d fichiers ont les mêmes octets\n", line, same)
	switch {
	case manifest == published.Manifest: // what differs was changed since
	case codeID() != checked.Code:
		fmt.Fprintf(e.stdout, "elle a été faite par %s, ce programme est %s\u00a0: ce qui diffère peut venir de là\n", checked.Code, codeID())
	default:
		fmt.Fprintln(e.stdout, "ce programme donne d’autres octets que ceux qui ont été publiés\u00a0: cairn.toml a changé depuis, ou quelque chose a été oublié")
	}
	return append(differences, compared...), nil
}

// compareAgain compares what was given with the release made again, or with the dossier of it.
func compareAgain(e *env, files, again fs.FS, dossier string) (int, []exports.Difference, error) {
	if dossier != "" {
		var packed bytes.Buffer
		if err := exports.WriteDossier(again, dossier, &packed); err != nil {
			return 0, nil, err
		}
		var err error
		if again, err = exports.OpenZip(bytes.NewReader(packed.Bytes()), int64(packed.Len())); err != nil {
			return 0, nil, err
		}
	}
	return exports.Compare(e.ctx, files, again)
}

// writeDossiers writes one zip for each funder of a release that is identical.
func (c *verifyCmd) writeDossiers(e *env, files fs.FS, checked exports.Checked) error {
	if checked.Dossier != "" {
		return &hintError{errors.New("verify: this is a dossier already"), "dossiers are made of a whole release: outbox/2026-10/v1"}
	}
	sets, err := exports.Dossiers(files)
	if err == nil {
		err = os.MkdirAll(c.Dossier, 0o755)
	}
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	for _, set := range sets {
		var packed bytes.Buffer
		if err := exports.WriteDossier(files, set, &packed); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		file := filepath.Join(c.Dossier, exports.DossierName(checked.Period, checked.Version, set)+".zip")
		if err := ingest.WriteDurably(file, packed.Bytes(), 0o644); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		whose := "du programme"
		if set != indicators.Programme {
			whose = "du financeur " + strings.TrimPrefix(set, indicators.Programme)
		}
		fmt.Fprintf(e.stdout, "dossier %s\u00a0: %s\n", whose, file)
	}
	return nil
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
