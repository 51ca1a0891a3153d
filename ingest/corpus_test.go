package ingest

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// corpus holds difficult files of others' making, where a workspace has them, and a list of what
// makes each of them difficult.
const corpus = "../../shared/corpus"

// corpusWorkbooks says what must become of each: it is refused, by a rule and with an error that
// holds those words, or it is read, and then every cell is the one that the reference reads.
var corpusWorkbooks = map[string]struct {
	rule, because string
	cells         int
}{
	"ods/calamine__issue_594_dos.ods":                       {rule: "fichier_piege", because: "expands beyond all measure"},
	"ods/calamine__pass_protected.ods":                      {rule: "fichier_protege", because: "protected by a password"},
	"ods/openspout__attack_billion_laughs.ods":              {rule: "fichier_piege", because: "document type"},
	"ods/openspout__sheet_with_all_cell_types.ods":          {cells: 15}, // one date has a time zone: the day is the one written
	"ods/openspout__sheet_with_number_columns_repeated.ods": {cells: 9},
	"ods/readods__decimal_comma.ods":                        {cells: 6},
	"ods/readods__flat.fods":                                {cells: 19},
	"ods/readods__horrible.ods":                             {cells: 1},
	"ods/readods__issue81.ods":                              {cells: 92034},
	"ods/readods__lotsofnothing_test.ods":                   {cells: 479},

	"xlsx/calamine__date_1904.xlsx":                                                {cells: 6},
	"xlsx/calamine__date_iso.xlsx":                                                 {cells: 6},
	"xlsx/calamine__date_quoted_format.xlsx":                                       {cells: 4},
	"xlsx/calamine__empty_s_attribute.xlsx":                                        {cells: 10},
	"xlsx/calamine__errors.xlsx":                                                   {cells: 7},
	"xlsx/calamine__has_x000D_.xlsx":                                               {cells: 1},
	"xlsx/calamine__issue_261.xlsx":                                                {cells: 250},
	"xlsx/calamine__nonstandard-xml-ns-prefix.xlsx":                                {cells: 6},
	"xlsx/calamine__pass_protected.xlsx":                                           {rule: "fichier_protege", because: "protected by a password"},
	"xlsx/calamine__rph.xlsx":                                                      {cells: 1},
	"xlsx/calamine__strict_iso_paths.xlsx":                                         {cells: 1368},
	"xlsx/calamine__vba.xlsm":                                                      {cells: 0},
	"xlsx/excel-streaming-reader__corrupt.xlsx":                                    {rule: "fichier_illisible", because: "sheet Data, row 3208"},
	"xlsx/excel-streaming-reader__entity-expansion-exploit-poc-file.xlsx":          {rule: "fichier_piege", because: "document type"},
	"xlsx/excel-streaming-reader__leadingZeroes.xlsx":                              {cells: 2},
	"xlsx/excel-streaming-reader__test-missing-sheet.xlsx":                         {rule: "fichier_illisible", because: "sheet1.xml is missing"},
	"xlsx/excelize__BadWorkbook.xlsx":                                              {cells: 0}, // no sheet at all
	"xlsx/frictionless-py__adjust-floating-point-error.xlsx":                       {cells: 24},
	"xlsx/frictionless-py__issue-320.xlsx":                                         {cells: 1646},
	"xlsx/frictionless-py__multiline-headers.xlsx":                                 {cells: 10},
	"xlsx/messytables__bian-anal-mca-2005-dols-eng-1011-0312-tab3.xlsm":            {cells: 58},
	"xlsx/openspout__attack_billion_laughs.xlsx":                                   {rule: "fichier_piege", because: "document type"},
	"xlsx/openspout__attack_quadratic_blowup.xlsx":                                 {rule: "fichier_piege", because: "document type"},
	"xlsx/openspout__one_sheet_with_capital_shared_strings_filename.xlsx":          {cells: 25},
	"xlsx/openspout__one_sheet_with_invalid_xml_characters.xlsx":                   {rule: "fichier_illisible", because: "cell A1: XML"},
	"xlsx/openspout__sheet_with_all_cell_types.xlsx":                               {rule: "fichier_illisible", because: "invalid::date is no ISO date"},
	"xlsx/openspout__sheet_with_different_numeric_value_dates_1904_calendar.xlsx":  {cells: 6},
	"xlsx/openspout__sheet_with_missing_cell_reference.xlsx":                       {cells: 1},
	"xlsx/openspout__sheet_with_strict_ooxml.xlsx":                                 {cells: 128},
	"xlsx/phpspreadsheet__Zip-Windows-Directory-Separator.xlsx":                    {cells: 29},
	"xlsx/phpspreadsheet__rootZipFiles.xlsx":                                       {cells: 1},
	"xlsx/phpspreadsheet__utf16be.bom.xlsx":                                        {cells: 1},
	"xlsx/poi__59746_NoRowNums.xlsx":                                               {cells: 571},
	"xlsx/poi__clusterfuzz-testcase-minimized-POIXSSFFuzzer-5265527465181184.xlsx": {rule: "fichier_illisible", because: "size or checksum"},
	"xlsx/poi__duplicate-filename.xlsx":                                            {rule: "fichier_piege", because: "the same name"},
	"xlsx/poi__link-external-workbook-a.xlsx":                                      {cells: 2},
	"xlsx/poi__poc-shared-strings.xlsx":                                            {rule: "fichier_illisible", because: "row 0 after row 0"}, // a row that no sheet has
	"xlsx/poi__poc-xmlbomb.xlsx":                                                   {rule: "fichier_piege", because: "document type"},
	"xlsx/poi__xlmmacro.xlsm":                                                      {cells: 0},
	"xlsx/poi__xlsx-corrupted.xlsx":                                                {rule: "fichier_illisible", because: "text outside the root element"},
	"xlsx/poi__xxe_in_schema.xlsx":                                                 {cells: 4}, // the schema is never opened
	"xlsx/readxl__big-texty-numbers-xlsx.xlsx":                                     {cells: 21},
	"xlsx/readxl__dates-leap-year-1900-xlsx.xlsx":                                  {cells: 57},
	"xlsx/readxl__deaths.xlsx":                                                     {cells: 163},
	"xlsx/readxl__new_line_errors.xlsx":                                            {cells: 3},
	"xlsx/readxl__texty-dates-xlsx.xlsx":                                           {cells: 3},
	"xlsx/readxl__unnamed-duplicated-columns.xlsx":                                 {cells: 10},
	"xlsx/test_files__1904.xlsx":                                                   {cells: 20}, // an extension has an element that is named as the one which says 1904
	"xlsx/test_files__ErrorTypes.xlsx":                                             {cells: 140},
	"xlsx/test_files__sheet_visibility_strict.xlsx":                                {cells: 46},
}

// corpusTexts says in what each is written. Those too small to look like a table are refused on
// their own, and read within an archive, where they are named as texts.
var corpusTexts = map[string]struct {
	charset   encoding.Encoding
	separator rune
	small     bool
}{
	"csv/messytables__characters.csv":                                           {charset: charmap.Windows1252, separator: ','}, // Big5, which no one here writes
	"csv/messytables__utf-16le_encoded.csv":                                     {charset: unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), separator: ','},
	"csv/messytables__weird_head_padding.csv":                                   {charset: unicode.UTF8, separator: ';'},
	"csv/openspout__csv_with_CR_EOL.csv":                                        {charset: unicode.UTF8, separator: ','},
	"csv/openspout__csv_with_encoding_utf16le_no_bom.csv":                       {charset: unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), separator: ','},
	"csv/phpspreadsheet__NumberFormatTest.de.csv":                               {charset: unicode.UTF8, separator: ',', small: true},
	"csv/phpspreadsheet__premiere.win1252.csv":                                  {charset: charmap.Windows1252, separator: ',', small: true},
	"csv/phpspreadsheet__sep.csv":                                               {charset: unicode.UTF8, separator: ';', small: true},
	"csv/scdl-subvention-datasubvention__exemple-duplicate-column.csv":          {charset: charmap.Windows1252, separator: ','},
	"csv/scdl-subvention-datasubvention__exemple_invalide_erreurs_cellules.csv": {charset: unicode.UTF8, separator: ','},
	"csv/scdl-subvention-datasubvention__exemple_invalide_erreurs_colonnes.csv": {charset: unicode.UTF8, separator: ','},
	"csv/scdl-subvention-datasubvention__exemple_valide.csv":                    {charset: unicode.UTF8, separator: ','},
	"csv/validateur-bal__aliases.csv":                                           {charset: unicode.UTF8, separator: ';'},
	"csv/validateur-bal__sample.csv":                                            {charset: unicode.UTF8BOM, separator: ';'},
	"xlsx/openspout__file_corrupted.xlsx":                                       {charset: unicode.UTF8, separator: ','}, // no zip but a good text: the name decides nothing
}

func corpusFile(t *testing.T, name string) []byte {
	t.Helper()
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("no corpus of difficult files here")
	}
	return []byte(read(t, filepath.Join(corpus, name)))
}

// TestCorpusIsKnown finds each file of the corpus in one of the lists above, with the reason of
// refusal that what is measured of it calls for.
func TestCorpusIsKnown(t *testing.T) {
	index := strings.Split(strings.TrimSpace(string(corpusFile(t, "INDEX.tsv"))), "\n")[1:]
	if len(index) != len(corpusWorkbooks)+len(corpusTexts) {
		t.Errorf("%d files are listed, %d known", len(index), len(corpusWorkbooks)+len(corpusTexts))
	}
	for _, line := range index {
		column := strings.Split(line, "\t")
		name, measured := column[0], column[4]
		book, known := corpusWorkbooks[name]
		if _, text := corpusTexts[name]; !known && !text {
			t.Errorf("%s is unknown", name)
		}
		for sign, rule := range map[string]string{"DTD": "fichier_piege", "dup-entries": "fichier_piege", "encrypted": "fichier_protege"} {
			if strings.Contains(measured, sign) && book.rule != rule {
				t.Errorf("%s: %s, yet %q", name, measured, book.rule)
			}
		}
	}
}

func TestCorpusWorkbooks(t *testing.T) {
	for name, want := range corpusWorkbooks {
		t.Run(name, func(t *testing.T) {
			data := corpusFile(t, name)
			got, err := cellLines(data)
			if err != nil {
				if rule := refusal(err); rule != want.rule || !strings.Contains(err.Error(), want.because) {
					t.Errorf("refused by %s: %v", rule, err)
				}
				return
			}
			if want.rule != "" {
				t.Fatalf("read, not refused by %s", want.rule)
			}
			reference := xlsxReference
			if strings.HasPrefix(name, "ods/") {
				reference = odsReference
			}
			if diff := gocmp.Diff(reference(t, data), got); diff != "" {
				t.Errorf("(-reference +read)\n%s", diff)
			}
			if cells := len(withoutSheets(got)); cells != want.cells { // both could have lost the same
				t.Errorf("%d cells, want %d", cells, want.cells)
			}
		})
	}
}

func TestCorpusTexts(t *testing.T) {
	for name, want := range corpusTexts {
		t.Run(name, func(t *testing.T) {
			data := corpusFile(t, name)
			if _, err := OpenWorkbook(data); (err != nil) != want.small {
				t.Errorf("on its own: %v", err)
			}
			got, err := textLines(zippedParts(t, part{"texte.csv", string(data)}))
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(csvReference(t, data, want.charset, want.separator), got); diff != "" {
				t.Errorf("(-reference +read)\n%s", diff)
			}
		})
	}
}

// TestCorpusIsNoOnesWorkbook parses every file as if it were a sender's: none is ours, so each is
// rejected, in good time, the same way twice.
func TestCorpusIsNoOnesWorkbook(t *testing.T) {
	corpusFile(t, "INDEX.tsv")
	m := model(t)
	for _, name := range files(t, corpus) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := corpusFile(t, name)
			start := time.Now()
			sub := Parse(m, data)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			checkSubmission(t, m, sub)
			if len(data) < 50_000 && !reflect.DeepEqual(sub, Parse(m, data)) {
				t.Error("read twice, understood twice")
			}
			if !sub.Rejected {
				t.Errorf("taken as the workbook of %q", sub.Territoire)
			}
		})
	}
}

// textLines are our reader's cells of a text, rows numbered without those that hold nothing.
func textLines(data []byte) ([]string, error) {
	w, err := OpenWorkbook(data)
	if err != nil {
		return nil, err
	}
	lines, number := []string{sheetLine(w.Sheets[0].Name, w.Sheets[0].Hidden)}, 0
	for row, err := range w.Sheets[0].Rows {
		if err != nil {
			return nil, err
		}
		number++
		for _, c := range row.Cells {
			lines = append(lines, cellLine(CellName(c.Column, number), row.Hidden, c))
		}
	}
	return lines, nil
}

func withoutSheets(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return strings.HasPrefix(line, "sheet ") })
}
