package main

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cairn/ingest"
)

// territories measures a run from nothing on a year of many territories. Ratios are those of processor time per
// workbook to the smallest case.
func (c *scaleCmd) territories(b *bench) error {
	m, err := ingest.LoadModel()
	if err != nil {
		return err
	}
	fmt.Println("| territories | workbooks | CPU s | wall s | CPU ms per workbook | ratio | peak MB | read MB |\n|---:|---:|---:|---:|---:|---:|---:|---:|")
	first := 0.0
	for _, territories := range c.Small {
		dir := filepath.Join(b.dir, fmt.Sprint("small", territories))
		if _, err := measure([]int{0}, b.cairn, "init", dir); err != nil {
			return err
		}
		if err := writeSmall(m, dir, territories); err != nil {
			return err
		}
		u, err := b.run(dir)
		if err != nil {
			return err
		}
		per := u.cpu.Seconds() * 1000 / float64(12*territories)
		if first == 0 {
			first = per
		}
		fmt.Printf("| %d | %d | %.1f | %.1f | %.2f | %.2f | %d | %d |\n", territories, 12*territories, u.cpu.Seconds(), u.wall.Seconds(), per, per/first, u.peak>>20, u.read>>20)
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// smallRows are how many rows each sheet of a small workbook has: some 300 cells together.
var smallRows = map[string]int{"acteurs": 6, "relations": 12, "dialogues": 2, "engagements": 3, "freins": 2}

// writeSmall writes territoires.csv and a year of small workbooks, each dated on the fourth of the next month.
func writeSmall(m *ingest.Model, dir string, territories int) error {
	var list strings.Builder
	list.Write(ingest.CSVHeader(m.Schemas["territoires"]))
	for t := range territories {
		id := fmt.Sprintf("t%04d", t)
		values := map[string]string{
			"territoire_id": id, "nom": "Territoire " + id, "code_officiel": fmt.Sprint(10001 + t), "echelon": "commune", "population": fmt.Sprint(1000 + 37*t),
			"milieu": "rural", "avancement": "debutant", "integration_ess": "faible", "date_entree": "2025-11-01",
		}
		var cells []string
		for _, f := range m.Schemas["territoires"].Fields {
			cells = append(cells, values[f.Name])
		}
		fmt.Fprintln(&list, strings.Join(cells, ","))
		for n := range 12 {
			month := time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC).AddDate(0, n, 0)
			path := filepath.Join(dir, "inbox", id, month.Format("2006-01")+".xlsx")
			if err := writeBook(path, smallBook(m, id, month, t+n)); err != nil {
				return err
			}
			received := month.AddDate(0, 1, 3)
			if err := os.Chtimes(path, received, received); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, "territoires.csv"), []byte(list.String()), 0o644)
}

// book is a workbook: sheets in order, each with its rows of text.
type book []bookSheet

type bookSheet struct {
	name string
	rows [][]string
}

func smallBook(m *ingest.Model, territory string, month time.Time, turn int) book {
	cover := bookSheet{ingest.SheetName(m.Schemas["accueil"]), [][]string{
		{m.Schemas["accueil"].Field("territoire_id").Title, territory},
		{m.Schemas["accueil"].Field("periode").Title, month.Format("2006-01")},
	}}
	b := book{cover}
	for _, table := range ingest.Tables {
		s := m.Schemas[table]
		if smallRows[table] == 0 {
			cover.rows = append(cover.rows, []string{m.Schemas["accueil"].Field("rien_" + table).Title, "oui"})
			continue
		}
		sheet := bookSheet{name: ingest.SheetName(s), rows: [][]string{nil}}
		for i := range s.Fields {
			sheet.rows[0] = append(sheet.rows[0], s.Fields[i].Title)
		}
		for n := range smallRows[table] {
			var row []string
			for i := range s.Fields {
				row = append(row, smallValue(m, s, &s.Fields[i], month, n, turn))
			}
			sheet.rows = append(sheet.rows, row)
		}
		b = append(b, sheet)
	}
	b[0] = cover
	return b
}

// smallValue is the text of a cell: what the field allows, and no more than the keys and the ordinary fields.
func smallValue(m *ingest.Model, s *ingest.Schema, f *ingest.Field, month time.Time, n, turn int) string {
	actor := func(i int) string { return fmt.Sprintf("A%02d", i%smallRows["acteurs"]+1) }
	for _, fk := range s.ForeignKeys {
		if fk.Fields[0] == f.Name && fk.Reference.Resource != "acteurs" {
			return ""
		}
	}
	codes := m.CodeLists[f.CodeList]
	switch {
	case f.Name == "retire", strings.HasPrefix(f.Name, "date_fin"), f.Name == "date_sortie", strings.HasPrefix(f.Name, "motif"), f.Name == "remplace_par", f.Name == "siren", f.Name == "rna", f.Name == "code_commune":
		return ""
	case f.Name == "acteur_id" && s.Name != "acteurs", f.Name == "declarant", f.Name == "exprime_par":
		return actor(n)
	case f.Name == "partenaire", f.Name == "envers":
		return actor(n + 1 + n/smallRows["acteurs"])
	case f.Name == s.PrimaryKey[0] && s.Name == "acteurs":
		return actor(n)
	case f.Name == s.PrimaryKey[0]:
		return fmt.Sprintf("%s%s%d", strings.ToUpper(s.Name[:1]), month.Format("0601"), n+1)
	case f.Name == "date_entree":
		return "2025-11-01"
	case len(codes) > 0:
		return codes[(n+turn)%len(codes)].Label
	case f.Type == "date":
		return month.AddDate(0, 0, 4+n).Format(time.DateOnly)
	case f.Type == "boolean":
		return []string{"oui", "non"}[(n+turn)%2]
	case f.Type == "integer", f.Type == "number":
		return fmt.Sprint(1 + (n+turn)%5)
	}
	return fmt.Sprintf("texte %d", n)
}

// writeBook writes the workbook, its texts in the cells.
func writeBook(path string, b book) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	z := zip.NewWriter(file)
	part := func(name, text string) {
		if err != nil {
			return
		}
		w, failed := z.Create(name)
		if failed == nil {
			_, failed = fmt.Fprint(w, xml.Header, text)
		}
		err = failed
	}
	var types, sheets, relations strings.Builder
	for i, s := range b {
		n := i + 1
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, n)
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, s.name, n, n)
		fmt.Fprintf(&relations, `<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet%d.xml"/>`, n, n)
		part(fmt.Sprintf("xl/worksheets/sheet%d.xml", n), s.xml())
	}
	part("[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>`+types.String()+`</Types>`)
	part("_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	part("xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>`+sheets.String()+`</sheets></workbook>`)
	part("xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`+relations.String()+`</Relationships>`)
	if err != nil {
		return err
	}
	return z.Close()
}

func (s *bookSheet) xml() string {
	var b strings.Builder
	b.WriteString(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	for r, row := range s.rows {
		fmt.Fprintf(&b, `<row r="%d">`, r+1)
		for c, text := range row {
			if text == "" {
				continue
			}
			fmt.Fprintf(&b, `<c r="%s" t="inlineStr"><is><t>`, ingest.CellName(c, r+1))
			xml.EscapeText(&b, []byte(text))
			b.WriteString(`</t></is></c>`)
		}
		b.WriteString(`</row>`)
	}
	b.WriteString(`</sheetData></worksheet>`)
	return b.String()
}
