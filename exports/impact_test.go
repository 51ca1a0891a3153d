package exports

import (
	"bytes"
	"database/sql"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"cairn/indicators"
	"cairn/ingest"
)

func known(x float64) sql.Null[float64] { return sql.Null[float64]{V: x, Valid: true} }

// shareOf is a share with its interval and what it was at the start.
func shareOf(code string, value, low, high, reference float64, word indicators.Word) effect {
	return effect{figure: figure{code: code, name: "Nom de " + code, unit: "part", sense: "hausse", statut: indicators.OK, value: known(value), low: known(low), high: known(high),
		numerator: known(89), denominator: known(195), effectif: sql.Null[int64]{V: 195, Valid: true}, reference: known(reference), word: word,
		between: indicators.Interval{Low: known(value - reference - 0.15), High: known(value - reference + 0.15)}}, label: "Nom de " + code, source: "source", limits: "limites"}
}

// fullSummary is a summary that is as long as it gets: ten territories, and texts that nobody keeps short.
func fullSummary(t testing.TB) *summary {
	t.Helper()
	m, err := ingest.LoadModel()
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("un texte que personne n’a voulu court & <b>gras</b> ", 12)
	s := &summary{base: &base{model: m, release: testRelease(), made: time.Date(2026, 11, 5, 17, 0, 0, 0, time.UTC)}, set: "*fondation", name: "Fondation pour la coopération durable et solidaire",
		labels: map[string]string{"C02": "Alliances de confiance"}, current: 10,
		scope:   record{"territoires": int64(12), "recus": int64(114), "attendus": int64(144), "projets": int64(124), "projets_en_cours": int64(63), "projets_arretes": int64(15)},
		figures: map[string]effect{}, story: record{"territoire": "Communauté d’agglomération du Val d’Ancelle", "intitule": long, "date_debut": day2026(1, 5), "date_constat": day2026(8, 5), "description": long,
			"niveau_preuve": "verifie", "beneficiaires": int64(1234), "celebration": long, "celebre_le": day2026(9, 5), "revers": long},
		harm:   record{"territoire": "Communauté d’agglomération du Val d’Ancelle", "intitule": long, "description": long, "niveau_preuve": "mesure"},
		lesson: record{"levier": long, "freins": int64(12)},
		means:  means{territories: 9, projects: 64, total: share{cents: sql.Null[int64]{V: 127630800, Valid: true}}}}
	for _, label := range []string{"Publique", "Privée", "Citoyenne", "Usagers"} {
		s.means.byProvenance = append(s.means.byProvenance, share{"code", label, sql.Null[int64]{V: 31907700, Valid: true}})
	}
	for _, f := range impactFigures {
		e := shareOf(f.code, 0.46, 0.39, 0.53, 0.58, indicators.TooEarly)
		e.funder, e.name, e.label = "Alliances de confiance entre acteurs", "Maintien de l’engagement public à 24 mois", "Maintien de l’engagement public à 24 mois"
		s.figures[f.code+f.modalite] = e
	}
	for _, name := range []string{"Absence d’espace de parole", "Culture hiérarchique"} {
		e := shareOf("C16", 7, 0, 0, 0, indicators.TooEarly)
		e.figure.modalite = name
		s.freins, s.refusals = append(s.freins, e), append(s.refusals, e)
	}
	for i := range 10 {
		s.places = append(s.places, record{"nom": fmt.Sprintf("Communauté d’agglomération numéro %d", i), "indicateur": "C02", "unite": "part", "statut_code": "ok",
			"valeur": float64(i) / 10, "borne_basse": 0.0, "borne_haute": 1.0, "reference": 0.45, "effectif": int64(9)})
	}
	s.places[3] = record{"nom": "Sans valeur", "unite": "part", "statut_code": "effectif_insuffisant"}
	return s
}

// emptySummary is a summary of two territories that have no figure together, no effect and no money.
func emptySummary(t testing.TB) *summary {
	s := fullSummary(t)
	s.current, s.story, s.harm, s.lesson, s.means, s.freins, s.refusals, s.places, s.labels = 2, nil, nil, nil, means{territories: 2}, nil, nil, nil, nil
	s.scope = record{"territoires": int64(2), "recus": int64(1), "attendus": int64(2)}
	for key, e := range s.figures {
		e.figure = figure{code: e.code, name: e.name, unit: e.unit, sense: e.sense, statut: indicators.TooFew, word: indicators.TooEarly}
		e.between, e.funder = indicators.Interval{}, ""
		s.figures[key] = e
	}
	return s
}

// Titles say what the first figure shows, and no more.
func TestFinding(t *testing.T) {
	const relations = "46\u00a0% des relations sont, des deux côtés, un partenariat ou une coopération"
	for name, c := range map[string]struct {
		change func(*summary, *effect)
		want   string
	}{
		"rising":         {func(_ *summary, e *effect) { e.word = indicators.Rising }, "Le partenariat et la coopération progressent\u00a0: " + relations + ", contre 33\u00a0% au départ"},
		"falling":        {func(_ *summary, e *effect) { e.word, e.reference = indicators.Falling, known(0.6) }, "Le partenariat et la coopération reculent\u00a0: " + relations + ", contre 60\u00a0% au départ"},
		"rising, lower":  {func(_ *summary, e *effect) { e.word, e.reference = indicators.Rising, known(0.6) }, relations + ", contre 60\u00a0% au départ\u202f; cet écart ne se distingue pas du hasard"},
		"chance":         {func(*summary, *effect) {}, relations + ", contre 33\u00a0% au départ\u202f; cet écart ne se distingue pas du hasard"},
		"distance alone": {func(_ *summary, e *effect) { e.between.Low = known(0.02) }, relations + ", contre 33\u00a0% au départ\u202f; l’écart est net, la tendance n’est pas établie"},
		"no distance":    {func(_ *summary, e *effect) { e.reference = known(0.462) }, relations + ", comme au départ"},
		"too early":      {func(_ *summary, e *effect) { e.word = indicators.TooEarly }, relations + "\u202f; il est trop tôt pour dire si cela change"},
		"no start":       {func(_ *summary, e *effect) { e.reference = sql.Null[float64]{} }, relations + "\u202f; il est trop tôt pour dire si cela change"},
		"no value":       {func(_ *summary, e *effect) { e.value, e.statut = sql.Null[float64]{}, indicators.NoData }, "Trop tôt pour le dire\u00a0: non disponible, aucune donnée n’a été transmise"},
		"two places":     {func(s *summary, _ *effect) { s.current = 2 }, "2\u00a0territoires, trop peu pour un chiffre d’ensemble\u00a0: chacun est montré face à son propre départ"},
		"nobody":         {func(s *summary, _ *effect) { s.current = 0 }, "Aucun territoire n’a de classeur récent, rien ne peut être dit de l’ensemble"},
	} {
		e := shareOf("C02", 0.46, 0.39, 0.53, 0.33, indicators.NotDetectable)
		e.between = indicators.Interval{Low: known(-0.03), High: known(0.26)}
		s := &summary{current: 10}
		c.change(s, &e)
		s.figures = map[string]effect{"C02": e}
		if got := s.finding(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A strong proof wants both the trend and the distance; none is claimed where nothing was tested.
func TestProof(t *testing.T) {
	clear, unclear := indicators.Interval{Low: known(0.1), High: known(0.2)}, indicators.Interval{Low: known(-0.1), High: known(0.2)}
	for _, c := range []struct {
		word    indicators.Word
		between indicators.Interval
		want    string
	}{
		{indicators.Rising, clear, "forte"}, {indicators.Falling, clear, "forte"}, {indicators.Rising, unclear, "moyenne"}, {indicators.Rising, indicators.Interval{}, "moyenne"},
		{indicators.NotDetectable, clear, "moyenne"}, {indicators.NotDetectable, unclear, "faible"}, {indicators.NotDetectable, indicators.Interval{}, "faible"},
		{indicators.TooEarly, clear, "trop tôt"}, {indicators.NotTested, indicators.Interval{}, "non testée"}, {indicators.NotTested, clear, "moyenne"},
	} {
		e := shareOf("C02", 0.46, 0.39, 0.53, 0.33, c.word)
		e.between = c.between
		if got := e.proof(); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.word, c.between, got, c.want)
		}
		e.reference = sql.Null[float64]{}
		if got := e.proof(); got != "trop tôt" {
			t.Errorf("%s without a start: %q", c.word, got)
		}
		e.value = sql.Null[float64]{}
		if got := e.proof(); got != "sans valeur" {
			t.Errorf("%s without a value: %q", c.word, got)
		}
	}
}

func TestChartFinding(t *testing.T) {
	// The interval of the value leaves the start out each time: what counts is that of the change.
	at := func(value, reference, low, high any) record {
		return record{"unite": "part", "statut_code": "ok", "valeur": value, "borne_basse": value, "borne_haute": value, "reference": reference, "ecart_bas": low, "ecart_haut": high}
	}
	up, down, unclear, unknown := at(0.5, 0.1, 0.2, 0.5), at(0.2, 0.4, -0.4, -0.1), at(0.5, 0.4, -0.2, 0.3), at(nil, nil, nil, nil)
	for _, c := range []struct {
		places []record
		want   string
	}{
		{nil, "Aucun territoire n’a encore une valeur et un départ : trop tôt pour le dire"},
		{[]record{unknown}, "Aucun territoire n’a encore une valeur et un départ : trop tôt pour le dire"},
		{[]record{up, up, down, unclear}, "Trois territoires sur quatre sont au-dessus de leur propre départ, un au-dessous\u202f; l’écart est assuré pour trois"},
		{[]record{up, unknown}, "Un territoire sur un est au-dessus de son propre départ, aucun au-dessous\u202f; l’écart est assuré pour un"},
		{[]record{unclear, unclear}, "Deux territoires sur deux sont au-dessus de leur propre départ, aucun au-dessous\u202f; l’écart n’est assuré pour aucun"},
		{[]record{down, down}, "Aucun territoire sur deux n’est au-dessus de son propre départ, deux au-dessous\u202f; l’écart est assuré pour deux"},
	} {
		if got := chartFinding(c.places); got != typo(c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestQuoted(t *testing.T) {
	if got := quoted(" Deux  emplois\nont été créés. "); got != "« Deux emplois ont été créés »" {
		t.Errorf("%q", got)
	}
	if got := quoted(strings.Repeat("mot ", 100)); len([]rune(got)) > textLimit+5 || !strings.HasSuffix(got, "mot… »") {
		t.Errorf("%q", got)
	}
}

// Money is shown where no project can be told of: alone, by subtraction of another set, or from the total.
func TestMeansKeepSecrets(t *testing.T) {
	row := func(territory, project, provenance string, cents int64) record {
		return record{"territoire_id": territory, "projet_id": project, "provenance": provenance, "provenance_libelle": provenance, "nature": "don", "nature_libelle": "Don", "centimes": cents}
	}
	var even []record // three projects of each provenance in each of four territories
	for _, territory := range []string{"a", "b", "c", "d"} {
		for _, provenance := range []string{"citoyenne", "privee", "publique"} {
			for i := range 3 {
				even = append(even, row(territory, fmt.Sprint("P", i), provenance, 1000))
			}
		}
	}
	shown := func(m means) string {
		var words []string
		for _, part := range m.byProvenance {
			if part.cents.Valid {
				words = append(words, fmt.Sprint(part.code, "=", part.cents.V))
			} else {
				words = append(words, part.code+"=s")
			}
		}
		slices.Sort(words)
		if m.total.cents.Valid {
			words = append(words, fmt.Sprint("total=", m.total.cents.V))
		}
		return strings.Join(words, " ")
	}
	all := map[string][]string{"*": {"a", "b", "c", "d"}}
	for name, c := range map[string]struct {
		amounts []record
		members map[string][]string
		set     string
		want    string
	}{
		"all may be shown": {even, all, "*", "citoyenne=12000 privee=12000 publique=12000 total=36000"},
		"two territories":  {even, map[string][]string{"*": {"a", "b"}}, "*", ""},
		"no money":         {nil, all, "*", ""},
		"two projects, and the least of the others": {append(slices.Clone(even), row("a", "P0", "usagers", 5000), row("b", "P0", "usagers", 4000)), all, "*",
			"citoyenne=s privee=12000 publique=12000 usagers=s total=45000"},
		"one has most of it": {append(slices.Clone(even), row("a", "P0", "usagers", 50000), row("b", "P0", "usagers", 10), row("c", "P0", "usagers", 10), row("d", "P0", "usagers", 10)), all, "*",
			"citoyenne=s privee=12000 publique=12000 usagers=s total=86030"},
		"what is left of the programme tells": {append(slices.Clone(even), row("d", "P9", "usagers", 2000), row("a", "P1", "usagers", 2000), row("b", "P1", "usagers", 2000), row("c", "P1", "usagers", 2000)),
			map[string][]string{"*": {"a", "b", "c", "d"}, "*f": {"a", "b", "c"}}, "*f", "citoyenne=s privee=9000 publique=9000 usagers=s total=33000"},
		"the whole is one project": {[]record{row("a", "P0", "publique", 99000), row("b", "P0", "publique", 10), row("c", "P0", "publique", 10)}, map[string][]string{"*": {"a", "b", "c"}}, "*", ""},
	} {
		if got := shown(newMeans(c.amounts, c.set, c.members)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// pages are the summaries that the tests of the page look at.
func pages(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for name, s := range map[string]*summary{"full": fullSummary(t), "empty": emptySummary(t)} {
		page, err := s.page("2026-10_fondation_impact.xlsx")
		if err != nil {
			t.Fatal(err)
		}
		all[name] = page
	}
	for path, data := range readTree(t, shared(t).dir+"/"+impactDir) {
		if strings.HasSuffix(path, ".html") {
			all[path] = data
		}
	}
	return all
}

// The page stands alone and is marked up as assistive technology needs it.
func TestImpactPages(t *testing.T) {
	for name, page := range pages(t) {
		if len(page) > 300_000 {
			t.Errorf("%s: %d bytes", name, len(page))
		}
		for _, bad := range []string{"<script", "src=", "href=", "url(", "@import", "ZgotmplZ", "<b>gras", "\u00a0\u00a0", "%!"} {
			if bytes.Contains(page, []byte(bad)) {
				t.Errorf("%s holds %q", name, bad)
			}
		}
		checkMarkup(t, name, page)
	}
}

func checkMarkup(t *testing.T, name string, page []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	ids, heading, count, text, open := map[string]bool{}, 0, map[string]int{}, "", []string{}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			attr := map[string]string{}
			for _, a := range e.Attr {
				attr[a.Name.Local] = a.Value
			}
			tag := e.Name.Local
			count[tag]++
			text, open = "", append(open, tag)
			if id := attr["id"]; id != "" && ids[id] {
				t.Errorf("%s: id %s twice", name, id)
			} else if id != "" {
				ids[id] = true
			}
			if len(tag) == 2 && tag[0] == 'h' && tag[1] >= '1' && tag[1] <= '6' {
				level := int(tag[1] - '0')
				if level > heading+1 {
					t.Errorf("%s: h%d after h%d", name, level, heading)
				}
				heading = level
			}
			switch {
			case tag == "html" && attr["lang"] != "fr":
				t.Errorf("%s: lang %q", name, attr["lang"])
			case tag == "th" && attr["scope"] != "col" && attr["scope"] != "row":
				t.Errorf("%s: a th without scope", name)
			case tag == "svg" && (attr["role"] != "img" || attr["aria-labelledby"] == "" && attr["aria-label"] == ""):
				t.Errorf("%s: an svg without a name", name)
			case tag == "svg" && attr["class"] == "dumbbell":
				count["dumbbell"]++
			}
		case xml.CharData:
			text += string(e)
		case xml.EndElement:
			if tag := e.Name.Local; (tag == "title" || tag == "desc" || tag == "td" || tag == "th" || tag == "caption" || tag == "li" || tag == "p" || tag == "h2") &&
				strings.TrimSpace(text) == "" && !slices.Contains([]string{"td", "th", "li", "p"}, tag) {
				t.Errorf("%s: an empty %s", name, tag)
			}
			open = open[:len(open)-1]
		}
	}
	if count["h1"] != 1 || count["main"] != 1 || count["title"] != count["dumbbell"]+1 || count["desc"] != count["dumbbell"] || count["table"] < 2 || count["caption"] != count["table"] {
		t.Errorf("%s: %v", name, count)
	}
	if len(open) != 0 {
		t.Errorf("%s: %v stay open", name, open)
	}
}

// A drawing tells what it shows.
func TestDumbbell(t *testing.T) {
	e := shareOf("C02", 0.46, 0.39, 0.53, 0.33, indicators.NotDetectable)
	d := newDumbbell("x", "Ici", e.figure)
	if d.Desc != typo("Départ : 33 %. Aujourd’hui : 46 %, intervalle de 39 % à 53 %.") || d.Start != "34.36%" || d.Today != "46.32%" || d.Low != "39.88%" || d.From == "" {
		t.Errorf("%+v", d)
	}
	e.high, e.low = e.value, e.value
	if d := newDumbbell("x", "Ici", e.figure); d.Low != "" || !strings.Contains(d.Desc, "recensement") {
		t.Errorf("census: %+v", d)
	}
	e.value = sql.Null[float64]{}
	if d := newDumbbell("x", "Ici", e.figure); d.Today != "" || d.From != "" || !strings.Contains(d.Desc, "pas de valeur") {
		t.Errorf("without a value: %+v", d)
	}
	e.reference = sql.Null[float64]{}
	if d := newDumbbell("x", "Ici", e.figure); d != nil {
		t.Errorf("with nothing: %+v", d)
	}
}

// The annex holds the figures as numbers, beside the funder's own words.
func TestImpactAnnex(t *testing.T) {
	data, err := fullSummary(t).annex(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.GetSheetList(); !slices.Equal(got, []string{"Couverture", "Sommaire", "Effets", "Moyens", "Notes"}) {
		t.Errorf("sheets %v", got)
	}
	rows, err := f.GetRows("Effets", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	header, last := tableAt(t, f, "Effets")
	if last-header != len(impactFigures) {
		t.Errorf("%d rows of effects, want %d", last-header, len(impactFigures))
	}
	if got := strings.Join(rows[header][:8], "|"); got != "C02|Maintien de l’engagement public à 24 mois|Alliances de confiance entre acteurs|0.58|0.46|0.39|0.53|-12" {
		t.Errorf("first row %s", got)
	}
	again, err := fullSummary(t).annex(t.Context())
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("written twice it has other bytes (%v)", err)
	}
}

// Every annex of a release is dated as its data.
func TestImpactAnnexesAreDated(t *testing.T) {
	annexes := 0
	for path, data := range readTree(t, shared(t).dir+"/"+impactDir) {
		if !strings.HasSuffix(path, ".xlsx") {
			continue
		}
		annexes++
		f, err := excelize.OpenReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(path, err)
		}
		defer f.Close()
		if props, err := f.GetDocProps(); err != nil || props.Created != "2026-11-05T17:00:00Z" {
			t.Errorf("%s: properties %+v %v", path, props, err)
		}
	}
	if annexes != 1+len(testRelease().Funders) {
		t.Errorf("%d annexes", annexes)
	}
}

func TestImpactIndicatorsAreTenAtMost(t *testing.T) {
	if codes := ImpactIndicators(); len(codes) > 10 {
		t.Errorf("%d indicators: %v", len(codes), codes)
	}
}
