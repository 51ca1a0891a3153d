package exports

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cairn/transform"
)

// FiguresFile is where a release has its figures.
const FiguresFile = dataDir + "/indicateurs.parquet"

// FigureKey names a figure: a row of indicateurs.
type FigureKey struct {
	Indicator, Territory string
	Month                string // 2026-10
	Modalite             string
}

// Compare orders keys.
func (k FigureKey) Compare(other FigureKey) int {
	return slices.Compare([]string{k.Indicator, k.Territory, k.Month, k.Modalite}, []string{other.Indicator, other.Territory, other.Month, other.Modalite})
}

// Figure is what is said of a figure. Two that are equal say the same.
type Figure struct {
	Value  sql.Null[float64]
	Statut string // empty: there is no such row
	rest   [6]any // bounds, effectif, population, numerator, denominator
}

// Revises reports whether a figure has another value or status than one that was published.
func (f Figure) Revises(was Figure) bool { return f.Value != was.Value || f.Statut != was.Statut }

// figureColumns are those of a row of indicateurs, as Figures and ReadFigures take them.
var figureColumns = []string{"indicateur", "territoire_id", "periode", "modalite", "valeur", "statut",
	"borne_basse", "borne_haute", "effectif", "population", "numerateur", "denominateur"}

func figureOfRow(row []any) (k FigureKey, f Figure, err error) {
	texts := [4]string{}
	for i := range texts {
		text, ok := row[i].(string)
		if !ok {
			return k, f, fmt.Errorf("column %s holds %v", figureColumns[i], row[i])
		}
		texts[i] = text
	}
	k = FigureKey{texts[0], texts[1], texts[2], texts[3]}
	if x, ok := row[4].(float64); ok {
		f.Value = sql.Null[float64]{V: x, Valid: true}
	}
	f.Statut, _ = row[5].(string)
	copy(f.rest[:], row[6:])
	return k, f, nil
}

// Figures are the figures of a computed database of the programme and each territory: with published, as a release
// tells them; else as they were computed, before any is hidden.
func Figures(ctx context.Context, w *transform.Warehouse, published bool) (map[FigureKey]Figure, error) {
	from := "indicateur." + map[bool]string{true: "publiees", false: "valeurs"}[published] + " WHERE territoire_id = '*' OR territoire_id NOT LIKE '*%'"
	var known int
	if err := w.QueryRowContext(ctx, "SELECT count(*) FROM "+from).Scan(&known); err != nil {
		return nil, fmt.Errorf("count the figures: %w", err)
	}
	all := make(map[FigureKey]Figure, known) // growing takes longer than filling
	query := strings.Replace("SELECT "+strings.Join(figureColumns, ", ")+" FROM "+from, "periode", "strftime(periode, '%Y-%m') AS periode", 1)
	values, targets := make([]any, len(figureColumns)), make([]any, len(figureColumns))
	for i := range values {
		targets[i] = &values[i]
	}
	err := eachRow(ctx, w, query, func(rows *sql.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := make([]any, len(values))
		for i, v := range values {
			row[i] = canonical(v)
		}
		k, f, err := figureOfRow(row)
		all[k] = f
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the figures: %w", err)
	}
	return all, nil
}

// firstFigure is a figure as it was first published.
type firstFigure struct {
	FigureKey
	Value  *float64 `json:",omitempty"`
	Statut string
}

// PackFirst writes, as compressed JSON, the value and status of those of the first published figures that a release now
// tells otherwise.
func PackFirst(first, now map[FigureKey]Figure) ([]byte, error) {
	changed := []firstFigure{}
	for k, was := range first {
		if now[k].Revises(was) {
			f := firstFigure{FigureKey: k, Statut: was.Statut}
			if was.Value.Valid {
				f.Value = &was.Value.V
			}
			changed = append(changed, f)
		}
	}
	slices.SortFunc(changed, func(a, b firstFigure) int { return a.Compare(b.FigureKey) })
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	err := errors.Join(json.NewEncoder(compressed).Encode(changed), compressed.Close())
	return packed.Bytes(), err
}

// UnpackFirst are the figures as they were first published, in value and status, from what PackFirst wrote of a release
// and the figures that it tells.
func UnpackFirst(packed []byte, told map[FigureKey]Figure) (map[FigureKey]Figure, error) {
	compressed, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack the first figures: %w", err)
	}
	var changed []firstFigure
	if err := json.NewDecoder(compressed).Decode(&changed); err != nil {
		return nil, fmt.Errorf("unpack the first figures: %w", err)
	}
	first := maps.Clone(told)
	for _, c := range changed {
		f := Figure{Statut: c.Statut}
		if c.Value != nil {
			f.Value = sql.Null[float64]{V: *c.Value, Valid: true}
		}
		first[c.FigureKey] = f
	}
	return first, nil
}

// ReadFigures reads the figures of an indicateurs.parquet.
func ReadFigures(ctx context.Context, data []byte) (map[FigureKey]Figure, error) {
	p, err := readParquet(ctx, bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read the published figures: %w", err)
	}
	defer p.close()
	at := make([]int, len(figureColumns))
	for i, column := range figureColumns {
		if at[i] = slices.Index(p.names(), column); at[i] < 0 {
			return nil, fmt.Errorf("read the published figures: no column %s", column)
		}
	}
	all := make(map[FigureKey]Figure, p.rows)
	row := make([]any, len(at))
	for p.row < p.rows {
		read, err := p.next()
		if err != nil {
			return nil, fmt.Errorf("read the published figures: %w", err)
		}
		for i := range row {
			row[i] = read[at[i]]
		}
		k, f, err := figureOfRow(row)
		if err != nil {
			return nil, fmt.Errorf("read the published figures: %w", err)
		}
		all[k] = f
	}
	return all, nil
}
