package exports

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"cairn/ingest"
)

// The description of the open data: Data Package v2 (https://datapackage.org/).
type (
	packageJSON struct {
		Schema       string         `json:"$schema"`
		Name         string         `json:"name"`
		Title        string         `json:"title"`
		Description  string         `json:"description"`
		Version      string         `json:"version"`
		Licenses     []licenceJSON  `json:"licenses,omitempty"`
		Contributors []any          `json:"contributors,omitempty"`
		Sources      []sourceJSON   `json:"sources"`
		Resources    []resourceJSON `json:"resources"`
	}
	licenceJSON struct {
		Name  string `json:"name,omitempty"`
		Path  string `json:"path,omitempty"`
		Title string `json:"title,omitempty"`
	}
	sourceJSON struct {
		Title string `json:"title"`
		Path  string `json:"path"`
	}
	resourceJSON struct {
		Name        string     `json:"name"`
		Type        string     `json:"type"`
		Title       string     `json:"title"`
		Description string     `json:"description"`
		Path        string     `json:"path"`
		Format      string     `json:"format"`
		Mediatype   string     `json:"mediatype"`
		Encoding    string     `json:"encoding,omitempty"` // of texts only
		Bytes       int        `json:"bytes"`
		Hash        string     `json:"hash"`
		Schema      schemaJSON `json:"schema"`
	}
	schemaJSON struct {
		Fields        []fieldJSON   `json:"fields"`
		PrimaryKey    []string      `json:"primaryKey"`
		MissingValues []missingJSON `json:"missingValues"`
	}
	fieldJSON struct {
		Name          string             `json:"name"`
		Title         string             `json:"title"`
		Description   string             `json:"description"`
		Type          string             `json:"type"`
		Delimiter     string             `json:"delimiter,omitempty"`
		Constraints   ingest.Constraints `json:"constraints,omitzero"`
		Categories    []categoryJSON     `json:"categories,omitempty"`
		MissingValues *[]missingJSON     `json:"missingValues,omitempty"` // instead of the schema's
	}
	categoryJSON struct {
		Value string `json:"value"`
		Label string `json:"label"`
	}
	missingJSON struct {
		Value string `json:"value"`
		Label string `json:"label"`
	}
)

// missing says what an empty cell of a CSV file is; in Parquet it is NULL.
var missing = []missingJSON{{"", typo("non renseigné, inconnu, non concerné, non calculé ou non publié")}}

// twins are the two files of a resource.
var twins = []struct{ format, mediatype, encoding string }{
	{"parquet", "application/vnd.apache.parquet", ""},
	{"csv", "text/csv", "utf-8"},
}

// writePackage writes datapackage.json beside the files that it describes, and what introduces them to people.
func writePackage(m *ingest.Model, r Release, all []resource, dir string) error {
	p := packageJSON{
		Schema: "https://datapackage.org/profiles/2.0/datapackage.json",
		Name:   "cairn-" + r.month(),
		Title:  typo(fmt.Sprintf("%s : données %s", r.Programme, ofMonth(r.Period))),
		Description: typo("Chaque table existe en Parquet et en CSV (virgule, UTF-8, point décimal). Dans le CSV, un texte qui commence par = + - @ est précédé d’une apostrophe, " +
			"pour qu’aucun tableur ne le prenne pour une formule ; le Parquet garde le texte tel quel."),
		Version:      fmt.Sprintf("%s.v%d", r.month(), r.Version),
		Licenses:     licence(r.Licence),
		Contributors: []any{map[string]string{"title": r.Programme}},
		Sources:      []sourceJSON{{typo("Classeurs mensuels des territoires : leur liste et leurs empreintes"), "soumissions.csv"}},
	}
	for _, res := range all {
		for _, twin := range twins {
			name := res.schema.Name + "." + twin.format
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			suffix := ""
			if twin.format != "parquet" {
				suffix = "-" + twin.format
			}
			p.Resources = append(p.Resources, resourceJSON{
				Name: res.schema.Name + suffix, Type: "table", Title: res.schema.Title, Description: res.schema.Description,
				Path: name, Format: twin.format, Mediatype: twin.mediatype, Encoding: twin.encoding,
				Bytes: len(data), Hash: "sha256:" + sha256Hex(data), Schema: describeSchema(m, res.schema),
			})
		}
	}
	data, err := encodeJSON(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "datapackage.json"), data, 0o644); err != nil {
		return err
	}
	return writeReadme(m, r, all, p.Title, dir)
}

// writeReadme writes what people read first, and the examples: LISEZMOI.md and EXEMPLES.md.
func writeReadme(m *ingest.Model, r Release, all []resource, title, dir string) error {
	text, err := files.ReadFile("open/LISEZMOI.md")
	if err != nil {
		return err
	}
	readme, err := template.New("LISEZMOI.md").Funcs(template.FuncMap{"mois": monthName, "minuscule": strings.ToLower}).Parse(string(text))
	if err != nil {
		return err
	}
	said := struct {
		Release
		Title     string
		Resources []*ingest.Schema
		Statuts   []ingest.Code
	}{r, title, nil, m.CodeLists["statut_indicateur"]}
	for _, res := range all {
		said.Resources = append(said.Resources, res.schema)
	}
	var b bytes.Buffer
	if err := readme.Execute(&b, said); err != nil {
		return err
	}
	examples, err := files.ReadFile("open/EXEMPLES.md")
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "LISEZMOI.md"), []byte(typo(b.String())), 0o644),
		os.WriteFile(filepath.Join(dir, "EXEMPLES.md"), examples, 0o644))
}

// describeSchema keeps what Table Schema knows of a schema.
func describeSchema(m *ingest.Model, s *ingest.Schema) schemaJSON {
	d := schemaJSON{PrimaryKey: s.PrimaryKey, MissingValues: missing}
	for _, f := range s.Fields {
		field := fieldJSON{Name: f.Name, Title: f.Title, Description: f.Description, Type: f.Type, Delimiter: f.Delimiter, Constraints: f.Constraints}
		if f.Type == "string" {
			for _, c := range m.CodeLists[f.CodeList] {
				field.Categories = append(field.Categories, categoryJSON{c.Value, c.Label})
			}
			if f.Constraints.Required { // an empty text is then a value: no modalite, no window
				field.MissingValues = &[]missingJSON{}
			}
		}
		d.Fields = append(d.Fields, field)
	}
	return d
}

// licence is the licence as a Data Package names it: by an address, or by a name without spaces.
func licence(text string) []licenceJSON {
	switch {
	case text == "":
		return nil
	case strings.HasPrefix(text, "https://"), strings.HasPrefix(text, "http://"):
		return []licenceJSON{{Path: text}}
	}
	l := licenceJSON{Name: text}
	if name := strings.ReplaceAll(ingest.Fold(text), "_", "-"); strings.ContainsRune(text, ' ') {
		l = licenceJSON{Name: name, Title: text}
	}
	return []licenceJSON{l}
}
