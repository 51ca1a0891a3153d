// Package exports turns a computed database into a release: a folder of files that stands alone.
//
//   - donnees/: open data. A resource is a table of it, as a Parquet file and a CSV twin, described in
//     datapackage.json, with a page to begin with and one of worked examples. Only what the schemas call publique is there.
//   - evaluateurs/: one workbook per territory, made of sheets. A sheet is data: a title, a few sentences,
//     one table, charts that point at tables of numbers, fed by one SQL file of sql/classeur. One writer
//     writes them all; sentences about figures are made in sentences.go.
//   - comparaison/: one workbook of all territories, in the same way, fed by sql/comparaison.
//   - financeurs/: a page of two printed sides and a workbook for the funders of the programme, and for each funder
//     of some territories, fed by sql/impact.
//   - methode/: the descriptions, queries and parameters that turned the workbooks into these figures.
//   - manifest.json: what the release rests on, and the SHA-256 of each file.
//
// The package reads the database and writes files, nothing else. The same database gives the same
// bytes on any day, machine and number of cores: rows in a total order, no clock, no path.
package exports

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

//go:embed sql schemas impact open
var files embed.FS

// The parts of a release.
const (
	dataDir       = "donnees"
	workbookDir   = "evaluateurs"
	comparisonDir = "comparaison"
	impactDir     = "financeurs"
	manifestFile  = "manifest.json"
)

// MethodDir is the folder of a release that tells how its figures were made.
const MethodDir = "methode"

// Release says what is published, beside the database.
type Release struct {
	Period    time.Time // the first day of its month, UTC: the horizon that the database was built with
	Version   int       // from 1
	Final     bool      // définitif: the month's answers are closed; else provisoire
	Programme string    // the programme's name, as printed
	Contact   string    // whom to write to, as printed
	Licence   string    // of the open data: an SPDX-like name such as etalab-2.0, or an address
	Code      string    // the program's version, as printed
	// References are the SHA-256 of the reference files that the database was built with, by name.
	References map[string]string
	// Parameters is parametres.csv as the database was built with it.
	Parameters []byte
	// Funders are those whose territories the database has taken together, beside the programme.
	Funders []Funder
	// Revisions are what has become of the figures that were published before.
	Revisions Revisions
	// Erased is the day on which data of this month's earlier versions were erased, and they with them; zero when none were.
	Erased time.Time
	// Earlier are the folders of releases that were published before, below the folder that the database may read.
	Earlier []string
}

func (r *Release) month() string { return r.Period.Format("2006-01") }

// ErasedText says that the release takes the place of others, and not because of whom; empty when it does not.
func (r Release) ErasedText() string {
	if r.Erased.IsZero() {
		return ""
	}
	return fmt.Sprintf("Des données ont été effacées le %s. Cette version remplace celles d’avant, qui ont été détruites ; ses chiffres ne leur sont pas comparés, car la différence dirait ce qui a été effacé.", dayName(r.Erased))
}

// spaced is a sentence that follows another one.
func spaced(text string) string {
	if text == "" {
		return ""
	}
	return " " + text
}

// Stage writes the whole release below dir, reads the data back and makes every file durable. dir
// must not exist; it must be below the folder where the database may write. The caller renames it
// into place. It returns the manifest's SHA-256. After an error dir is gone.
func Stage(ctx context.Context, w *transform.Warehouse, m *ingest.Model, r Release, dir string) (manifest string, err error) {
	if err := checkHorizon(ctx, w, r); err != nil {
		return "", err
	}
	if err := auditSecrets(ctx, w, m, r); err != nil {
		return "", fmt.Errorf("stage release: %w", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("stage release: %w", err)
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	for _, part := range []string{dataDir, workbookDir, comparisonDir, impactDir} {
		if err := os.Mkdir(filepath.Join(dir, part), 0o755); err != nil {
			return "", err
		}
	}
	var b *base
	err = ingest.Together(
		func() error { return writeData(ctx, w, m, r, filepath.Join(dir, dataDir)) },
		func() (err error) { b, err = readBase(ctx, w, m, r); return err },
	)
	if err == nil {
		err = writeWorkbooks(ctx, b, filepath.Join(dir, workbookDir))
	}
	if err == nil {
		err = ingest.Together(
			func() error { return writeComparison(ctx, b, filepath.Join(dir, comparisonDir)) },
			func() error { return writeImpacts(ctx, b, filepath.Join(dir, impactDir)) },
		)
	}
	if err != nil {
		return "", fmt.Errorf("stage release: %w", err)
	}
	if err := writeMethod(r, filepath.Join(dir, MethodDir)); err != nil {
		return "", fmt.Errorf("stage release: %w", err)
	}
	manifest, err = writeManifest(ctx, w, r, dir)
	if err != nil {
		return "", fmt.Errorf("stage release: %w", err)
	}
	return manifest, ingest.SyncTree(dir)
}

// auditSecrets refuses a release from which, with the earlier ones, a hidden figure could be computed.
func auditSecrets(ctx context.Context, w *transform.Warehouse, m *ingest.Model, r Release) error {
	catalogue, err := indicators.Catalogue(m)
	if err != nil {
		return err
	}
	var earlier []string
	for _, dir := range r.Earlier {
		file := filepath.Join(dir, dataDir, "indicateurs.parquet")
		if _, err := os.Stat(file); err == nil { // one that was deleted cannot be looked at
			earlier = append(earlier, file)
		}
	}
	return indicators.Audit(ctx, w, catalogue, earlier)
}

// checkHorizon refuses a database that was built for another month.
func checkHorizon(ctx context.Context, w *transform.Warehouse, r Release) error {
	var horizon time.Time
	if err := w.QueryRowContext(ctx, "SELECT periode FROM ref.horizon").Scan(&horizon); err != nil {
		return fmt.Errorf("read the horizon: %w", err)
	}
	if !horizon.Equal(r.Period) {
		return fmt.Errorf("the database was built for %s, not for %s", horizon.Format("2006-01"), r.month())
	}
	return nil
}

// writeData writes donnees/ and compares it with the database.
func writeData(ctx context.Context, w *transform.Warehouse, m *ingest.Model, r Release, dir string) error {
	all, err := resources(m)
	if err != nil {
		return err
	}
	own, err := openRevisions(ctx, &r.Revisions, dir)
	if err != nil {
		return fmt.Errorf("write the revisions: %w", err)
	}
	defer own.Close()
	err = ingest.Each(len(all), func(i int) error {
		res, from := &all[i], w
		if slices.Contains(revisionResources, res.schema.Name) {
			from = own
		}
		if err := res.write(ctx, from, r, dir); err != nil {
			return fmt.Errorf("write %s: %w", res.schema.Name, err)
		}
		if err := res.verify(ctx, from, dir); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return writePackage(m, r, all, dir)
}

// The manifest, as published.
type (
	manifestJSON struct {
		Periode     string            `json:"periode"`
		Version     int               `json:"version"`
		Programme   string            `json:"programme"`
		Code        string            `json:"code"`
		Methode     string            `json:"methode"`              // digest of the descriptions, the SQL and the catalogue
		Effacement  string            `json:"effacement,omitempty"` // the day on which data of earlier versions were erased
		References  map[string]string `json:"references"`
		Soumissions []inputJSON       `json:"soumissions"`
		Dossier     string            `json:"dossier,omitempty"`     // of a dossier, whose: a set of territories
		Publication string            `json:"publication,omitempty"` // … and the SHA-256 of the release's manifest
		Fichiers    []fileJSON        `json:"fichiers"`
	}
	inputJSON struct {
		Territoire string `json:"territoire_id"`
		Periode    string `json:"periode"`
		Emetteur   bool   `json:"par_emetteur"` // whose it is stays within the team
		Version    int    `json:"version"`
		SHA256     string `json:"sha256"`
		RecueLe    string `json:"recue_le"`
	}
	fileJSON struct {
		Chemin string `json:"chemin"`
		Octets int64  `json:"octets"`
		SHA256 string `json:"sha256"`
	}
)

func writeManifest(ctx context.Context, w *transform.Warehouse, r Release, dir string) (digest string, err error) {
	m := manifestJSON{
		Periode: r.month(), Version: r.Version, Programme: r.Programme, Code: r.Code, Methode: MethodDigest(),
		References: r.References, Soumissions: []inputJSON{},
	}
	if !r.Erased.IsZero() {
		m.Effacement = r.Erased.Format(time.DateOnly)
	}
	query, err := readSQL("manifeste")
	if err != nil {
		return "", err
	}
	err = eachRow(ctx, w, query, func(rows *sql.Rows) error {
		var i inputJSON
		if err := rows.Scan(&i.Territoire, &i.Periode, &i.Emetteur, &i.Version, &i.SHA256, &i.RecueLe); err != nil {
			return err
		}
		m.Soumissions = append(m.Soumissions, i)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("list the inputs: %w", err)
	}
	if m.Fichiers, err = listFiles(dir); err != nil {
		return "", err
	}
	data, err := encodeJSON(m)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, manifestFile), data, 0o644); err != nil {
		return "", err
	}
	return sha256Hex(data), nil
}

// listFiles lists every file below dir in the order of the paths.
func listFiles(dir string) ([]fileJSON, error) {
	var all []fileJSON
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil {
			return err
		}
		all = append(all, fileJSON{path, int64(len(data)), sha256Hex(data)})
		return nil
	})
	return all, err
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// encodeJSON writes indented JSON as people read it: no \u003c for <, a final newline.
func encodeJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// readSQL reads sql/<name>.sql.
func readSQL(name string) (string, error) {
	data, err := files.ReadFile("sql/" + name + ".sql")
	return string(data), err
}

// eachRow runs a query with bound values and hands over its rows.
func eachRow(ctx context.Context, w *transform.Warehouse, query string, each func(*sql.Rows) error, args ...any) error {
	rows, err := w.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := each(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}
