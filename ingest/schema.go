package ingest

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sync"
)

//go:embed schemas/*.json
var schemaFiles embed.FS

// Tables lists the monthly tables in the order of the workbook's sheets.
var Tables = []string{
	"acteurs", "relations", "dialogues", "freins", "attentes", "principes",
	"engagements", "projets", "ressources", "effets", "celebrations", "reperes", "deliberation",
}

// EmitterTables are the only tables that an émetteur's workbook may hold.
var EmitterTables = []string{"relations", "principes"}

// Kind says how rows of a table follow each other over the months.
type Kind string

// The kinds of table.
const (
	Registre  Kind = "registre"  // every row ever declared; the same key in a later month replaces the row
	Flux      Kind = "flux"      // events; the same identifier in a later month's workbook replaces the row
	Releve    Kind = "releve"    // dated observations; one stands until a newer one of the same key
	Reference Kind = "reference" // kept by the association, outside the workbook
	Accueil   Kind = "accueil"   // the cover sheet: a label and a value per row
	Retour    Kind = "retour"    // what a sender answers to the findings that he was returned
)

// Diffusion says who may see a table or a field.
type Diffusion string

// The levels of diffusion, from open to closed.
const (
	Publique    Diffusion = "publique"
	Evaluateurs Diffusion = "evaluateurs"
	Jamais      Diffusion = "jamais"
)

// Schema is a Frictionless Table Schema (https://datapackage.org/standard/table-schema/) with
// the custom properties that the pipeline needs. It is the one description of a table.
type Schema struct {
	Name        string       `json:"name"`
	Title       string       `json:"title"`
	Description string       `json:"description"`
	Kind        Kind         `json:"kind"`
	Diffusion   Diffusion    `json:"diffusion"`
	DateField   string       `json:"dateField,omitempty"` // flux and relevé: the field that dates a row
	Alike       []string     `json:"alike,omitempty"`     // the fields that make two rows comparable
	Fields      []Field      `json:"fields"`
	PrimaryKey  []string     `json:"primaryKey"`
	ForeignKeys []ForeignKey `json:"foreignKeys,omitempty"`

	titled map[string]int // title, name or alias, as written and folded → index of the field, from 1
}

// Field is a column.
type Field struct {
	Name        string      `json:"name"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Type        string      `json:"type"` // string, integer, number, boolean, date, yearmonth, list
	Delimiter   string      `json:"delimiter,omitempty"`
	Constraints Constraints `json:"constraints,omitzero"`

	Aliases       []string            `json:"aliases,omitempty"`       // other titles that people give this column
	Unit          string              `json:"unit,omitempty"`          // EUR, h or %: what may follow a number
	CodeList      string              `json:"codelist,omitempty"`      // name in codelists.json
	Check         string              `json:"check,omitempty"`         // siren: nine digits and Luhn's key
	RequiredWhen  *Condition          `json:"requiredWhen,omitempty"`  // required when another field says so
	NotBefore     string              `json:"notBefore,omitempty"`     // this date ≥ that field's
	SumsTo        float64             `json:"sumsTo,omitempty"`        // what the values of one day add up to
	NotAbove      string              `json:"notAbove,omitempty"`      // this number ≤ that field's
	DifferentFrom string              `json:"differentFrom,omitempty"` // this text ≠ that field's
	Diffusion     Diffusion           `json:"diffusion,omitempty"`     // narrower than the table's
	Pseudonym     bool                `json:"pseudonyme,omitempty"`    // names a person; renamed before it enters the database
	DiffusionSauf map[string][]string `json:"diffusionSauf,omitempty"` // not published where the row has one of these codes
	Printable     bool                `json:"printable,omitempty"`     // free text that may be published
	Example       string              `json:"example,omitempty"`

	pattern *regexp.Regexp // of Constraints; nil: none
}

// Constraints are those of Table Schema.
type Constraints struct {
	Required bool     `json:"required,omitempty"`
	Unique   bool     `json:"unique,omitempty"`
	Pattern  string   `json:"pattern,omitempty"`
	Minimum  *float64 `json:"minimum,omitempty"`
	Maximum  *float64 `json:"maximum,omitempty"`
	// ExclusiveMinimum: the value is strictly greater (duree_heures > 0).
	ExclusiveMinimum *float64 `json:"exclusiveMinimum,omitempty"`
}

// Condition holds on a row when Field is one of In, or is filled and none of NotIn, or is filled.
type Condition struct {
	Field  string   `json:"field"`
	In     []string `json:"in,omitempty"`
	NotIn  []string `json:"notIn,omitempty"`
	Filled bool     `json:"filled,omitempty"`
}

// ForeignKey says that a field holds the key of a row of another table.
type ForeignKey struct {
	Fields    []string `json:"fields"`
	Reference struct {
		Resource string   `json:"resource"`
		Fields   []string `json:"fields"`
	} `json:"reference"`
}

// Code is one entry of a code list, with the label that a person reads.
type Code struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Group string `json:"group,omitempty"` // the list's own grouping: an axis' family, a ladder code's level
}

// Model is every schema and code list of the framework.
type Model struct {
	Schemas   map[string]*Schema
	CodeLists map[string][]Code
	Digest    string                       // identifies the descriptions: what was parsed under other ones is parsed again
	codes     map[string]map[string]string // list → code or label, as written and folded → code
}

// LoadModel reads the embedded schemas. Every defect of a schema is an error: an unknown property,
// a key, reference or code list that leads nowhere.
var LoadModel = sync.OnceValues(func() (*Model, error) { return ReadModel(schemaFiles) })

// retire is the optional field of every monthly table: the key is withdrawn from this month on.
var retire = Field{
	Name: "retire", Title: "Retiré", Type: "boolean",
	Description: "« oui » retire cette ligne à partir du mois de ce classeur : elle n’aurait pas dû être déclarée. Pour une fin ordinaire, remplissez plutôt la date de fin.",
}

// ReadModel reads schemas as strictly as LoadModel does its own: schemas/<table>.json and schemas/codelists.json, such as
// Method has them, or a release that was made by another version.
func ReadModel(files fs.FS) (*Model, error) {
	m := &Model{Schemas: map[string]*Schema{}}
	var err error
	if m.Digest, err = digest(files); err != nil {
		return nil, err
	}
	if err := decodeStrict(files, "schemas/codelists.json", &m.CodeLists); err != nil {
		return nil, err
	}
	names := append([]string{"accueil", "retour", "commentaires", "territoires", "parametres"}, Tables...)
	for _, name := range names {
		s := &Schema{}
		if err := decodeStrict(files, path.Join("schemas", name+".json"), s); err != nil {
			return nil, err
		}
		if s.Name != name {
			return nil, fmt.Errorf("schemas/%s.json: name is %q", name, s.Name)
		}
		if s.Kind != Reference && s.Kind != Accueil && s.Kind != Retour {
			s.Fields = append(s.Fields, retire)
		}
		m.Schemas[name] = s
	}
	m.codes = map[string]map[string]string{}
	for list, codes := range m.CodeLists {
		m.codes[list] = map[string]string{}
		for _, c := range codes {
			for _, key := range []string{c.Label, c.Value, Fold(c.Label), Fold(c.Value)} {
				m.codes[list][key] = c.Value
			}
		}
	}
	for _, s := range m.Schemas {
		s.titled = map[string]int{}
		for i := range s.Fields {
			f := &s.Fields[i]
			for _, key := range f.titles() {
				s.titled[key], s.titled[Fold(key)] = i+1, i+1
			}
		}
	}
	for _, name := range names {
		if err := m.check(m.Schemas[name]); err != nil {
			return nil, fmt.Errorf("schemas/%s.json: %w", name, err)
		}
	}
	return m, nil
}

func decodeStrict(files fs.FS, file string, v any) error {
	data, err := fs.ReadFile(files, file)
	if err != nil {
		return err
	}
	return decodeStrictBytes(file, data, v)
}

// decodeStrictBytes decodes one JSON value and refuses an unknown property or anything after it.
func decodeStrictBytes(file string, data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%s: data after the JSON value", file)
	}
	return nil
}

// DecodeSchema reads a schema from bytes as strictly as LoadModel reads its own; file is only for
// errors. Later stages describe with it the tables that they make.
func (m *Model) DecodeSchema(file string, data []byte) (*Schema, error) {
	s := &Schema{}
	if err := decodeStrictBytes(file, data, s); err != nil {
		return nil, err
	}
	if err := m.check(s); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

func (m *Model) check(s *Schema) error {
	seen := map[string]int{} // folded name or title → index of its field
	for i := range s.Fields {
		f := &s.Fields[i]
		for k, key := range f.titles() {
			j, taken := seen[Fold(key)]
			if taken && (j != i || k >= 2) { // a title may be its name; an alias is another one
				return fmt.Errorf("field %s: %q is taken by field %s", f.Name, key, s.Fields[j].Name)
			}
			seen[Fold(key)] = i
		}
		if err := m.checkField(s, f); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	for _, k := range slices.Concat(s.PrimaryKey, s.Alike) {
		if s.Field(k) == nil {
			return fmt.Errorf("primaryKey or alike: no field %q", k)
		}
	}
	if (s.Kind == Flux || s.Kind == Releve) && s.Field(s.DateField) == nil {
		return fmt.Errorf("dateField: no field %q", s.DateField)
	}
	for _, fk := range s.ForeignKeys {
		target := m.Schemas[fk.Reference.Resource]
		if len(fk.Fields) != 1 || len(fk.Reference.Fields) != 1 || s.Field(fk.Fields[0]) == nil {
			return fmt.Errorf("foreignKeys: %v is not one field", fk.Fields)
		}
		if target == nil || len(target.PrimaryKey) != 1 || target.PrimaryKey[0] != fk.Reference.Fields[0] {
			return fmt.Errorf("foreignKeys: %s.%v is not a key", fk.Reference.Resource, fk.Reference.Fields)
		}
	}
	return nil
}

func (m *Model) checkField(s *Schema, f *Field) error {
	switch f.Type {
	case "string", "integer", "number", "boolean", "date", "yearmonth", "list":
	default:
		return fmt.Errorf("unknown type %q", f.Type)
	}
	if f.Title == "" || f.Description == "" {
		return fmt.Errorf("no title or description")
	}
	if f.Unit != "" && unitTexts[f.Unit] == nil {
		return fmt.Errorf("unknown unit %q", f.Unit)
	}
	if f.CodeList != "" && m.CodeLists[f.CodeList] == nil {
		return fmt.Errorf("no code list %q", f.CodeList)
	}
	if f.Constraints.Pattern != "" {
		var err error
		if f.pattern, err = regexp.Compile(f.Constraints.Pattern); err != nil {
			return err
		}
	}
	others := []string{f.NotBefore, f.NotAbove, f.DifferentFrom}
	if f.RequiredWhen != nil {
		others = append(others, f.RequiredWhen.Field)
	}
	for other := range f.DiffusionSauf {
		others = append(others, other)
	}
	for _, other := range others {
		if other != "" && s.Field(other) == nil {
			return fmt.Errorf("no field %q", other)
		}
	}
	return nil
}

// titles are what a column of that field may be called.
func (f *Field) titles() []string { return append([]string{f.Title, f.Name}, f.Aliases...) }

// Field returns the field of that name, or nil.
func (s *Schema) Field(name string) *Field {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return nil
}

// DiffusionOf is the field's diffusion: its own, else its table's.
func (s *Schema) DiffusionOf(f *Field) Diffusion {
	if f.Diffusion != "" {
		return f.Diffusion
	}
	return s.Diffusion
}

// Label is the label of a code, or the code itself.
func (m *Model) Label(list, code string) string {
	for _, c := range m.CodeLists[list] {
		if c.Value == code {
			return c.Label
		}
	}
	return code
}

// Values are the codes of a list, in its order.
func (m *Model) Values(list string) []string {
	values := make([]string, len(m.CodeLists[list]))
	for i, c := range m.CodeLists[list] {
		values[i] = c.Value
	}
	return values
}

// Method is the descriptions as files: schemas/<table>.json.
func Method() fs.FS { return schemaFiles }

func digest(files fs.FS) (string, error) {
	hash := sha256.New()
	all, err := fs.ReadDir(files, "schemas")
	if err != nil {
		return "", err
	}
	for _, f := range all {
		data, err := fs.ReadFile(files, path.Join("schemas", f.Name()))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%s %d\n%s", f.Name(), len(data), data)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
