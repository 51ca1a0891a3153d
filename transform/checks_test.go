package transform_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/ingest"
)

type rows = map[string][]map[string]any

func on(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

// with is a row with some of its cells changed; nil empties one.
func with(row map[string]any, changes ...any) map[string]any {
	changed := map[string]any{}
	for k, v := range row {
		changed[k] = v
	}
	for i := 0; i < len(changes); i += 2 {
		changed[changes[i].(string)] = changes[i+1]
	}
	return changed
}

var (
	brake      = map[string]any{"frein_id": "F1", "exprime_par": "elus", "categorie": "mefiance", "date_identification": on(2026, 1, 5), "statut": "identifie"}
	engagement = map[string]any{"engagement_id": "G1", "acteur_id": "A", "forme": "humain", "date_debut": on(2026, 1, 5)}
	meeting    = map[string]any{"dialogue_id": "D1", "date": on(2026, 4, 5), "type": "agora", "statut": "tenu"}
)

// lifted is a brake that was lifted on a day.
func lifted(id string, day time.Time) map[string]any {
	return with(brake, "frein_id", id, "date_identification", on(2024, 6, 5), "statut", "leve", "date_fin", day)
}

// meetings are events of a month, one for each number of elected people.
func meetings(month int, elected ...int64) (all []map[string]any) {
	for i, n := range elected {
		all = append(all, with(meeting, "dialogue_id", fmt.Sprintf("D%d-%d", month, i), "date", on(2026, month, 1+i), "participants_elus", n))
	}
	return all
}

func actors(ids ...string) (all []map[string]any) {
	for _, id := range ids {
		all = append(all, actor(id, "Acteur "+id))
	}
	return all
}

// sent is a workbook on its way; after the territory comes its émetteur, if any.
type sent struct {
	territoire, periode string
	rows                rows
}

// historyCases hold workbooks about which each rule that looks at the others has nothing to say, then
// others about which it has: its findings are all that these add.
var historyCases = []struct {
	rule      string
	good, bad []sent
	want      []string // reception, table, line, field, key, value
}{
	{"ligne_disparue",
		[]sent{{"alpha", "2026-03", rows{"acteurs": actors("A", "B")}}, {"alpha", "2026-04", rows{"acteurs": actors("B", "A", "C")}}},
		[]sent{{"alpha", "2026-03", rows{"acteurs": actors("A", "B")}}, {"alpha", "2026-04", rows{"acteurs": actors("A", "C")}}, {"alpha", "2026-05", rows{"acteurs": actors("A", "C")}}},
		[]string{"2 acteurs 0 - B B"}},
	{"ligne_disparue", // closed for more than twelve months, and one day less
		[]sent{{"alpha", "2026-03", rows{"freins": {brake, lifted("F2", on(2025, 3, 31))}}}, {"alpha", "2026-04", rows{"freins": {brake}}}},
		[]sent{{"alpha", "2026-03", rows{"freins": {brake, lifted("F2", on(2025, 4, 1))}}}, {"alpha", "2026-04", rows{"freins": {brake}}}},
		[]string{"2 freins 0 - F2 F2"}},
	{"date_ancienne",
		[]sent{{"alpha", "2026-04", rows{"dialogues": {with(meeting, "date", on(2025, 5, 1))}, "reperes": {
			{"repere_id": "M1", "date": on(2014, 3, 30), "type": "election", "intitule": "Élections"}}}}},
		[]sent{
			{"alpha", "2026-04", rows{"dialogues": {with(meeting, "date", on(2025, 4, 30)), with(meeting, "dialogue_id", "D2")}}},
			{"alpha", "2026-05", rows{"dialogues": {with(meeting, "date", on(2025, 4, 30)), with(meeting, "dialogue_id", "D2", "date", on(2016, 4, 5))}}}, // the first was asked about
		},
		[]string{"1 dialogues 2 date D1 2025-04-30", "2 dialogues 3 date D2 2016-04-05"}},
	{"moins_de_lignes",
		[]sent{{"alpha", "2026-04", rows{"acteurs": actors("A", "B")}}, {"alpha", "2026-04", rows{"acteurs": actors("A", "B", "C")}}},
		[]sent{{"alpha", "2026-04", rows{"acteurs": actors("A", "B")}}, {"alpha", "2026-04", rows{"acteurs": actors("A")}}},
		[]string{"2 acteurs 0 - 2026-04 -"}},
	{"moins_de_lignes", // a register emptied
		[]sent{{"alpha", "2026-03", rows{"dialogues": meetings(3, 5)}}, {"alpha", "2026-04", nil}},
		[]sent{{"alpha", "2026-03", rows{"acteurs": actors("A", "B")}}, {"alpha", "2026-04", nil}},
		[]string{"2 acteurs 0 - 2026-04 -"}},
	{"moins_de_lignes", // a register of rows long closed
		[]sent{{"alpha", "2026-03", rows{"freins": {lifted("F2", on(2025, 3, 31)), with(brake, "retire", true)}}}, {"alpha", "2026-04", nil}},
		[]sent{{"alpha", "2026-03", rows{"freins": {lifted("F2", on(2025, 3, 31)), lifted("F3", on(2025, 4, 1))}}}, {"alpha", "2026-04", nil}},
		[]string{"2 freins 0 - 2026-04 -"}},
	{"copie_inchangee",
		[]sent{{"alpha", "2026-03", rows{"dialogues": meetings(3, 5)}}, {"alpha", "2026-04", rows{"dialogues": slices.Concat(meetings(3, 5), meetings(4, 5))}}},
		[]sent{{"alpha", "2026-03", rows{"dialogues": meetings(3, 5)}}, {"alpha", "2026-04", rows{"dialogues": meetings(3, 5)}}},
		[]string{"2 dialogues 0 - 2026-04 -"}},
	{"frein_rouvert",
		[]sent{{"alpha", "2026-03", rows{"freins": {brake}}}, {"alpha", "2026-04", rows{"freins": {with(brake, "statut", "leve", "date_fin", on(2026, 4, 2))}}}},
		[]sent{{"alpha", "2026-03", rows{"freins": {with(brake, "statut", "leve", "date_fin", on(2026, 3, 2))}}}, {"alpha", "2026-04", rows{"freins": {brake}}}},
		[]string{"2 freins 2 statut F1 identifie"}},
	{"engagement_echu",
		[]sent{{"alpha", "2026-04", rows{"acteurs": actors("A"), "engagements": {with(engagement, "date_fin_prevue", on(2026, 4, 1))}}}},
		[]sent{{"alpha", "2026-04", rows{"acteurs": actors("A"), "engagements": {
			with(engagement, "date_fin_prevue", on(2026, 3, 31)),
			with(engagement, "engagement_id", "G2", "date_fin_prevue", on(2026, 3, 31), "date_fin", on(2026, 3, 31), "motif_fin", "terme_atteint"),
			with(engagement, "engagement_id", "G3"),
		}}}},
		[]string{"1 engagements 2 date_fin G1 2026-03-31"}},
	{"saut_decuple",
		[]sent{{"alpha", "2026-03", rows{"acteurs": actors("A"), "engagements": {with(engagement, "personnes", int64(3))}}}, {"alpha", "2026-04", rows{"acteurs": actors("A"), "engagements": {with(engagement, "personnes", int64(29))}}}},
		[]sent{
			{"alpha", "2026-02", rows{"acteurs": actors("A"), "engagements": {with(engagement, "personnes", int64(3))}}},
			{"alpha", "2026-03", rows{"acteurs": actors("A"), "engagements": {engagement}}}, // nothing said in between
			{"alpha", "2026-04", rows{"acteurs": actors("A"), "engagements": {with(engagement, "personnes", int64(30))}}},
		},
		[]string{"3 engagements 2 personnes G1 30"}},
	{"valeur_inhabituelle",
		[]sent{{"alpha", "2026-03", rows{"dialogues": meetings(3, 4, 5, 6, 5)}}, {"alpha", "2026-04", rows{"dialogues": meetings(4, 500)}}}, // four are no history
		[]sent{{"alpha", "2026-03", rows{"dialogues": meetings(3, 4, 5, 6, 5, 5)}}, {"alpha", "2026-04", rows{"dialogues": meetings(4, 24, 26, 1)}}},
		[]string{"2 dialogues 3 participants_elus D4-1 26", "2 dialogues 4 participants_elus D4-2 1"}},
	{"mois_douteux",
		[]sent{{"alpha", "2026-04", rows{"dialogues": slices.Concat(meetings(3, 5, 5, 5), meetings(4, 5))}}, {"alpha", "2026-05", rows{"dialogues": slices.Concat(meetings(3, 5), meetings(4, 5, 5))}}},
		[]sent{{"alpha", "2026-04", rows{"dialogues": meetings(3, 5, 5, 5)}}},
		[]string{"1 - 0 periode 2026-04 2026-04"}},
	{"territoire_douteux",
		[]sent{{"alpha", "2026-03", rows{"acteurs": actors("A", "B", "C")}}, {"gamma", "2026-03", rows{"acteurs": actors("A", "M", "N")}}},
		[]sent{{"alpha", "2026-03", rows{"acteurs": actors("A", "B", "C")}}, {"gamma", "2026-03", rows{"acteurs": actors("M", "N", "O")}}, {"gamma", "2026-04", rows{"acteurs": actors("A", "B", "C", "D")}}},
		[]string{"3 - 0 territoire_id 3 gamma"}},
	{"emetteur_inconnu",
		[]sent{{"alpha", "2026-03", rows{"acteurs": actors("A")}}, {"alpha A", "2026-04", nil}, {"alpha elus", "2026-04", nil}},
		[]sent{{"alpha", "2026-03", rows{"acteurs": actors("A")}}, {"alpha a", "2026-04", nil}, {"alpha B", "2026-04", nil}, {"alpha", "2026-05", rows{"acteurs": actors("A", "B")}}, {"alpha B", "2026-05", nil}},
		[]string{"2 - 0 emetteur a a", "3 - 0 emetteur B B"}},
	{"reference_ecartee",
		[]sent{{"alpha", "2026-03", rows{"acteurs": actors("A")}}, {"alpha", "2026-04", rows{"acteurs": {with(actor("A", "A"), "famille", "fanfare")}, "engagements": {engagement}}}},
		[]sent{{"alpha", "2026-04", rows{"acteurs": {with(actor("A", "A"), "famille", "fanfare")}, "engagements": {engagement}}}},
		[]string{"1 engagements 2 acteur_id A A"}},
	{"reference_inconnue",
		[]sent{{"alpha", "2026-03", rows{"acteurs": actors("A")}}, {"alpha", "2026-04", rows{"engagements": {engagement}}}},
		[]sent{{"alpha", "2026-04", rows{"engagements": {engagement}}}, {"alpha", "2026-05", rows{"acteurs": actors("A")}}},
		[]string{"1 engagements 2 acteur_id - A"}},
	{"territoire_inconnu", []sent{{"gamma", "2026-04", nil}}, []sent{{"alpha", "2026-04", nil}, {"beta", "2026-04", nil}}, []string{"2 - 0 territoire_id - beta"}},
	{"periode_future", []sent{{"alpha", "2026-06", nil}}, []sent{{"alpha", "2026-04", nil}, {"alpha", "2026-07", nil}}, []string{"2 - 0 periode - 2026-07"}},
}

func TestHistoryRules(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range historyCases {
		tested[c.rule] = true
		t.Run(c.rule, func(t *testing.T) {
			found := func(all []sent) []string {
				p := newPlace(t)
				p.state.Territoires = append(p.state.Territoires, "gamma,Gamma,2026-01-01\n"...)
				var books []string
				for _, s := range all {
					territoire, emetteur, _ := strings.Cut(s.territoire, " ")
					books = append(books, p.book(territoire, s.periode, emetteur, s.rows))
				}
				p.receive(books...)
				return p.lines(fmt.Sprintf(`SELECT soumission, coalesce("table", '-'), ligne, coalesce(champ, '-'), coalesce(cle, '-'), coalesce(valeur, '-')
FROM core.constats WHERE regle = '%s' ORDER BY ALL`, c.rule))
			}
			if got := found(c.good); len(got) != 0 {
				t.Errorf("the good workbooks: %q", got)
			}
			want := strings.Join(c.want, "\n") + "\n"
			if got := strings.Join(found(c.bad), ""); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
	for _, rule := range ingest.HistoryRules {
		if !tested[rule] {
			t.Errorf("%s has no case", rule)
		}
		if _, err := os.Stat("sql/checks/" + rule + ".sql"); err != nil && !slices.Contains([]string{"territoire_inconnu", "periode_future", "reference_inconnue"}, rule) {
			t.Error(err)
		}
	}
	files, err := os.ReadDir("sql/checks")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(ingest.HistoryRules, strings.TrimSuffix(f.Name(), ".sql")) {
			t.Errorf("%s is no rule of the history", f.Name())
		}
	}
}

// What is doubtful on the cover is shown there, each at its own cell.
func TestCellsOfTheCover(t *testing.T) {
	p := newPlace(t)
	p.state.Territoires = append(p.state.Territoires, "gamma,Gamma,2026-01-01\n"...)
	p.receive(
		p.book("alpha", "2026-03", "", rows{"acteurs": actors("A", "B", "C")}), p.book("gamma", "2026-03", "", rows{"acteurs": actors("M", "N", "O")}),
		p.book("gamma", "2026-04", "", rows{"acteurs": actors("A", "B", "C"), "dialogues": meetings(3, 5, 5, 5)}), p.book("gamma", "2026-04", "B2", nil),
	)
	p.expect("SELECT champ, feuille, cellule FROM core.constats WHERE feuille = 'Accueil' ORDER BY ALL",
		"emetteur Accueil B8", "periode Accueil B7", "territoire_id Accueil B6")
}

// answered is a workbook that comes back with answers: a finding's identity, a response, an explanation.
func (p *place) answered(territoire, periode string, r rows, answers ...[3]string) string {
	p.t.Helper()
	month, err := time.Parse("2006-01", periode)
	if err != nil {
		p.t.Fatal(err)
	}
	f, err := ingest.NewTemplate(p.model, ingest.TemplateData{Territoire: territoire, Periode: month, Rows: r})
	if err != nil {
		p.t.Fatal(err)
	}
	table := [][]string{{"Classeur reçu le 3 mai"}, nil, {"N°", "Constat", "Réponse", "Explication", "Référence"}}
	for i, a := range answers {
		table = append(table, []string{fmt.Sprint(i + 1), "…", a[1], a[2], a[0]})
	}
	if _, err := f.NewSheet("Retour"); err != nil {
		p.t.Fatal(err)
	}
	for i, row := range table {
		if err := f.SetSheetRow("Retour", fmt.Sprintf("A%d", i+1), &row); err != nil {
			p.t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := ingest.SaveTemplate(&b, f); err != nil {
		p.t.Fatal(err)
	}
	digest, err := p.archive.Put(b.Bytes())
	if err != nil {
		p.t.Fatal(err)
	}
	return digest
}

// A question that its sender has explained is not asked again as long as the cell says the same; what
// is left is asked again.
func TestAnswers(t *testing.T) {
	overdue := func(more ...map[string]any) rows {
		return rows{"acteurs": actors("A"), "engagements": append([]map[string]any{
			with(engagement, "date_fin_prevue", on(2026, 3, 31)), with(engagement, "engagement_id", "G2", "date_fin_prevue", on(2026, 3, 31)),
			with(engagement, "engagement_id", "G3", "date_fin_prevue", on(2026, 3, 31)),
		}, more...)}
	}
	const asked = `SELECT soumission, cle, etat FROM core.constats WHERE regle = 'engagement_echu' AND soumission = (SELECT max(soumission) FROM core.soumissions) ORDER BY ALL`
	p := newPlace(t)
	p.receive(p.book("alpha", "2026-04", "", overdue()))
	p.expect(asked, "1 G1 ouvert", "1 G2 ouvert", "1 G3 ouvert")

	ids := p.lines("SELECT identite FROM core.constats WHERE regle = 'engagement_echu' ORDER BY cle")
	id := func(i int) string { return strings.TrimSpace(ids[i]) }
	p.receive(p.answered("alpha", "2026-04", overdue(), [3]string{id(0), "Confirmé", ""}, [3]string{id(1), "", "La convention est reconduite de fait."},
		[3]string{id(2), "À discuter", "On en parle en réunion."}, [3]string{"0123456789", "Confirmé", "rien de connu"}))
	p.expect(asked, "2 G1 explique", "2 G2 explique", "2 G3 ouvert")

	next := overdue(with(engagement, "engagement_id", "G4", "date_fin_prevue", on(2026, 3, 31)))
	next["engagements"][1]["date_fin_prevue"] = on(2026, 4, 15) // another day, another question
	p.receive(p.book("alpha", "2026-05", "", next))
	p.expect(asked, "3 G1 explique", "3 G2 ouvert", "3 G3 ouvert", "3 G4 ouvert")

	p.state.Decisions = []ingest.Entry{{Finding: id(2), Decision: "waive", Reason: "vu en réunion"}}
	p.receive()
	p.expect(asked, "3 G1 explique", "3 G2 ouvert", "3 G3 decide", "3 G4 ouvert")
}

// The identity of a finding is the same in Go and in SQL, but of the answers of a respondent, whom the
// database knows under another name.
func TestFindingIdentity(t *testing.T) {
	p := newPlace(t)
	books := []string{
		p.book("alpha", "2026-04", "", rows{"acteurs": {with(actor("A", "A"), "famille", "fanfare"), actor("B", "=1"), actor("B", "b")}, "dialogues": {with(meeting, "date", "15/03/26")}}),
		p.book("alpha", "2026-04", "elus", rows{"principes": {{"repondant": "héron", "groupe_pairs": "agents", "date_reponse": on(2026, 4, 5), "axe": "P2.2"}}}),
	}
	p.receive(books...)
	for i, b := range books {
		data, err := p.archive.Get(b)
		if err != nil {
			t.Fatal(err)
		}
		sub := ingest.Parse(p.model, data)
		var want []string
		for _, f := range sub.Findings {
			want = append(want, f.ID(sub.Territoire, sub.Emetteur))
		}
		if len(want) == 0 {
			t.Errorf("workbook %d: nothing found", i)
		}
		query := fmt.Sprintf("SELECT identite FROM core.constats WHERE soumission = %d ORDER BY constat", i+1)
		if i == 0 {
			p.expect(query, want...)
		} else if got := p.lines(query); len(got) != len(want) || strings.TrimSpace(got[0]) == want[0] {
			t.Errorf("of a respondent: got %q, as in the file %q", got, want)
		}
	}
}

// A row of a register that disappeared by mistake stands; one that its sender calls an error is withdrawn.
func TestDisappearedRows(t *testing.T) {
	p := newPlace(t)
	p.receive(p.book("alpha", "2026-03", "", rows{"acteurs": actors("A", "B", "C")}), p.book("alpha", "2026-04", "", rows{"acteurs": actors("A")}))
	const known = "SELECT strftime(periode, '%Y-%m'), string_agg(acteur_id, '' ORDER BY acteur_id) FROM etat.acteurs GROUP BY ALL ORDER BY ALL"
	p.expect(known, "2026-03 ABC", "2026-04 ABC")
	id := strings.TrimSpace(p.lines("SELECT identite FROM core.constats WHERE regle = 'ligne_disparue' AND cle = 'C'")[0])
	p.receive(p.answered("alpha", "2026-04", rows{"acteurs": actors("A")}, [3]string{id, "erreur de saisie", ""}))
	p.expect(known, "2026-03 ABC", "2026-04 AB")
	p.receive(p.book("alpha", "2026-05", "", rows{"acteurs": actors("A", "C")}))
	p.expect(known, "2026-03 ABC", "2026-04 AB", "2026-05 ABC")
}

// The template with the registers as last known leaves out what has been closed for long: sent back as it is, nothing
// is asked about it.
func TestTemplateSentBack(t *testing.T) {
	p := newPlace(t)
	p.receive(p.book("alpha", "2026-03", "", rows{
		"acteurs":  {actor("A", "A"), with(actor("B", "B"), "date_entree", on(2024, 6, 5), "date_sortie", on(2025, 3, 31))},
		"freins":   {brake, lifted("F2", on(2025, 3, 31)), lifted("F3", on(2025, 4, 1))},
		"attentes": {{"attente_id": "T1", "exprimee_par": "elus", "envers": "agents", "categorie": "convivialite", "date_expression": on(2024, 6, 5), "statut": "satisfaite", "date_fin": on(2025, 3, 5)}},
	}))
	registers, err := p.db.Registers(t.Context(), p.model, "alpha", on(2026, 4, 1))
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, table := range []string{"acteurs", "freins", "attentes"} {
		for _, row := range registers[table] {
			shown = append(shown, fmt.Sprint(row[p.model.Schemas[table].PrimaryKey[0]]))
		}
	}
	if got := strings.Join(shown, " "); got != "A F1 F3" {
		t.Errorf("the template shows %s", got)
	}
	p.receive(p.book("alpha", "2026-04", "", registers))
	p.expect("SELECT regle, cle FROM core.constats WHERE soumission = 2")
}

// A withdrawn reception counts for nothing: the version before it is current again, and its bytes may
// come anew.
func TestWithdrawal(t *testing.T) {
	p := newPlace(t)
	first := p.book("alpha", "2026-04", "", rows{"acteurs": actors("A")})
	second := p.book("alpha", "2026-04", "", rows{"acteurs": actors("A", "B")})
	p.state.Withdrawn = map[int]bool{2: true}
	p.receive(first, second)
	const versions = "SELECT soumission, statut, coalesce(version, 0), courante FROM core.soumissions ORDER BY ALL"
	p.expect(versions, "1 acceptee 1 true", "2 retiree 0 false")
	p.receive(second)
	p.expect(versions, "1 acceptee 1 false", "2 retiree 0 false", "3 acceptee 2 true")
}

// What a sheet brought: rows that are new, rows that say something else than before.
func TestWhatASheetBrought(t *testing.T) {
	p := newPlace(t)
	p.receive(
		p.book("alpha", "2026-03", "", rows{"acteurs": actors("A", "B")}),
		p.book("alpha", "2026-04", "", rows{"acteurs": {actor("A", "Acteur A"), actor("B", "Autre nom"), actor("C", "C"), with(actor("D", "D"), "famille", "fanfare")}}),
		p.book("alpha", "2026-04", "", rows{"acteurs": {actor("A", "Acteur A"), actor("B", "Autre nom"), actor("C", "CC")}}),
	)
	p.expect(`SELECT soumission, "table", lues, prises, ecartees, nouvelles, modifiees FROM core.bilans ORDER BY ALL`,
		"1 acteurs 2 2 0 2 0", "3 acteurs 3 3 0 0 1")
}

// A file that is touched, or put back as it lay there, sends nothing; other bytes at its place, or the same at another, do.
func TestUnchangedFiles(t *testing.T) {
	p := newPlace(t)
	first := p.book("alpha", "2026-04", "", rows{"acteurs": actors("A")})
	second := p.book("alpha", "2026-04", "", rows{"acteurs": actors("A", "B")})
	for i, r := range [][2]string{{"avril.xlsx", first}, {"corrigé.xlsx", second}, {"avril.xlsx", first}, {"corrigé.xlsx", second}, {"encore.xlsx", first}, {"corrigé.xlsx", first}, {"corrigé.xlsx", second}} {
		p.state.Receptions = append(p.state.Receptions, ingest.Entry{Path: r[0], Original: r[1], ReceivedAt: time.Date(2026, 6, 1, i, 0, 0, 0, time.UTC)})
	}
	p.build(first, second)
	p.expect("SELECT soumission, statut, coalesce(version, 0), courante FROM core.soumissions ORDER BY ALL",
		"1 acceptee 1 false", "2 acceptee 2 false", "3 doublon 0 false", "4 doublon 0 false", "5 acceptee 3 false", "6 doublon 0 false", "7 acceptee 4 true")
}
