package exports

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"cairn/ingest"
	"cairn/transform"
)

// resource is one table of the open data. The schema has exactly the columns that leave, in order.
type resource struct {
	schema *ingest.Schema
	query  string // a bare SELECT of those columns, in a total order
}

// ownResources are the tables that the pipeline makes: sql/<name>.sql described by schemas/<name>.json.
var ownResources = []string{"indicateurs", "tendances", "comparaisons", "catalogue", "soumissions", "constats", "revisions", "revisions_par_indicateur"}

// resources lists the open data in the order of datapackage.json: what the pipeline makes, the
// territories, then every table of the workbook that is publique.
func resources(m *ingest.Model) ([]resource, error) {
	var all []resource
	for _, name := range ownResources {
		file := path.Join("schemas", name+".json")
		data, err := files.ReadFile(file)
		if err != nil {
			return nil, err
		}
		schema, err := m.DecodeSchema("exports/"+file, data)
		if err != nil {
			return nil, err
		}
		query, err := readSQL(name)
		if err != nil {
			return nil, err
		}
		all = append(all, resource{schema, query})
	}
	territories := published(m, m.Schemas["territoires"])
	all = append(all, resource{territories, fmt.Sprintf("SELECT %s\nFROM ref.territoires\nORDER BY territoire_id", publishedColumns(territories))})
	for _, name := range ingest.Tables {
		if s := m.Schemas[name]; s.Diffusion == ingest.Publique {
			public := published(m, s)
			all = append(all, resource{public, coreQuery(public)})
		}
	}
	return all, nil
}

// published is the schema with its publique fields alone, after the territory that each row of a
// workbook's table belongs to. A withdrawn row is no row, so retire has no place.
func published(m *ingest.Model, s *ingest.Schema) *ingest.Schema {
	public := *s
	public.Fields, public.ForeignKeys = nil, nil
	if s.Kind != ingest.Reference {
		public.Fields = append(public.Fields, *m.Schemas["territoires"].Field("territoire_id"))
		public.PrimaryKey = append([]string{"territoire_id"}, s.PrimaryKey...)
	}
	for _, f := range s.Fields {
		if s.DiffusionOf(&f) == ingest.Publique && f.Name != "retire" {
			public.Fields = append(public.Fields, f)
		}
	}
	return &public
}

// publishedColumns selects the fields; a value that its row's codes keep from being published is NULL.
func publishedColumns(s *ingest.Schema) string {
	var columns []string
	for _, f := range s.Fields {
		column := quote(f.Name)
		var unless []string
		for other, codes := range f.DiffusionSauf {
			// NOT IN: an unknown code keeps the value too.
			unless = append(unless, fmt.Sprintf("%s NOT IN (%s)", quote(other), literals(codes)))
		}
		if len(unless) > 0 {
			slices.Sort(unless)
			column = fmt.Sprintf("CASE WHEN %s THEN %s END AS %s", strings.Join(unless, " AND "), column, column)
		}
		columns = append(columns, column)
	}
	return strings.Join(columns, ", ")
}

// coreQuery is a public table of core as it holds at the horizon: of a flux what is dated up to its end and not withdrawn by then.
func coreQuery(s *ingest.Schema) string {
	where := "_de <= h.periode AND (_a IS NULL OR h.periode < _a)"
	if s.Kind != ingest.Registre {
		where = fmt.Sprintf("%s <= last_day(h.periode) AND (retrait IS NULL OR h.periode < retrait)", quote(s.DateField))
	}
	var order []string
	for _, key := range s.PrimaryKey {
		order = append(order, quote(key))
	}
	return fmt.Sprintf("SELECT %s\nFROM core.%s CROSS JOIN (SELECT periode FROM ref.horizon) h\nWHERE %s\nORDER BY %s",
		publishedColumns(s), quote(s.Name), where, strings.Join(order, ", "))
}

// write copies the resource out as Parquet and CSV.
func (res *resource) write(ctx context.Context, w *transform.Warehouse, r Release, dir string) error {
	s := res.schema
	metadata := fmt.Sprintf("titre: %s, description: %s, periode: %s, version: '%d', methode: %s, programme: %s, licence: %s, langue: 'fr'",
		literal(s.Title), literal(s.Description), literal(r.month()), r.Version, literal(MethodDigest()), literal(r.Programme), literal(r.Licence))
	parquet := fmt.Sprintf("COPY (\n%s\n) TO %s (FORMAT parquet, COMPRESSION zstd, KV_METADATA {%s})",
		res.query, literal(filepath.Join(dir, s.Name+".parquet")), metadata)
	csv := fmt.Sprintf("COPY (\n%s\n) TO %s (FORMAT csv, HEADER true, DELIMITER ',')",
		res.csvQuery(), literal(filepath.Join(dir, s.Name+".csv")))
	for _, statement := range []string{parquet, csv} {
		if _, err := w.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	for _, suffix := range []string{".parquet", ".csv"} {
		if err := os.Chmod(filepath.Join(dir, s.Name+suffix), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// formulaStart is how a text begins that a spreadsheet would take for a formula.
const formulaStart = "=+-@\t\r"

// csvQuery is the query whose texts a spreadsheet cannot take for formulas.
func (res *resource) csvQuery() string {
	var columns []string
	for _, f := range res.schema.Fields {
		column := quote(f.Name)
		if f.Type == "string" || f.Type == "list" || f.Type == "yearmonth" {
			column = fmt.Sprintf(`CASE WHEN regexp_matches(%[1]s, '^[=+@\t\r-]') THEN '''' || %[1]s ELSE %[1]s END AS %[1]s`, column)
		}
		columns = append(columns, column)
	}
	// The query is in the order of its key; the prefixed texts must not change it.
	var order []string
	for _, key := range res.schema.PrimaryKey {
		order = append(order, "lignes."+quote(key))
	}
	return fmt.Sprintf("SELECT %s FROM (\n%s\n) lignes ORDER BY %s", strings.Join(columns, ", "), res.query, strings.Join(order, ", "))
}

// quote makes an SQL identifier; names come from the schemas only.
func quote(name string) string { return `"` + name + `"` }

// literal makes an SQL text, where a statement takes no bound value (COPY).
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func literals(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = literal(t)
	}
	return strings.Join(quoted, ", ")
}
