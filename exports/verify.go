package exports

import (
	"bytes"
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
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"cairn/ingest"
)

// Difference is something in a release that is not as it should be.
type Difference struct {
	File string // slash-separated, below the release
	What string // where in it, and what: « C02, arlenthe, 2026-10: valeur is 0.5, … »
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
	d.all = append(d.all, Difference{d.file, fmt.Sprintf(format, args...)})
}

func (d *differences) found() []Difference {
	if d.more > 0 {
		d.all = append(d.all, Difference{d.file, fmt.Sprintf("%d other differences", d.more)})
	}
	return d.all
}

// Checked is a release that was read by itself.
type Checked struct {
	Period   string // 2026-10
	Version  int
	Code     string // the program that made it
	Method   string // the digest of its method
	Manifest string // SHA-256 of the manifest
	Files    int    // of the manifest
	Tables   int    // of the open data whose two files agree
	Values   int    // in them
}

// Check reads a release by itself, without the database or this program's method: the manifest's digests, the method's
// digest, and of each table of the open data the schema of its Parquet file and every value of it against its CSV
// twin. The error is for what cannot be read at all.
func Check(ctx context.Context, dir string) (c Checked, found []Difference, err error) {
	data, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return c, nil, fmt.Errorf("check release: %w", err)
	}
	var m manifestJSON
	if err := json.Unmarshal(data, &m); err != nil {
		return c, nil, fmt.Errorf("check release: %s: %w", manifestFile, err)
	}
	c = Checked{Period: m.Periode, Version: m.Version, Code: m.Code, Method: m.Methode, Manifest: sha256Hex(data), Files: len(m.Fichiers)}
	if found, err = checkFiles(m, dir); err != nil {
		return c, nil, fmt.Errorf("check release: %w", err)
	}
	lost := map[string]bool{}
	for _, d := range found {
		lost[d.File] = true
	}
	if digest, err := digestOfMethod(filepath.Join(dir, MethodDir)); err != nil || digest != m.Methode {
		found = append(found, Difference{MethodDir, "it is not the method that the manifest says"})
	}
	p, err := readPackage(dir)
	if err != nil {
		return c, append(found, Difference{dataDir + "/datapackage.json", err.Error()}), nil
	}
	for _, res := range p.Resources {
		if res.Format != "parquet" {
			continue
		}
		values, differences := checkTable(ctx, res, filepath.Join(dir, dataDir))
		if len(differences) == 0 {
			c.Tables++
			c.Values += values
		}
		found = append(found, differences...)
	}
	return c, found, nil
}

// checkFiles compares the files with the manifest.
func checkFiles(m manifestJSON, dir string) (found []Difference, err error) {
	files, err := listFiles(dir)
	if err != nil {
		return nil, err
	}
	there := map[string]fileJSON{}
	for _, f := range files {
		there[f.Chemin] = f
	}
	delete(there, manifestFile)
	for _, want := range m.Fichiers {
		got, ok := there[want.Chemin]
		switch {
		case !ok:
			found = append(found, Difference{want.Chemin, "it is missing"})
		case got != want:
			found = append(found, Difference{want.Chemin, "its bytes are not those of the manifest"})
		}
		delete(there, want.Chemin)
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		found = append(found, Difference{name, "the manifest does not have it"})
	}
	return found, nil
}

// digestOfMethod is the digest of the method that a release carries: that of MethodDigest when it is this program's.
func digestOfMethod(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, methodFile))
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
		err := fs.WalkDir(os.DirFS(dir), part.name, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			fmt.Fprintf(hash, "%s %d\n%s", name, len(data), data)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func readPackage(dir string) (p packageJSON, err error) {
	data, err := os.ReadFile(filepath.Join(dir, dataDir, "datapackage.json"))
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

// checkTable compares a table's Parquet file with its schema and with its CSV twin. It returns how many values it has.
func checkTable(ctx context.Context, res resourceJSON, dir string) (values int, found []Difference) {
	d := &differences{file: dataDir + "/" + res.Path}
	p, err := openParquet(ctx, filepath.Join(dir, res.Path))
	if err != nil {
		d.add("%v", err)
		return 0, d.found()
	}
	defer p.close()
	text, err := os.Open(filepath.Join(dir, res.Name+".csv"))
	if err != nil {
		d.add("%v", err)
		return 0, d.found()
	}
	defer text.Close()
	columns := p.table.Schema().Fields()
	if len(columns) != len(res.Schema.Fields) {
		d.add("%d columns, its schema has %d", len(columns), len(res.Schema.Fields))
		return 0, d.found()
	}
	for i, f := range res.Schema.Fields {
		if columns[i].Name != f.Name || !slices.Contains(arrowTypes[f.Type], columns[i].Type.ID()) {
			d.add("column %s of type %s, its schema says %s of type %s", columns[i].Name, columns[i].Type, f.Name, f.Type)
			return 0, d.found()
		}
	}
	lines := csv.NewReader(text)
	if _, err := lines.Read(); err != nil {
		d.add("%s.csv: %v", res.Name, err)
		return 0, d.found()
	}
	for {
		row, err := p.next()
		cells, csvErr := lines.Read()
		if errors.Is(err, io.EOF) && errors.Is(csvErr, io.EOF) {
			return values, d.found()
		}
		if err != nil || csvErr != nil {
			d.add("row %d: %v; its CSV twin: %v", p.row+1, err, csvErr)
			return 0, d.found()
		}
		for i, f := range res.Schema.Fields {
			values++
			if row[i] == nil && f.Constraints.Required {
				d.add("%s: no %s, which is required", rowName(res.Schema.PrimaryKey, p.names(), row), f.Name)
			}
			if !sameText(cells[i], row[i]) {
				d.add("%s: %s is %s, in the CSV twin %q", rowName(res.Schema.PrimaryKey, p.names(), row), f.Name, describe(row[i]), cells[i])
			}
		}
	}
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

// Compare compares a release with the same one made again, file by file, and in a file figure by figure and cell by
// cell. same is how many files have the same bytes.
func Compare(ctx context.Context, dir, again string) (same int, found []Difference, err error) {
	is, err := listFiles(dir)
	if err != nil {
		return 0, nil, fmt.Errorf("compare releases: %w", err)
	}
	made, err := listFiles(again)
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
	there := map[string]fileJSON{}
	for _, f := range is {
		there[f.Chemin] = f
	}
	for _, want := range made {
		got, ok := there[want.Chemin]
		delete(there, want.Chemin)
		switch {
		case !ok:
			found = append(found, Difference{want.Chemin, "it is missing"})
		case got == want:
			same++
		case want.Chemin == manifestFile: // says what its files say
			found = append(found, Difference{want.Chemin, "made again it has other bytes"})
		default:
			d := &differences{file: want.Chemin}
			d.compareFile(ctx, filepath.Join(dir, filepath.FromSlash(want.Chemin)), filepath.Join(again, filepath.FromSlash(want.Chemin)), keys[want.Chemin])
			if len(d.all) == 0 {
				d.add("made again it has other bytes, and says the same")
			}
			found = append(found, d.found()...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		found = append(found, Difference{name, "made again, the release does not have it"})
	}
	return same, found, nil
}

func (d *differences) compareFile(ctx context.Context, file, again string, key []string) {
	var is, want [][]string
	var names []string // of the cells of a row
	var err, err2 error
	switch filepath.Ext(file) {
	case ".parquet":
		is, _, err = parquetRows(ctx, file)
		want, names, err2 = parquetRows(ctx, again)
	case ".csv":
		is, err = csvRows(file)
		if want, err2 = csvRows(again); err2 == nil && len(want) > 0 {
			names = want[0]
		}
	case ".xlsx":
		d.compareWorkbooks(file, again)
		return
	default:
		return
	}
	if err := errors.Join(err, err2); err != nil {
		d.add("%v", err)
		return
	}
	if len(is) != len(want) {
		d.add("%d rows, made again %d", len(is), len(want))
	}
	for n := range min(len(is), len(want)) {
		if len(is[n]) != len(want[n]) {
			d.add("row %d has %d columns, made again %d", n+1, len(is[n]), len(want[n]))
			continue
		}
		for i := range want[n] {
			if is[n][i] != want[n][i] {
				row := make([]any, len(want[n]))
				for j, text := range want[n] {
					row[j] = text
				}
				d.add("%s: %s is %s, made again %s", rowName(key, names, row), names[i], is[n][i], want[n][i])
			}
		}
	}
}

func parquetRows(ctx context.Context, file string) (rows [][]string, names []string, err error) {
	p, err := openParquet(ctx, file)
	if err != nil {
		return nil, nil, err
	}
	defer p.close()
	for {
		values, err := p.next()
		if errors.Is(err, io.EOF) {
			return rows, p.names(), nil
		}
		if err != nil {
			return nil, nil, err
		}
		row := make([]string, len(values))
		for i, v := range values {
			if v != nil {
				row[i] = fmt.Sprint(v)
			}
		}
		rows = append(rows, row)
	}
}

func csvRows(file string) ([][]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return csv.NewReader(bytes.NewReader(data)).ReadAll()
}

// compareWorkbooks compares two workbooks cell by cell.
func (d *differences) compareWorkbooks(file, again string) {
	is, err := workbookCells(file)
	want, err2 := workbookCells(again)
	if err := errors.Join(err, err2); err != nil {
		d.add("%v", err)
		return
	}
	all := maps.Clone(is)
	maps.Copy(all, want)
	for _, cell := range slices.Sorted(maps.Keys(all)) {
		if is[cell] != want[cell] {
			d.add("%s holds %q, made again %q", cell, is[cell], want[cell])
		}
	}
}

// workbookCells is what each cell holds, by « Sheet!A1 ».
func workbookCells(file string) (map[string]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
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
