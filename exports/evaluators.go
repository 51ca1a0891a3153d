package exports

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cairn/indicators"
	"cairn/ingest"
	"cairn/transform"
)

// record is a row of a sheet's query, by column.
type record map[string]any

func (r record) text(column string) string { return r.or(column, "") }

// or is a text, or another one where it is missing or empty.
func (r record) or(column, missing string) string {
	if text, _ := r[column].(string); text != "" {
		return text
	}
	return missing
}

func (r record) list(column string) []any {
	list, _ := r[column].([]any)
	return list
}

// base is what the workbooks of all territories share.
type base struct {
	warehouse *transform.Warehouse
	model     *ingest.Model
	release   Release
	catalogue []*indicators.Indicator
	made      time.Time // the last reception
	books     map[int]string
	addresses map[addressKey]address
}

// place is a territory, with the rows of each query that are its own, or everybody's.
type place struct {
	*base
	territory, name string // the territory is empty in the workbook of all
	rows            map[string][]record
	members         map[string][]indicators.Member // behind the month's figures, by indicator; none where these rest on answers
	answers         map[string]bool                // the indicators that rest on answers, and on some of this place
	sheets          []entry
	built           map[string]sheet // those that were made already, by name
}

// newPlace has no rows yet.
func newPlace(b *base, territory, name string, sheets []entry) *place {
	return &place{base: b, territory: territory, name: name, rows: map[string][]record{}, members: map[string][]indicators.Member{}, answers: map[string]bool{}, sheets: sheets, built: map[string]sheet{}}
}

// workbooksAtOnce is of how many territories the rows are in memory.
const workbooksAtOnce = 16

// writeWorkbooks writes a workbook per territory, on every core.
func writeWorkbooks(ctx context.Context, b *base, dir string) error {
	covers, err := b.read(ctx, "couverture") // of the territories that have a calendar
	if err != nil {
		return err
	}
	feeds, err := b.openFeeds(ctx)
	defer feeds.close()
	if err != nil {
		return err
	}
	for some := range slices.Chunk(covers, workbooksAtOnce) {
		places := make([]*place, len(some))
		for i, r := range some {
			places[i] = newPlace(b, r.text("territoire_id"), r.text("nom"), evaluatorSheets())
		}
		if err := feeds.fill(places); err != nil {
			return err
		}
		err := ingest.Each(len(places), func(i int) error {
			if err := places[i].write(ctx, dir); err != nil {
				return fmt.Errorf("workbook of %s: %w", places[i].territory, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *place) write(ctx context.Context, dir string) error {
	data, err := p.encode(ctx, "évaluation")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s_%s_evaluation.xlsx", p.release.month(), p.territory)), data, 0o644)
}

// encode makes the workbook of the place's sheets.
func (p *place) encode(ctx context.Context, what string) ([]byte, error) {
	book := workbook{
		title:  typo(fmt.Sprintf("%s : %s, %s, %s", p.release.Programme, what, p.name, monthName(p.release.Period))),
		author: p.release.Programme, made: p.made,
	}
	for _, e := range p.sheets {
		s, err := p.sheet(ctx, e.name)
		if err != nil {
			return nil, err
		}
		book.sheets = append(book.sheets, s)
	}
	return book.encode()
}

func readBase(ctx context.Context, w *transform.Warehouse, m *ingest.Model, r Release) (*base, error) {
	b := &base{warehouse: w, model: m, release: r, books: map[int]string{}, addresses: map[addressKey]address{}}
	var err error
	if b.catalogue, err = indicators.Catalogue(m); err != nil {
		return nil, err
	}
	var made sql.Null[time.Time]
	if err := w.QueryRowContext(ctx, "SELECT max(recue_le) FROM core.soumissions WHERE statut <> 'doublon'").Scan(&made); err != nil {
		return nil, fmt.Errorf("read the last reception: %w", err)
	}
	b.made = made.V.Truncate(time.Second)
	books, err := b.read(ctx, "classeurs")
	if err != nil {
		return nil, err
	}
	for _, r := range books {
		b.books[int(r["soumission"].(int32))] = bookName(r["periode"].(time.Time), r["version"].(int64), r.text("emetteur"))
	}
	addresses, err := b.read(ctx, "adresses")
	if err != nil {
		return nil, err
	}
	for _, r := range addresses {
		b.addresses[addressKey{int(r["soumission"].(int32)), r.text("table")}] = address{r.text("feuille"), r.text("premiere"), r.text("derniere")}
	}
	return b, nil
}

// read runs sql/classeur/<name>.sql.
func (b *base) read(ctx context.Context, name string) ([]record, error) {
	return readRecords(ctx, b.warehouse, "classeur/"+name)
}

// readRecords runs sql/<name>.sql.
func readRecords(ctx context.Context, w *transform.Warehouse, name string) ([]record, error) {
	query, err := readSQL(name)
	if err != nil {
		return nil, err
	}
	all, err := queryRecords(ctx, w, query)
	if err != nil {
		return nil, fmt.Errorf("sql/%s.sql: %w", name, err)
	}
	return all, nil
}

// queryRecords runs a query with bound values.
func queryRecords(ctx context.Context, w *transform.Warehouse, query string, args ...any) ([]record, error) {
	var all []record
	for r, err := range eachRecord(ctx, w, query, args...) {
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// eachRecord are the rows of a query with bound values.
func eachRecord(ctx context.Context, w *transform.Warehouse, query string, args ...any) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		enough := errors.New("enough")
		err := eachRow(ctx, w, query, func(rows *sql.Rows) error {
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			values, targets := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				targets[i] = &values[i]
			}
			if err := rows.Scan(targets...); err != nil {
				return err
			}
			r := make(record, len(columns))
			for i, column := range columns {
				r[column] = values[i]
			}
			if !yield(r, nil) {
				return enough
			}
			return nil
		}, args...)
		if err != nil && !errors.Is(err, enough) {
			yield(nil, err)
		}
	}
}
