package ingest

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Fields of each type, taken from the schemas, under short names for the tables below.
func sampleFields(t testing.TB) map[string]*Field {
	t.Helper()
	m, err := LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*Field{
		"number":    m.Schemas["ressources"].Field("montant_eur"),
		"hours":     m.Schemas["dialogues"].Field("duree_heures"),
		"siren":     m.Schemas["acteurs"].Field("siren"),
		"commune":   m.Schemas["acteurs"].Field("code_commune"),
		"percent":   m.Schemas["acteurs"].Field("part_publique_capital"),
		"integer":   m.Schemas["celebrations"].Field("participants"),
		"boolean":   m.Schemas["engagements"].Field("reconnu"),
		"date":      m.Schemas["acteurs"].Field("date_entree"),
		"yearmonth": m.Schemas["accueil"].Field("periode"),
		"list":      m.Schemas["freins"].Field("reconnu_par"),
		"code":      m.Schemas["acteurs"].Field("famille"),
		"axis":      m.Schemas["principes"].Field("axe"),
		"sector":    m.Schemas["acteurs"].Field("secteur"),
		"string":    m.Schemas["acteurs"].Field("nom"),
	}
}

func textCell(s string) Cell        { return Cell{Kind: Text, Text: s} }
func numberCell(n float64) Cell     { return Cell{Kind: Number, Number: n} }
func percentCell(n float64) Cell    { return Cell{Kind: Number, Number: n, Format: Percent} }
func boolCell(b bool) Cell          { return Cell{Kind: Bool, Bool: b} }
func dateCell(y, m, d int) Cell     { return Cell{Kind: Date, Date: utc(y, m, d)} }
func faultCell(name string) Cell    { return Cell{Kind: Fault, Text: name} }
func utc(y, m, d int) time.Time     { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
func texts(all ...string) []Cell    { return cells(textCell, all) }
func numbers(all ...float64) []Cell { return cells(numberCell, all) }

func cells[T any](of func(T) Cell, all []T) []Cell {
	var list []Cell
	for _, v := range all {
		list = append(list, of(v))
	}
	return list
}

func TestCanonical(t *testing.T) {
	m, fields := model(t), sampleFields(t)
	const (
		nbsp   = "\u00a0"
		narrow = "\u202f"
		zero   = "\u200b"
	)
	tests := []struct {
		field string
		cells []Cell
		want  string // the canonical text, or
		rule  string // the rule that refuses the cell
	}{
		// Numbers, as French people write them.
		{"number", texts("30", " 30 ", nbsp+"30"+narrow, "+30", "30,0", "30.00", "30 €", "30"+nbsp+"€", "30€"), "30", ""},
		{"number", texts("1234,56", "1 234,56", "1"+nbsp+"234,56", "1"+narrow+"234,56", "1.234,56", "1’234,56", "1'234,56", "1 234.56", "1 234,56 €", "\ufeff1 234,56"+zero), "1234.56", ""},
		{"number", texts("1 234 567", "1"+narrow+"234"+narrow+"567,0", "1.234.567,00"), "1234567", ""},
		{"number", texts("-500", "−500", "–500", "- 500", "−"+nbsp+"500", "-500,00 €"), "-500", ""},
		{"number", texts("0", "-0", "0,00001", "−0,00001"), "0", ""},
		{"number", texts("1.234", "1,234", "1.234 €"), "1.234", "milliers_ou_decimales"},
		{"number", texts("1 234,000", "1234.000", "1234,000"), "1234", ""},
		{"number", texts("0,125", "0.125"), "0.125", ""},
		{"number", texts("1 234 k€", "1234k€", "1 234 000 €", "1,234 M€", "1 234 000 euros"), "1234000", ""},
		{"number", texts("-1,5 k€"), "-1500", ""},
		{"number", texts("12 h", "30 kg", "30 $", "30 € HT", "30 k"), "", "nombre_illisible"},
		{"hours", texts("2,5", "2h30", "2 h 30", "2:30", "2:30:00", "2,5 h", "2,5 heures", "2H30", "2h30min", "2 h 30 mn", "2 heures 30"), "2.5", ""},
		{"hours", texts("2", "2 h", "2h", "2H", "2h00", "02:00"), "2", ""},
		{"hours", texts("12 €", "2h75", "2 h à 3 h", "h", "2,5 min", "2:30 min"), "", "nombre_illisible"},
		{"number", numbers(1234.56, 1234.56000001), "1234.56", ""},
		{"number", texts("env. 30", "30 env.", "~30", "30?", "trente", "12h", "12-15", "12/15", "12 à 15", "NaN", "Inf", "-Inf", "1_000", "1e5", "1E5", "0x1F", "٣٠"), "", "nombre_illisible"},
		{"number", texts("3 5", "12 34", "1 2345", "1234 567", "3\n5", "1\n234", "06 12 34 56 78", "1,234,56", "1,234.56", "1.234.567", "12,", ",5", "--5", "+-5", "-", "€", "€ 30", "30 € %"), "", "nombre_illisible"},
		{"number", texts("12 %", "12%"), "", "nombre_illisible"},
		{"number", []Cell{percentCell(0.12), boolCell(true), dateCell(2026, 3, 15)}, "", "nombre_illisible"},
		{"number", numbers(math.NaN(), math.Inf(1), math.Inf(-1), 1e13, -1e13, 1e300), "", "nombre_illisible"},
		{"number", numbers(9999999999999), "9999999999999", ""},
		{"percent", texts("12", "12 %", "12%", "12"+nbsp+"%", "12,0 %"), "12", ""},
		{"percent", []Cell{percentCell(0.12), numberCell(12)}, "12", ""},
		{"percent", []Cell{percentCell(0.29)}, "29", ""}, // 0.29 × 100 = 28.999999999999996
		{"percent", []Cell{percentCell(1)}, "100", ""},
		{"percent", texts("0,5 %"), "0.5", ""},
		{"percent", texts("%", "12 % %", "12 % €"), "", "nombre_illisible"},
		{"percent", []Cell{percentCell(math.NaN()), percentCell(math.Inf(1))}, "", "nombre_illisible"},

		// Integers.
		{"integer", texts("3", "3,0", "3.000000", "+3"), "3", ""},
		{"integer", numbers(3), "3", ""},
		{"integer", texts("1 700"), "1700", ""},
		{"integer", texts("-3"), "-3", ""}, // the bounds are another rule's
		{"integer", []Cell{numberCell(math.Copysign(0, -1)), textCell("-0")}, "0", ""},
		{"integer", texts("1 234,000", "1234.000", "1234,0"), "1234", ""},
		{"integer", texts("2,5", "1.234", "0,0001", "1.000", "2,000", "12.000", "-1.000"), "", "nombre_non_entier"},
		{"integer", numbers(2.5, 1e-9), "", "nombre_non_entier"},
		{"integer", texts("3 personnes", "trois", "3 ?"), "", "nombre_illisible"},
		{"integer", []Cell{numberCell(1e17), textCell("99999999999999999999"), boolCell(true)}, "", "nombre_illisible"},

		// Dates.
		{"date", texts("2026-03-15", "2026-3-15", "15/03/2026", "15/3/2026", "15.03.2026", "15-03-2026", " 15/03/2026"+nbsp), "2026-03-15", ""},
		{"date", texts("15 mars 2026", "15"+nbsp+"MARS"+nbsp+"2026", "15-mars-2026", "2026-03-15T08:30:00", "2026-03-15 08:30", "2026-03-15T08:30:00.000Z"), "2026-03-15", ""},
		{"date", texts("1er août 2025", "1ᵉʳ août 2025", "1 AOUT 2025", "01/08/2025"), "2025-08-01", ""},
		{"date", texts("3 févr. 2026", "3 fevrier 2026"), "2026-02-03", ""},
		{"date", []Cell{dateCell(2026, 3, 15), {Kind: Date, Date: time.Date(2026, 3, 15, 23, 59, 59, 0, time.UTC)}}, "2026-03-15", ""},
		{"date", texts("29/02/2024"), "2024-02-29", ""},
		{"date", texts("29/02/2026", "31/04/2026", "00/01/2026", "15/13/2026", "15/00/2026", "2026-02-30", "32 mars 2026", "0 mars 2026"), "", "date_illisible"},
		{"date", texts("15/03/26", "15.3.26"), "2026-03-15", "annee_a_deux_chiffres"},
		{"date", texts("31/12/68"), "2068-12-31", "annee_a_deux_chiffres"},
		{"date", texts("01/01/69"), "1969-01-01", "annee_a_deux_chiffres"},
		{"date", texts("dimanche 15 mars 2026", "Dimanche 15 mars 2026"), "2026-03-15", ""},
		{"date", texts("26-03-15", "31/02/26", "mars 2026", "2026-03", "2026", "15 marz 2026", "15 2026", "03-15-2026", "hier", "45000", "15/03", "15/03/1789", "15/03/2200", "lundi 15 mars 2026", "du 15/03/2026 au 17/03/2026", "15/03/2026 16/03/2026"), "", "date_illisible"},
		{"date", []Cell{numberCell(45000), boolCell(true), dateCell(1899, 12, 31), dateCell(2200, 1, 1), dateCell(9999, 12, 31)}, "", "date_illisible"},

		// Months.
		{"yearmonth", texts("2026-11", "2026/11", "11/2026", "11-2026", "novembre 2026", "NOVEMBRE"+nbsp+"2026", "nov. 2026", "2026-11-30", "01/11/2026", "12 novembre 2026"), "2026-11", ""},
		{"yearmonth", []Cell{dateCell(2026, 11, 1), dateCell(2026, 11, 30)}, "2026-11", ""},
		{"yearmonth", texts("Décembre 2025", "decembre 2025", "déc. 2025"), "2025-12", ""},
		{"yearmonth", texts("août 2026", "AOUT 2026", "8/2026", "2026-8"), "2026-08", ""},
		{"yearmonth", texts("2026-13", "00/2026", "2026", "novembre", "11/26", "nov 26", "novembre-décembre 2026", "T4 2026"), "", "date_illisible"},
		{"yearmonth", append(numbers(202611, 11.2026), boolCell(true), Cell{}), "", "date_illisible"},

		// Yes and no.
		{"boolean", texts("oui", "OUI", " Oui ", "o", "vrai", "VRAI", "true", "x", "X", "1", "✓", "✔", "☑"), "true", ""},
		{"boolean", []Cell{boolCell(true), numberCell(1)}, "true", ""},
		{"boolean", texts("non", "Non", "NON.", "n", "faux", "false", "0"), "false", ""},
		{"boolean", []Cell{boolCell(false), numberCell(0)}, "false", ""},
		{"boolean", texts("peut-être", "ouais", "oui et non", "2", "-", "?"), "", "oui_non_illisible"},
		{"boolean", []Cell{numberCell(2), numberCell(0.5), dateCell(2026, 1, 1)}, "", "oui_non_illisible"},

		// Codes and labels, folded alike.
		{"code", texts("collectif_citoyen", "Collectif citoyen", "COLLECTIF CITOYEN", "collectif-citoyen", " collectif"+nbsp+nbsp+"citoyen "), "collectif_citoyen", ""},
		{"code", texts("societe_commerciale_ess", "Société commerciale de l’ESS", "Société commerciale de l'ESS", "SOCIETE COMMERCIALE DE L ESS", "Socie\u0301te\u0301 commerciale de l’ESS"), "societe_commerciale_ess", ""},
		{"code", texts("scic"), "scic", ""},
		{"code", texts("associations", "assoc.", "—", "SCIC SA"), "", "code_inconnu"},
		{"code", []Cell{numberCell(3), boolCell(true), dateCell(2026, 1, 1)}, "", "code_inconnu"},
		{"axis", texts("P2.1", "p2.1", "P2-1", "P2 1"), "P2.1", ""},
		{"axis", texts("P2.10", "Droit à l’erreur", "DROIT A L'ERREUR"), "P2.10", ""},
		{"axis", texts("P2", "P2.11"), "", "code_inconnu"},
		{"axis", numbers(2.1), "", "code_inconnu"},

		// Lists.
		{"list", texts("elus;agents", "Élus ; Agents", "elus;;agents;", " ;ÉLUS;agents"), "elus;agents", ""},
		{"list", texts("Élus", "élus;elus", "élus ;"), "elus", ""},
		{"list", texts("élus, agents", "élus;personne", "élus;nc", ";", " ; ; "), "", "code_inconnu"},

		// Texts.
		{"string", texts("Épicerie  du Marché", " Épicerie  du Marché"+nbsp, zero+"Épicerie  du Marché\ufeff"), "Épicerie  du Marché", ""},
		{"string", texts("=1+1"), "=1+1", ""},
		{"string", numbers(732829320), "732829320", ""},
		{"string", texts("#N/A", "#VALEUR!", "#REF!", "#DIV/0!", "#NOM?", "Err:502"), "", "cellule_en_erreur"},
		{"string", texts("#1 des épiceries"), "#1 des épiceries", ""},
		{"string", texts("Erreur"), "Erreur", ""},
		{"string", texts("Nom du b\ufffdn\ufffdficiaire"), "Nom du b\ufffdn\ufffdficiaire", "lettres_abimees"},
		{"string", texts("notifiÃ©e Ã\u00a0 l'Europe"), "notifiÃ©e Ã\u00a0 l'Europe", "lettres_abimees"},
		{"string", []Cell{{Kind: Number, Number: 1004, Format: Padded(5)}}, "01004", ""},
		{"siren", texts("732829320", "732 829 320", "732"+nbsp+"829"+narrow+"320"), "732829320", ""},
		{"string", []Cell{boolCell(true)}, "oui", ""},
		{"string", []Cell{dateCell(2026, 3, 1)}, "2026-03-01", ""},
	}
	for _, name := range []string{"number", "percent", "integer", "boolean", "date", "yearmonth", "list", "code", "string"} {
		tests = append(tests, struct {
			field string
			cells []Cell
			want  string
			rule  string
		}{name, []Cell{faultCell("#N/A"), faultCell("#REF!")}, "", "cellule_en_erreur"})
	}
	for _, test := range tests {
		f := fields[test.field]
		for _, c := range test.cells {
			got, rule := m.canonical(f, c)
			if got != test.want || rule != test.rule {
				t.Errorf("%s: %+v reads %q, %q; want %q, %q", test.field, c, got, rule, test.want, test.rule)
			}
			if rule != "" {
				RuleNamed(rule)
			}
		}
	}
}

// What is proposed for a cell that is refused.
func TestProposals(t *testing.T) {
	m, fields := model(t), sampleFields(t)
	for _, test := range []struct {
		field string
		cells []Cell
		want  string
	}{
		{"number", texts("env. 30", "~30", "30?", "30 € ?", "environ 30 euros"), "30"},
		{"number", texts("env. 1 234,56 EUR HT"), "1 234,56"},
		{"number", texts("12 à 15", "12/15", "trente", "30 %", "1.234 kg", "30 personnes", "env. 3 k€", "3 mille", "3½", "30 €/mois", "mille 3"), ""},
		{"integer", texts("3 personnes", "3 ?", "env. 3", "plus de 3 habitants", "3 (environ)"), "3"},
		{"integer", texts("12.000", "12,000", "12.000 personnes"), "12\u00a0000"},
		{"integer", texts("2,5", "0,125"), ""},
		{"integer", texts("l0", "3O", "O3", "1l0", "3 O", "3 douzaines", "3 couples", "3 centaines", "3 par jour", "x 3", "× 3", "-3"), ""},
		{"hours", texts("90 min", "90mn", "90 minutes"), "1h30"},
		{"hours", texts("20 min"), "0h20"},
		{"hours", texts("env. 3 h", "3 heures environ", "~3"), "3"},
		{"hours", texts("1 jour", "1 j", "2 demi-journées", "3 séances", "3 bénévoles", "1h5", "env. 90 min", "2,5 min", "0 min"), ""},
		{"date", []Cell{textCell("03/25/2026"), textCell("03-25-2026"), numberCell(46106), numberCell(46106.5), textCell("46106")}, "25/03/2026"},
		{"date", []Cell{textCell("hier"), textCell("31/31/2026"), numberCell(2026), numberCell(300000), numberCell(-5), textCell("123456")}, ""},
		{"code", texts("associations", "assoc.", "asociation", "ASSOCIATON"), "Association"},
		{"code", texts("soci", "astronautes", "x", "—"), ""}, // several begin so
		{"list", texts("élus, agents", "Elu / agent", "élus et agents"), "Élus ; Agents"},
		{"list", texts("élus, voisins"), ""},
		{"commune", []Cell{numberCell(1004), textCell("1004"), textCell("01004.0"), textCell("01 004")}, "01004"},
		{"commune", []Cell{textCell("2a004")}, "2A004"},
		{"commune", []Cell{textCell("Bourg-en-Bresse"), numberCell(1)}, ""},
		{"siren", texts("732829320.0", "732 829 320 00074", "73282932000074"), "732829320"},
		{"siren", texts("005580048x", "732829321"), ""},
		{"siren", []Cell{numberCell(5580048)}, "005580048"},
		{"siren", []Cell{numberCell(5580049)}, ""}, // not its key
		{"string", texts("Épicerie"), ""},
	} {
		for _, c := range test.cells {
			if got := m.propose(fields[test.field], c, false); got != test.want {
				t.Errorf("%s: for %v is proposed %q, want %q", test.field, c, got, test.want)
			}
		}
	}
	if got := m.propose(fields["date"], numberCell(46106-1462), true); got != "25/03/2026" {
		t.Errorf("counted from 1904: %q", got)
	}
}

// Every code of every list is read from its value and from its label, in any case.
func TestEveryCodeAndLabelIsRead(t *testing.T) {
	m := model(t)
	for list, codes := range m.CodeLists {
		for _, c := range codes {
			for _, text := range []string{c.Value, c.Label, strings.ToUpper(c.Value), strings.ToUpper(c.Label), " " + c.Label + " ."} {
				if got := m.code(list, text); got != c.Value {
					t.Errorf("%s: %q reads %q, want %q", list, text, got, c.Value)
				}
			}
		}
	}
}

func TestAbsences(t *testing.T) {
	for text, want := range map[string]string{
		"nc": "nc", "NC": "nc", "n.c.": "nc", "N/C": "nc", "non concerné": "nc", "Non concernée": "nc",
		"nsp": "nsp", "NSP": "nsp", "n.s.p.": "nsp", "ne sait pas": "nsp", "Ne sais pas": "nsp",
		"": "", "0": "", "non": "", "inconnu": "", "-": "",
	} {
		if got := absences[Fold(text)]; got != want {
			t.Errorf("%q says %q, want %q", text, got, want)
		}
	}
}

func TestDecimal4(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0", 1: "1", -1: "-1", 10: "10", 100.5: "100.5", 0.1: "0.1", 0.1 + 0.2: "0.3",
		1.00005: "1.0001", -1.00005: "-1.0001", 1.000049999: "1", 0.00005: "0.0001", 0.00004: "0", -0.00004: "0",
		9.99995: "10", 0.99999: "1", 2.675: "2.675", 1234.56785: "1234.5679", 9999999999999: "9999999999999",
		999999999999.99995: "1000000000000", 1e-300: "0", 28.999999999999996: "29",
	} {
		if got := decimal4(n); got != want {
			t.Errorf("decimal4(%v) = %q, want %q", n, got, want)
		}
	}
	if got := decimal4(math.Copysign(0, -1)); got != "0" {
		t.Errorf("decimal4(−0) = %q", got)
	}
}

// decimal4 is the exact half-away rounding, to four places, of the shortest decimal of a float.
func TestDecimal4RoundsTheShortestDecimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(
			rapid.Float64Range(-1e13+1, 1e13-1),
			rapid.Custom(func(t *rapid.T) float64 { // decimals near a half
				return float64(rapid.Int64Range(-1e10, 1e10).Draw(t, "units")) / rapid.SampledFrom([]float64{1e4, 1e5, 1e6}).Draw(t, "scale")
			}),
		).Draw(t, "n")
		shortest, _ := new(big.Rat).SetString(strconv.FormatFloat(n, 'f', -1, 64))
		if got, want := decimal4(n), roundHalfAway4(shortest); got != want {
			t.Fatalf("decimal4(%v) = %s, want %s", n, got, want)
		}
	})
}

// roundHalfAway4 rounds by integers: ⌊|x|·10⁴ + ½⌋, then the sign and the shortest writing.
func roundHalfAway4(x *big.Rat) string {
	scaled := new(big.Rat).Mul(new(big.Rat).Abs(x), big.NewRat(10000, 1))
	scaled.Add(scaled, big.NewRat(1, 2))
	units := new(big.Int).Quo(scaled.Num(), scaled.Denom())
	if x.Sign() < 0 {
		units.Neg(units)
	}
	text := new(big.Rat).SetFrac(units, big.NewInt(10000)).FloatString(4)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func TestSerialDays(t *testing.T) {
	const none, unasked = "", "?"
	tests := []struct {
		serial    float64
		want1900  string
		want1904  string
		situation string
	}{
		{45000, "2023-03-15", "2027-03-16", "an ordinary day"},
		{45000.99, "2023-03-15", "2027-03-16", "the hour is dropped"},
		{1, "1900-01-01", "1904-01-02", "the first day"},
		{59, "1900-02-28", "1904-02-29", "the day before the one that never was"},
		{60, none, "1904-03-01", "29 February 1900 never was"},
		{60.5, none, "1904-03-01", "nor its noon"},
		{61, "1900-03-01", "1904-03-02", "the day after"},
		{0, none, none, "no day"},
		{0.5, none, none, "an hour alone"},
		{-1, none, none, "before any day"},
		{2958465, "9999-12-31", unasked, "the last day; in the other epoch Parse finds it impossible"},
		{2958466, none, none, "after the last day"},
		{math.NaN(), none, none, "no number"},
	}
	for _, test := range tests {
		for epoch1904, want := range map[bool]string{false: test.want1900, true: test.want1904} {
			got, ok := dateOfSerial(test.serial, epoch1904)
			if want == unasked {
				continue
			}
			text := ""
			if ok {
				text = got.Format(time.DateOnly)
			}
			if text != want {
				t.Errorf("%s: serial %v (1904: %v) is %q, want %q", test.situation, test.serial, epoch1904, text, want)
			}
		}
	}
}

func TestNumberFormats(t *testing.T) {
	want := map[Format][]string{
		General:  {"General", "Standard", `"texte"`},
		Decimal:  {"0", "0.00", "#,##0.00", "0.00E+00", `0" jours"`, `0" %"`, `0\d`, "[Red]-0", "_-* #,##0_-", `"dd/mm"0`},
		Currency: {`#,##0.00\ "€"`, `#,##0 [$€-40C]`, "0.00 €"},
		AsText:   {"@"},
		Day:      {"dd/mm/yyyy", "jj/mm/aaaa", "yyyy-mm-dd", "d mmmm yyyy", "[$-40C]d mmmm yyyy", `[$-40C]mmmm\ yyyy`, "mmm-yy", "mmmm", `d" du mois"`, "dd/mm/yyyy hh:mm"},
		Percent:  {"0%", "0.00%", `0.0\ %`, "#,##0 %"},
		Clock:    {"h:mm", "hh:mm:ss", "[h]:mm", "[hh]:mm:ss", "[mm]:ss", "mm:ss", `h" h "mm`, "[h]"},
	}
	for class, codes := range want {
		for _, code := range codes {
			if got := classifyFormat(code); got != class {
				t.Errorf("%q is of class %d, want %d", code, got, class)
			}
		}
	}
}

func TestClock(t *testing.T) {
	for days, want := range map[float64]string{0: "0:00", 0.1041666666666667: "2:30", 0.5: "12:00", 1.25: "30:00", 0.10418: "2:30:01"} {
		if got := clock(days); got != want {
			t.Errorf("clock(%v) = %q, want %q", days, got, want)
		}
	}
}

func TestLuhn(t *testing.T) {
	for digits, want := range map[string]bool{
		"732829320": true, "356000000": true, "732829321": false, "123456789": false, "552100554": true,
	} {
		if got := luhn(digits); got != want {
			t.Errorf("luhn(%s) = %v", digits, got)
		}
	}
}

func TestCellNames(t *testing.T) {
	for column, want := range map[int]string{0: "A1", 25: "Z1", 26: "AA1", 701: "ZZ1", 702: "AAA1", 16383: "XFD1"} {
		if got := CellName(column, 1); got != want {
			t.Errorf("CellName(%d, 1) = %s, want %s", column, got, want)
		}
	}
}
