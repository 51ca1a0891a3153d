package oracle

import (
	"reflect"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the day of a reception is counted in Paris, on any machine

	"cairn/jobs/demo"
)

// month counts calendar months, day counts days since 1970-01-01.
type (
	month int
	day   int
)

func monthOf(t time.Time) month { return month(t.Year()*12 + int(t.Month()) - 1) }

func dayOf(t time.Time) day {
	y, m, d := t.Date()
	return day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

func (m month) first() time.Time {
	return time.Date(int(m)/12, time.Month(int(m)%12+1), 1, 0, 0, 0, 0, time.UTC)
}

func (m month) String() string { return m.first().Format("2006-01") }

func (d day) time() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

func (d day) String() string { return d.time().Format(time.DateOnly) }

// month is the calendar month of the day.
func (d day) month() month { return monthOf(d.time()) }

// fin is the last day of the month.
func (m month) fin() day { return dayOf((m + 1).first()) - 1 }

// window tells whether a day lies in 12m(p), the twelve months that end with p.
func (m month) window(d day) bool { return (m-12).fin() < d && d <= m.fin() }

// table says what identifies a row and which of its cells are required (the * of the framework).
type table struct {
	key      []string
	required []string
	dated    string // the date that is part of the key within one workbook
}

var tables = map[string]table{
	"acteurs":      {key: words("acteur_id"), required: words("acteur_id nom groupe_pairs famille date_entree")},
	"relations":    {key: words("declarant partenaire dimension"), required: words("declarant partenaire dimension date_observation type_relation"), dated: "date_observation"},
	"dialogues":    {key: words("dialogue_id"), required: words("dialogue_id date type statut")},
	"freins":       {key: words("frein_id"), required: words("frein_id exprime_par categorie date_identification statut")},
	"attentes":     {key: words("attente_id"), required: words("attente_id exprimee_par envers categorie date_expression statut")},
	"principes":    {key: words("repondant axe"), required: words("repondant groupe_pairs date_reponse axe"), dated: "date_reponse"},
	"engagements":  {key: words("engagement_id"), required: words("engagement_id acteur_id forme date_debut")},
	"projets":      {key: words("projet_id"), required: words("projet_id intitule theme porteur portage statut date_debut")},
	"ressources":   {key: words("ressource_id"), required: words("ressource_id projet_id date nature provenance")},
	"effets":       {key: words("effet_id"), required: words("effet_id projet_id date_constat domaine description sens anticipe horizon niveau_preuve")},
	"celebrations": {key: words("celebration_id"), required: words("celebration_id date intitule")},
	"reperes":      {key: words("repere_id"), required: words("repere_id date type intitule")},
	"deliberation": {key: words("dimension"), required: words("dimension date_deliberation")},
}

func words(s string) []string { return strings.Fields(s) }

// submission is a current one: nothing later replaced it.
type submission struct {
	periode  month
	emetteur string
	order    int // of its reception
	sheets   []demo.Sheet

	errors int // findings of severity erreur
}

// place is a territory and all that it, and the émetteurs there, have sent.
type place struct {
	id            string
	entree        day
	sortie        day // of a far future when it has not left
	own           map[month]*submission
	firsts        map[month]*submission // the first own workbook of each month
	months        []month               // those of own, ascending, at least one
	received      map[month]day         // the first reception of each month, in Paris
	ofTheEmetteur []*submission         // in the order of reception
}

const never = day(1 << 30)

// readPlaces gives the territories with an accepted own workbook.
func readPlaces(w *demo.World) []*place {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err) // time/tzdata is inside
	}
	var places []*place
	for _, row := range w.Territories {
		t := &place{
			id:       row["territoire_id"],
			entree:   attribute(row["date_entree"], -never),
			sortie:   attribute(row["date_sortie"], never),
			own:      map[month]*submission{},
			firsts:   map[month]*submission{},
			received: map[month]day{},
		}
		emitted := map[string]*submission{}
		for i, d := range w.Deliveries {
			if d.Rejected || d.Territoire != t.id {
				continue
			}
			s := &submission{periode: monthOf(d.Periode), emetteur: d.Emetteur, order: i, sheets: d.Sheets}
			s.countErrors(d.Faults)
			if d.Emetteur != "" {
				replace(emitted, s.periode.String()+" "+d.Emetteur, s)
				continue
			}
			if _, again := t.received[s.periode]; !again {
				t.received[s.periode] = dayOf(d.Received.In(paris))
				t.firsts[s.periode] = s
			}
			replace(t.own, s.periode, s)
		}
		if len(t.own) == 0 {
			continue
		}
		for m := range t.own {
			t.months = append(t.months, m)
		}
		slices.Sort(t.months)
		for _, s := range emitted {
			t.ofTheEmetteur = append(t.ofTheEmetteur, s)
		}
		slices.SortFunc(t.ofTheEmetteur, func(a, b *submission) int { return a.order - b.order })
		places = append(places, t)
	}
	return places
}

// countErrors counts the injuries that are to be called an error.
func (s *submission) countErrors(faults []demo.Fault) {
	for _, f := range faults {
		if f.Severity == "erreur" {
			s.errors++
		}
	}
}

// replace makes s the current submission; the current one sent again is not a reception.
func replace[K comparable](current map[K]*submission, k K, s *submission) {
	if before := current[k]; before != nil && reflect.DeepEqual(before.sheets, s.sheets) {
		return
	}
	current[k] = s
}

// attribute reads a date of territoires.csv.
func attribute(text string, none day) day {
	for _, layout := range []string{"2006-01-02", "02/01/2006"} {
		if d, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return dayOf(d)
		}
	}
	return none
}

// latest is the highest month ≤ p with an own workbook.
func (t *place) latest(p month) (month, bool) {
	for _, m := range slices.Backward(t.months) {
		if m <= p {
			return m, true
		}
	}
	return 0, false
}

// stale: nothing of its own for p, p−1 or p−2.
func (t *place) stale(p month) bool {
	m, any := t.latest(p)
	return !any || m < p-2
}

// sumWindow judges the window of a sum of flux: gaps when more than three of its months since the
// first one came without that sheet, short when it does not lie wholly after the first month.
func (t *place) sumWindow(name string, p month) (gaps, short bool) {
	missing := 0
	for m := max(p-11, t.months[0]); m <= p; m++ {
		if s := t.own[m]; s == nil || !s.has(name) {
			missing++
		}
	}
	return missing > 3, p-11 < t.months[0]
}

func (s *submission) has(name string) bool {
	return slices.ContainsFunc(s.sheets, func(sheet demo.Sheet) bool { return sheet.Table == name })
}

// valid gives the rows of a table that are not set aside.
func (s *submission) valid(name string) []*demo.Row {
	var rows []*demo.Row
	for i := range s.sheets {
		if s.sheets[i].Table != name {
			continue
		}
		for j := range s.sheets[i].Rows {
			if r := &s.sheets[i].Rows[j]; !r.Aside && !r.Total {
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// registre is what a register says at p: of each key the row of the highest month ≤ p.
func (t *place) registre(name string, p month) map[string]*demo.Row {
	at := map[string]*demo.Row{}
	for _, m := range t.months {
		if m > p {
			break
		}
		for _, r := range t.own[m].valid(name) {
			if retired(r) {
				delete(at, keyOf(name, r))
			} else {
				at[keyOf(name, r)] = r
			}
		}
	}
	return at
}

// events are those of a flux: of each identifier the row of the highest month, even after p. A
// withdrawal acts from its workbook's month on, so one of a later month is not seen yet.
func (t *place) events(name string, p month) []*demo.Row {
	last := map[string]*demo.Row{}
	for _, m := range t.months {
		for _, r := range t.own[m].valid(name) {
			if retired(r) && m > p {
				continue
			}
			last[keyOf(name, r)] = r
		}
	}
	var rows []*demo.Row
	for _, r := range last {
		if !retired(r) {
			rows = append(rows, r)
		}
	}
	return rows
}

// flux is the events of 12m(p).
func (t *place) flux(name, dated string, p month) []*demo.Row {
	var rows []*demo.Row
	for _, r := range t.events(name, p) {
		if d, ok := date(r, dated); ok && p.window(d) {
			rows = append(rows, r)
		}
	}
	return rows
}

// observation is a row of a relevé, with what decides between two of the same key.
type observation struct {
	row    *demo.Row
	day    day
	retire bool
	from   *submission
}

// later tells whether o replaces another of its key that was read before it.
func (o observation) later(than observation) bool {
	switch {
	case o.day != than.day:
		return o.day > than.day
	case o.retire != than.retire:
		return o.retire // a withdrawal comes after the observations of its day
	case o.from.periode != than.from.periode:
		return o.from.periode > than.from.periode
	case (o.from.emetteur == "") != (than.from.emetteur == ""):
		return o.from.emetteur != "" // who observed, over who relays
	default:
		return o.from.order > than.from.order // within one workbook the first row stands
	}
}

// releve is the observations that stand at p, by the key that identify gives (or drops).
func (t *place) releve(name, dated string, p month, identify func(*demo.Row) (string, bool)) map[string]*demo.Row {
	last := map[string]observation{}
	for _, s := range t.submissions() {
		for _, r := range s.valid(name) {
			o := observation{row: r, retire: retired(r), from: s, day: s.periode.fin()}
			if !o.retire {
				d, ok := date(r, dated)
				if !ok {
					continue
				}
				o.day = d
			}
			k, ok := identify(r)
			if !ok || o.day > p.fin() {
				continue
			}
			if before, seen := last[k]; !seen || o.later(before) {
				last[k] = o
			}
		}
	}
	standing := map[string]*demo.Row{}
	for k, o := range last {
		if !o.retire && p.window(o.day) {
			standing[k] = o.row
		}
	}
	return standing
}

// submissions is all that is current: the territory's own, then the émetteurs'.
func (t *place) submissions() []*submission {
	var all []*submission
	for _, m := range t.months {
		all = append(all, t.own[m])
	}
	return append(all, t.ofTheEmetteur...)
}

func keyOf(name string, r *demo.Row) string {
	var parts []string
	for _, field := range tables[name].key {
		parts = append(parts, text(r, field))
	}
	return strings.Join(parts, "\x1f")
}

// known is the value of a cell, unless it is empty, not understood, « nc » or « nsp ».
func known(r *demo.Row, field string) (any, bool) {
	if _, bad := r.Bad[field]; bad {
		return nil, false
	}
	v, ok := r.Values[field]
	if _, absent := v.(demo.Absence); absent || !ok || v == nil {
		return nil, false
	}
	return v, true
}

// filled: the cell is not empty, whatever it holds.
func filled(r *demo.Row, field string) bool {
	if _, bad := r.Bad[field]; bad {
		return true
	}
	v, ok := r.Values[field]
	return ok && v != nil && v != ""
}

// text is the empty string where the cell is unknown.
func text(r *demo.Row, field string) string {
	v, _ := known(r, field)
	s, _ := v.(string)
	return s
}

func date(r *demo.Row, field string) (day, bool) {
	v, _ := known(r, field)
	d, ok := v.(time.Time)
	return dayOf(d), ok
}

func number(r *demo.Row, field string) (float64, bool) {
	v, _ := known(r, field)
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

func boolean(r *demo.Row, field string) (value, ok bool) {
	v, _ := known(r, field)
	value, ok = v.(bool)
	return value, ok
}

func retired(r *demo.Row) bool {
	yes, _ := boolean(r, "retire")
	return yes
}
