package exports

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"cairn/exports/shown"
	"cairn/ingest"
)

// Difference is something in a release that is not as it should be.
type Difference struct {
	File string // slash-separated, below the release
	What string // where in it, and what, in French: « C02, arlenthe, 2026-10 : valeur vaut 0.5, … »
}

// maxDifferences is how many of one file are told; the rest is counted.
const maxDifferences = 10

// differences gathers what is found in a file.
type differences struct {
	file string
	all  []Difference
	more int
}

func (d *differences) add(format string, args ...any) {
	if len(d.all) == maxDifferences {
		d.more++
		return
	}
	d.all = append(d.all, Difference{d.file, fmt.Sprintf(typo(format), args...)})
}

func (d *differences) found() []Difference {
	if d.more > 0 {
		d.all = append(d.all, Difference{d.file, fmt.Sprintf("%d autres différences", d.more)})
	}
	return d.all
}

// Checked is a release that was read by itself.
type Checked struct {
	Period   string // 2026-10
	Version  int
	Code     string // the program that made it
	Manifest string // SHA-256 of the manifest
	Dossier  string // whose dossier it is: the set of territories; empty for a whole release
	Release  string // of a dossier, the SHA-256 of the manifest of the release that it was taken from

	Files   int      // of the manifest
	Intact  int      // of them, with the bytes that it says
	Tables  int      // of the open data whose two files agree with each other and with their schema
	Values  int      // in them
	Books   int      // workbooks whose figures are those of the open data
	Figures int      // in them
	Unknown int      // numbers under titles that this program does not know
	OwnSets []string // workbooks of a funder's own territories, whose figures the open data do not have

	Recomputed Recomputation
}

// tableRead is a table of the open data.
type tableRead struct {
	columns []string
	rows    [][]any // canonical values
}

// Check reads a release by itself, without the database or this program's method: the digests of the manifest, of the
// method and of datapackage.json; of each table of the open data the schema of its Parquet file and every value of it
// against its CSV twin; every figure of every workbook against the open data; and the indicators whose rows are published,
// made again by the queries of the release itself. The error is for what cannot be read at all.
func Check(ctx context.Context, files fs.FS) (c Checked, found []Difference, err error) {
	data, err := readAll(files, manifestFile, maxManifest)
	if err != nil {
		return c, nil, fmt.Errorf("check release: %w", err)
	}
	var m manifestJSON
	if err := json.Unmarshal(data, &m); err != nil {
		return c, nil, fmt.Errorf("check release: %s: %w", manifestFile, err)
	}
	month, err := time.Parse("2006-01", m.Periode)
	if err != nil {
		return c, nil, fmt.Errorf("check release: %s: %w", manifestFile, err)
	}
	c = Checked{Period: m.Periode, Version: m.Version, Code: m.Code, Manifest: sha256Hex(data), Dossier: m.Dossier, Release: m.Publication, Files: len(m.Fichiers)}
	if found, err = c.checkFiles(m, files); err != nil {
		return c, nil, fmt.Errorf("check release: %w", err)
	}
	method, err := fs.Sub(files, MethodDir)
	if err != nil {
		return c, nil, fmt.Errorf("check release: %w", err)
	}
	if digest, err := digestOfMethod(method); err != nil || digest != m.Methode {
		found = append(found, Difference{MethodDir, typo("ce n’est pas la méthode que dit le manifeste")})
	}
	tables, differences := c.checkTables(ctx, files)
	found = append(found, differences...)
	model, theirs := readMethodModel(method)
	if theirs != nil {
		found = append(found, Difference{MethodDir + "/lecture", theirs.Error()})
	}
	if model == nil || tables["indicateurs"].rows == nil {
		return c, found, nil
	}
	differences, err = c.checkBooks(m, files, model, month, tables)
	if err != nil {
		return c, nil, fmt.Errorf("check release: %w", err)
	}
	found = append(found, differences...)
	if theirs == nil {
		c.Recomputed, differences = recompute(ctx, method, model, month, tables)
		found = append(found, differences...)
	}
	return c, found, nil
}

// readMethodModel reads the descriptions of a release; where this program cannot, its own stand in and the error says so.
func readMethodModel(method fs.FS) (*ingest.Model, error) {
	reading, err := fs.Sub(method, "lecture")
	if err == nil {
		var m *ingest.Model
		if m, err = ingest.ReadModel(reading); err == nil {
			return m, nil
		}
	}
	own, _ := ingest.LoadModel()
	return own, err
}

// checkFiles compares the files with the manifest.
func (c *Checked) checkFiles(m manifestJSON, files fs.FS) (found []Difference, err error) {
	there := map[string]fs.FileInfo{}
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if len(there) > maxReleaseFiles {
			return errors.New("too many files")
		}
		there[name], err = d.Info()
		return err
	})
	if err != nil {
		return nil, err
	}
	delete(there, manifestFile)
	for _, want := range m.Fichiers {
		about, ok := there[want.Chemin]
		delete(there, want.Chemin)
		switch {
		case !ok:
			found = append(found, Difference{want.Chemin, "il manque"})
		case !about.Mode().IsRegular():
			found = append(found, Difference{want.Chemin, typo("ce n’est pas un fichier ordinaire")})
		default:
			if sum, err := sumOf(files, want); err != nil {
				found = append(found, Difference{want.Chemin, err.Error()})
			} else if sum != want.SHA256 {
				found = append(found, Difference{want.Chemin, typo("ses octets ne sont pas ceux du manifeste" + definitionOf(want.Chemin))})
			} else {
				c.Intact++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		found = append(found, Difference{name, typo("il est en trop : le manifeste ne l’a pas")})
	}
	return found, nil
}

// sumOf is the SHA-256 of a file of the size that the manifest says; of another size, none.
func sumOf(files fs.FS, want fileJSON) (string, error) {
	f, err := files.Open(want.Chemin)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, io.LimitReader(f, want.Octets+1))
	if err != nil || n != want.Octets {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// definitionOf says which indicator a file of the method defines.
func definitionOf(file string) string {
	if dir, name := path.Split(file); strings.HasSuffix(dir, "/catalogue/") {
		id, _, _ := strings.Cut(name, "_")
		return " : la définition de " + id + " a changé"
	}
	return ""
}

// digestOfMethod is the digest of the method that a release carries: that of MethodDigest when it is this program's.
func digestOfMethod(method fs.FS) (string, error) {
	data, err := readAll(method, methodFile, maxManifest)
	if err != nil {
		return "", err
	}
	var version methodJSON
	if err := json.Unmarshal(data, &version); err != nil {
		return "", err
	}
	hash := sha256.New()
	fmt.Fprintln(hash, version.Lecteur)
	for _, part := range methodParts() {
		err := fs.WalkDir(method, part.name, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := readAll(method, name, maxManifest)
			fmt.Fprintf(hash, "%s %d\n%s", name, len(data), data)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func readPackage(files fs.FS) (p packageJSON, err error) {
	data, err := readAll(files, dataDir+"/datapackage.json", maxManifest)
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	return p, err
}

// arrowTypes are those of a Parquet column, by the type that a schema says.
var arrowTypes = map[string][]arrow.Type{
	"string": {arrow.STRING}, "list": {arrow.STRING}, "yearmonth": {arrow.STRING}, "boolean": {arrow.BOOL}, "date": {arrow.DATE32},
	"integer": {arrow.INT32, arrow.INT64}, "number": {arrow.FLOAT64, arrow.DECIMAL128},
}

// checkTables checks every table of the open data, and gives those that could be read.
func (c *Checked) checkTables(ctx context.Context, files fs.FS) (tables map[string]tableRead, found []Difference) {
	tables = map[string]tableRead{}
	p, err := readPackage(files)
	if err != nil {
		return tables, []Difference{{dataDir + "/datapackage.json", err.Error()}}
	}
	for _, res := range p.Resources {
		d := &differences{file: path.Join(dataDir, res.Path)}
		data, err := readAll(files, d.file, maxReleaseBytes)
		switch {
		case errors.Is(err, fs.ErrNotExist): // told as missing
		case err != nil:
			d.add("%v", err)
		case len(data) != res.Bytes || "sha256:"+sha256Hex(data) != res.Hash:
			d.add("ses octets ne sont pas ceux de datapackage.json")
		}
		if err == nil && res.Format == "parquet" {
			var t tableRead
			err := ingest.Guard(func() (err error) { t, err = checkTable(ctx, res, data, files, d); return err })
			if err != nil {
				d.add("%v", err)
			} else {
				tables[res.Name] = t
			}
			if err == nil && len(d.all) == 0 {
				c.Tables++
				c.Values += len(t.rows) * len(t.columns)
			}
		}
		found = append(found, d.found()...)
	}
	return tables, found
}

// maxTable is how large the columns of a Parquet file may say that they are.
const maxTable = 1 << 30

// checkTable compares a table's Parquet file with its schema and with its CSV twin.
func checkTable(ctx context.Context, res resourceJSON, data []byte, files fs.FS, d *differences) (t tableRead, err error) {
	p, err := readParquet(ctx, bytes.NewReader(data))
	if err != nil {
		return t, err
	}
	defer p.close()
	columns := p.table.Schema().Fields()
	if len(columns) != len(res.Schema.Fields) {
		return t, fmt.Errorf("%d colonnes, son schéma en a %d", len(columns), len(res.Schema.Fields))
	}
	for i, f := range res.Schema.Fields {
		if columns[i].Name != f.Name || !slices.Contains(arrowTypes[f.Type], columns[i].Type.ID()) {
			return t, fmt.Errorf("colonne %s de type %s, son schéma dit %s de type %s", columns[i].Name, columns[i].Type, f.Name, f.Type)
		}
	}
	t.columns, t.rows = p.names(), [][]any{}
	keys := map[string]bool{}
	for p.row < p.rows {
		row, err := p.next()
		if err != nil {
			return t, fmt.Errorf("ligne %d : %w", p.row+1, err)
		}
		key := rowName(res.Schema.PrimaryKey, t.columns, row)
		if keys[key] {
			d.add("%s : deux lignes ont cette clé", key)
		}
		keys[key] = true
		for i, f := range res.Schema.Fields {
			if row[i] == nil && f.Constraints.Required {
				d.add("%s : %s est vide, et obligatoire", key, f.Name)
			}
		}
		t.rows = append(t.rows, row)
	}
	twin, err := readAll(files, path.Join(dataDir, res.Name+".csv"), maxReleaseBytes)
	if errors.Is(err, fs.ErrNotExist) { // told as missing
		return t, nil
	} else if err != nil {
		return t, err
	}
	lines := csv.NewReader(bytes.NewReader(twin))
	if header, err := lines.Read(); err != nil || !slices.Equal(header, t.columns) {
		d.add("le CSV jumeau a d’autres colonnes")
		return t, nil
	}
	for n := 0; ; n++ {
		cells, err := lines.Read()
		switch {
		case errors.Is(err, io.EOF):
			if n != len(t.rows) {
				d.add("%d lignes, le CSV jumeau en a %d", len(t.rows), n)
			}
			return t, nil
		case err != nil:
			d.add("le CSV jumeau, ligne %d : %v", n+1, err)
			return t, nil
		case n >= len(t.rows):
			d.add("%d lignes, le CSV jumeau en a davantage", len(t.rows))
			return t, nil
		}
		for i, column := range t.columns {
			if !sameText(cells[i], t.rows[n][i]) {
				d.add("%s : %s vaut %s, dans le CSV jumeau %q", rowName(res.Schema.PrimaryKey, t.columns, t.rows[n]), column, told(t.rows[n][i]), cells[i])
			}
		}
	}
}

// told is a value in a French message.
func told(value any) string {
	switch v := value.(type) {
	case nil:
		return "rien"
	case string:
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprint(value)
}

// rowName names a row by its key.
func rowName(key, columns []string, row []any) string {
	var parts []string
	for _, k := range key {
		if i := slices.Index(columns, k); i >= 0 && row[i] != nil && row[i] != "" {
			parts = append(parts, fmt.Sprint(row[i]))
		}
	}
	return strings.Join(parts, ", ")
}

// rowsOf are the rows of a table as package shown takes them.
func (t tableRead) rowsOf() []shown.Row {
	rows := make([]shown.Row, len(t.rows))
	for i, values := range t.rows {
		rows[i] = shown.Row{}
		for j, v := range values {
			if n, whole := v.(int64); whole {
				v = float64(n)
			}
			rows[i][t.columns[j]] = v
		}
	}
	return rows
}

// checkBooks compares the figures of every workbook with the open data.
func (c *Checked) checkBooks(m manifestJSON, files fs.FS, model *ingest.Model, month time.Time, tables map[string]tableRead) (found []Difference, err error) {
	open, err := shown.Read(model, month, func(name string) ([]shown.Row, error) { return tables[name].rowsOf(), nil })
	if err != nil {
		return nil, err
	}
	var books []string
	for _, f := range m.Fichiers {
		if path.Ext(f.Chemin) != ".xlsx" {
			continue
		}
		if whose := shown.Whose(f.Chemin); strings.HasPrefix(whose, "*") && whose != "*" {
			c.OwnSets = append(c.OwnSets, f.Chemin)
			continue
		}
		books = append(books, f.Chemin)
	}
	reports := make([]*shown.Report, len(books))
	fails := make([]error, len(books))
	ingest.Each(len(books), func(i int) error {
		fails[i] = ingest.Guard(func() error {
			data, err := readAll(files, books[i], maxReleaseBytes)
			if err == nil {
				reports[i], err = open.Compare(data, shown.Whose(books[i]))
			}
			return err
		})
		return nil
	})
	for i, book := range books {
		d := &differences{file: book}
		switch {
		case errors.Is(fails[i], fs.ErrNotExist): // told as missing
			continue
		case fails[i] != nil:
			d.add("%v", fails[i])
		default:
			for _, wrong := range reports[i].Wrong {
				d.add("%s", wrong)
			}
			c.Unknown += len(reports[i].Unread)
		}
		if len(d.all) == 0 {
			c.Books++
			c.Figures += reports[i].Numbers + reports[i].Phrases
		}
		found = append(found, d.found()...)
	}
	return found, nil
}

// Compare compares a release with the same one made again, file by file, and in a file figure by figure and cell by
// cell. same is how many files have the same bytes.
func Compare(ctx context.Context, files, again fs.FS) (same int, found []Difference, err error) {
	is, err := sumAll(files)
	if err != nil {
		return 0, nil, fmt.Errorf("compare releases: %w", err)
	}
	made, err := sumAll(again)
	if err != nil {
		return 0, nil, fmt.Errorf("compare releases: %w", err)
	}
	p, err := readPackage(again)
	if err != nil {
		return 0, nil, fmt.Errorf("compare releases: %w", err)
	}
	keys := map[string][]string{}
	for _, res := range p.Resources {
		keys[dataDir+"/"+res.Path] = res.Schema.PrimaryKey
	}
	for _, name := range slices.Sorted(maps.Keys(made)) {
		got, ok := is[name]
		delete(is, name)
		switch {
		case !ok:
			found = append(found, Difference{name, "il manque"})
		case got == made[name]:
			same++
		case name == manifestFile: // says what its files say
			found = append(found, Difference{name, "refait, il a d’autres octets"})
		default:
			d := &differences{file: name}
			d.compareFile(ctx, files, again, keys[name])
			if len(d.all) == 0 {
				d.add("refait, il a d’autres octets" + cmp.Or(definitionOf(name), " et dit la même chose"))
			}
			found = append(found, d.found()...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(is)) {
		found = append(found, Difference{name, typo("il est en trop : refaite, la publication ne l’a pas")})
	}
	return same, found, nil
}

// sumAll is the digest of every file. What is no plain file has a digest that no file has.
func sumAll(files fs.FS) (map[string]string, error) {
	all := map[string]string{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			all[name] = "-"
			return nil
		}
		data, err := readAll(files, name, maxReleaseBytes)
		all[name] = sha256Hex(data)
		return err
	})
	return all, err
}

func (d *differences) compareFile(ctx context.Context, files, again fs.FS, key []string) {
	data, err := readAll(files, d.file, maxReleaseBytes)
	made, err2 := readAll(again, d.file, maxReleaseBytes)
	if err := errors.Join(err, err2); err != nil {
		d.add("%v", err)
		return
	}
	var is, want [][]string
	var names []string // of the cells of a row
	switch path.Ext(d.file) {
	case ".parquet":
		is, _, err = parquetRows(ctx, data)
		want, names, err2 = parquetRows(ctx, made)
	case ".csv":
		is, err = csv.NewReader(bytes.NewReader(data)).ReadAll()
		if want, err2 = csv.NewReader(bytes.NewReader(made)).ReadAll(); err2 == nil && len(want) > 0 {
			names = want[0]
		}
	case ".xlsx":
		d.compareWorkbooks(data, made)
		return
	default:
		return
	}
	if err := errors.Join(err, err2); err != nil {
		d.add("%v", err)
		return
	}
	if len(is) != len(want) {
		d.add("%d lignes, refait %d", len(is), len(want))
	}
	for n := range min(len(is), len(want)) {
		if len(is[n]) != len(want[n]) {
			d.add("la ligne %d a %d colonnes, refaite %d", n+1, len(is[n]), len(want[n]))
			continue
		}
		for i := range want[n] {
			if is[n][i] != want[n][i] {
				row := make([]any, len(want[n]))
				for j, text := range want[n] {
					row[j] = text
				}
				d.add("%s : %s vaut %s, refait %s", rowName(key, names, row), names[i], cmp.Or(is[n][i], "rien"), cmp.Or(want[n][i], "rien"))
			}
		}
	}
}

func parquetRows(ctx context.Context, data []byte) (rows [][]string, names []string, err error) {
	err = ingest.Guard(func() error {
		p, err := readParquet(ctx, bytes.NewReader(data))
		if err != nil {
			return err
		}
		defer p.close()
		names = p.names()
		for p.row < p.rows {
			values, err := p.next()
			if err != nil {
				return err
			}
			row := make([]string, len(values))
			for i, v := range values {
				if v != nil {
					row[i] = fmt.Sprint(v)
				}
			}
			rows = append(rows, row)
		}
		return nil
	})
	return rows, names, err
}

// compareWorkbooks compares two workbooks cell by cell.
func (d *differences) compareWorkbooks(data, made []byte) {
	is, err := workbookCells(data)
	want, err2 := workbookCells(made)
	if err := errors.Join(err, err2); err != nil {
		d.add("%v", err)
		return
	}
	all := maps.Clone(is)
	maps.Copy(all, want)
	for _, cell := range slices.Sorted(maps.Keys(all)) {
		if is[cell] != want[cell] {
			d.add("%s contient %q, refait %q", cell, is[cell], want[cell])
		}
	}
}

// workbookCells is what each cell holds, by « Sheet!A1 ».
func workbookCells(data []byte) (map[string]string, error) {
	book, err := ingest.OpenWorkbook(data)
	if err != nil {
		return nil, err
	}
	cells := map[string]string{}
	for _, s := range book.Sheets {
		for row, err := range s.Rows {
			if err != nil {
				return nil, err
			}
			for _, c := range row.Cells {
				if !c.Blank() {
					cells[s.Name+"!"+ingest.CellName(c.Column, row.Number)] = c.String()
				}
			}
		}
	}
	return cells, nil
}
