package exports

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/duckdb/duckdb-go/v2"

	"cairn/ingest"
	"cairn/transform"
)

// mismatch is a published value that is not the database's.
type mismatch struct {
	File   string
	Row    int // from 1, without the header
	Column string
	Got    string
	Want   string
}

func (e *mismatch) Error() string {
	return fmt.Sprintf("%s: row %d, column %s: the file holds %s, the database %s", e.File, e.Row, e.Column, e.Got, e.Want)
}

// verify reads both files back, the Parquet file with a reader that is not the writer's, and compares
// every name and value with the database.
func (res *resource) verify(ctx context.Context, w *transform.Warehouse, dir string) error {
	name := filepath.Join(dir, res.schema.Name)
	parquet, err := openParquet(ctx, name+".parquet")
	if err != nil {
		return fmt.Errorf("read %s.parquet: %w", res.schema.Name, err)
	}
	defer parquet.close()
	text, err := os.Open(name + ".csv")
	if err != nil {
		return err
	}
	defer text.Close()
	return res.compare(ctx, w, parquet, csv.NewReader(text))
}

func (res *resource) compare(ctx context.Context, w *transform.Warehouse, parquet *parquetFile, text *csv.Reader) error {
	s := res.schema
	header, err := text.Read()
	if err != nil {
		return fmt.Errorf("read %s.csv: %w", s.Name, err)
	}
	if err := sameColumns(s, parquet.names(), header); err != nil {
		return err
	}
	row := 0
	values := make([]any, len(s.Fields))
	targets := make([]any, len(s.Fields))
	for i := range values {
		targets[i] = &values[i]
	}
	err = eachRow(ctx, w, res.query, func(rows *sql.Rows) error {
		row++
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		cells, err := text.Read()
		if err != nil {
			return fmt.Errorf("%s.csv: row %d: %w", s.Name, row, err)
		}
		read, err := parquet.next()
		if err != nil {
			return fmt.Errorf("%s.parquet: row %d: %w", s.Name, row, err)
		}
		for i := range values {
			want := canonical(values[i])
			if read[i] != want {
				return &mismatch{s.Name + ".parquet", row, s.Fields[i].Name, describe(read[i]), describe(want)}
			}
			if !sameText(cells[i], want) {
				return &mismatch{s.Name + ".csv", row, s.Fields[i].Name, strconv.Quote(cells[i]), describe(want)}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if parquet.row != parquet.rows {
		return fmt.Errorf("%s.parquet: %d rows, the database has %d", s.Name, parquet.rows, row)
	}
	if _, err := text.Read(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s.csv: more than the %d rows of the database", s.Name, row)
	}
	return nil
}

// sameColumns refuses a file whose columns are not the schema's fields, in order.
func sameColumns(s *ingest.Schema, parquet, text []string) error {
	var names []string
	for _, f := range s.Fields {
		names = append(names, f.Name)
	}
	want := strings.Join(names, ", ")
	if got := strings.Join(parquet, ", "); got != want {
		return fmt.Errorf("%s.parquet: columns %s, the schema says %s", s.Name, got, want)
	}
	if got := strings.Join(text, ", "); got != want {
		return fmt.Errorf("%s.csv: columns %s, the schema says %s", s.Name, got, want)
	}
	return nil
}

// decimal and day are values whose type must not be lost on the way.
type (
	decimal string // as written, without zeros at the end
	day     string // 2006-01-02
)

// canonical is a value of the database as a comparable one: nil, string, bool, int64, float64,
// decimal or day.
func canonical(value any) any {
	switch v := value.(type) {
	case int32:
		return int64(v)
	case duckdb.Decimal:
		return newDecimal(v.String())
	case time.Time:
		return day(v.Format(time.DateOnly))
	}
	return value
}

// describe is a value for an error message.
func describe(value any) string {
	if value == nil {
		return "nothing"
	}
	return fmt.Sprintf("%#v", value)
}

// sameText reports whether a CSV cell says the value. CSV cannot tell no text from empty text.
func sameText(cell string, value any) bool {
	switch v := value.(type) {
	case nil:
		return cell == ""
	case string:
		if v != "" && strings.ContainsRune(formulaStart, rune(v[0])) {
			v = "'" + v
		}
		return cell == v
	case bool:
		return cell == strconv.FormatBool(v)
	case int64:
		return cell == strconv.FormatInt(v, 10)
	case float64:
		read, err := strconv.ParseFloat(cell, 64)
		return err == nil && math.Float64bits(read) == math.Float64bits(v)
	case decimal:
		return newDecimal(cell) == v
	case day:
		return cell == string(v)
	}
	return false
}

// newDecimal drops the zeros that end the decimals.
func newDecimal(text string) decimal {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return decimal(text)
}

// parquetFile is a Parquet file in memory, read row by row.
type parquetFile struct {
	table  arrow.Table
	reader *array.TableReader
	batch  arrow.RecordBatch
	at     int64 // in the batch
	row    int64
	rows   int64
}

func openParquet(ctx context.Context, path string) (*parquetFile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return readParquet(ctx, bytes.NewReader(data))
}

func readParquet(ctx context.Context, from *bytes.Reader) (*parquetFile, error) {
	f, err := file.NewParquetReader(from)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var size int64 // as the file says: it may come from anybody
	for i := range f.NumRowGroups() {
		group := f.MetaData().RowGroup(i).TotalByteSize()
		if size += group; group < 0 || size > maxTable {
			return nil, errors.New("it is larger than any table")
		}
	}
	reader, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	table, err := reader.ReadTable(ctx)
	if err != nil {
		return nil, err
	}
	return &parquetFile{table: table, reader: array.NewTableReader(table, 0), rows: table.NumRows()}, nil
}

func (p *parquetFile) close() {
	p.reader.Release()
	p.table.Release()
}

func (p *parquetFile) names() []string {
	var names []string
	for _, f := range p.table.Schema().Fields() {
		names = append(names, f.Name)
	}
	return names
}

// next is the next row as canonical values; io.EOF after the last.
func (p *parquetFile) next() ([]any, error) {
	for p.batch == nil || p.at == p.batch.NumRows() {
		if !p.reader.Next() {
			return nil, errors.Join(p.reader.Err(), io.EOF)
		}
		p.batch, p.at = p.reader.RecordBatch(), 0
	}
	values := make([]any, p.batch.NumCols())
	for i := range values {
		var err error
		if values[i], err = arrowValue(p.batch.Column(i), int(p.at)); err != nil {
			return nil, fmt.Errorf("column %s: %w", p.batch.ColumnName(i), err)
		}
	}
	p.at++
	p.row++
	return values, nil
}

func arrowValue(column arrow.Array, i int) (any, error) {
	if column.IsNull(i) {
		return nil, nil
	}
	switch c := column.(type) {
	case *array.String:
		return strings.Clone(c.Value(i)), nil
	case *array.Boolean:
		return c.Value(i), nil
	case *array.Int32:
		return int64(c.Value(i)), nil
	case *array.Int64:
		return c.Value(i), nil
	case *array.Float64:
		return c.Value(i), nil
	case *array.Date32:
		return day(c.Value(i).ToTime().Format(time.DateOnly)), nil
	case *array.Decimal128:
		scale := c.DataType().(*arrow.Decimal128Type).Scale
		return newDecimal(c.Value(i).ToString(scale)), nil
	}
	return nil, fmt.Errorf("unexpected type %s", column.DataType())
}
