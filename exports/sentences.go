package exports

import (
	"database/sql"
	"fmt"
	"strings"

	"cairn/indicators"
)

// Sentences are made from figures. A sentence says no more than its figure allows: a movement only in the word
// of its trend, a distance from the baseline only where the interval leaves it out. What cannot be said
// yet has a sentence too.

// figure is a published figure with what the long term says of it: what sentences are made from.
type figure struct {
	code, name, modalite string // the modalite as its label; empty: of all
	unit, sense          string // codes
	statut               indicators.Statut
	value, low, high     sql.Null[float64]
	numerator, denominator,
	reference sql.Null[float64]
	effectif sql.Null[int64]
	word     indicators.Word
	between  indicators.Interval // of the change; none for most of the indicators that are no share
}

// figureOf reads the columns indicateur, nom, modalite, unite, sens, statut_code, valeur, borne_basse, borne_haute,
// numerateur, denominateur, effectif, reference, ecart_bas, ecart_haut and mot, those of a query that it has.
func figureOf(r record) figure {
	effectif, known := r["effectif"].(int64)
	return figure{code: r.text("indicateur"), name: r.text("nom"), modalite: r.text("modalite"), unit: r.text("unite"), sense: r.text("sens"),
		statut: indicators.Statut(r.text("statut_code")), value: r.number("valeur"), low: r.number("borne_basse"), high: r.number("borne_haute"),
		numerator: r.number("numerateur"), denominator: r.number("denominateur"), reference: r.number("reference"),
		effectif: sql.Null[int64]{V: effectif, Valid: known}, word: indicators.Word(r.text("mot")),
		between: indicators.Interval{Low: r.number("ecart_bas"), High: r.number("ecart_haut")}}
}

func (r record) number(column string) sql.Null[float64] {
	x, known := r[column].(float64)
	return sql.Null[float64]{V: x, Valid: known}
}

// title is « C16 Freins ouverts, méfiance ».
func (f figure) title() string {
	if f.modalite == "" {
		return f.code + " " + f.name
	}
	return f.code + " " + f.name + ", " + strings.ToLower(f.modalite)
}

// census reports whether everybody was asked: the interval of a register's share is then the share itself.
func (f figure) census() bool { return f.low.Valid && f.low == f.high }

// level is « 56 % (de 35 % à 75 %), 14 sur 25 », « 58 %, 7 sur N = 12, recensement », « 3,5 mois », or why there is no value.
func (f figure) level() string {
	if !f.value.Valid {
		return f.absence()
	}
	text := quantity(f.unit, f.value.V)
	counts := f.denominator.Valid && f.numerator.Valid
	switch {
	case f.census() && counts:
		return typo(fmt.Sprintf("%s, %s sur N = %s, recensement", text, frenchNumber(f.numerator.V, 0), frenchNumber(f.denominator.V, 0)))
	case f.census() && f.effectif.Valid:
		return typo(fmt.Sprintf("%s, sur N = %d, recensement", text, f.effectif.V))
	case f.low.Valid && f.high.Valid:
		text += fmt.Sprintf(" (de %s à %s)", quantity(f.unit, f.low.V), quantity(f.unit, f.high.V))
	}
	if counts {
		text += fmt.Sprintf(", %s sur %s", frenchNumber(f.numerator.V, 0), frenchNumber(f.denominator.V, 0))
	}
	return typo(text)
}

// absence says why a figure has no value; « 3 sur 4 » where a share is under its floor and no secret.
func (f figure) absence() string {
	switch f.statut {
	case indicators.Outdated:
		return "non disponible, le dernier classeur est trop ancien"
	case indicators.NoData:
		return "non disponible, aucune donnée n’a été transmise"
	case indicators.TooFew:
		if f.numerator.Valid && f.denominator.Valid {
			return typo(fmt.Sprintf("%s sur %s, trop peu pour une valeur", frenchNumber(f.numerator.V, 0), frenchNumber(f.denominator.V, 0)))
		}
		return "trop peu d’observations pour une valeur"
	case indicators.SecretPrimary, indicators.SecretSecondary:
		return "valeur tenue secrète"
	}
	return "sans objet ce mois-ci"
}

// baseline sets the value beside the territory's own beginnings.
func (f figure) baseline() string {
	switch {
	case !f.value.Valid:
		return ""
	case !f.reference.Valid:
		return "pas encore de référence"
	}
	reference := quantity(f.unit, f.reference.V)
	up, down := f.moved()
	switch {
	case !up && !down:
		return typo(fmt.Sprintf("référence : %s, sans écart", reference))
	case !f.between.Low.Valid || !f.between.High.Valid:
		return typo(fmt.Sprintf("référence : %s, écart : %s", reference, signed(f.unit, f.gap().V)))
	case !f.outside():
		return typo(fmt.Sprintf("référence : %s, pas d’écart assuré", reference))
	case up:
		return typo(fmt.Sprintf("au-dessus de la référence (%s), écart assuré", reference))
	}
	return typo(fmt.Sprintf("au-dessous de la référence (%s), écart assuré", reference))
}

// movement is the trend in words, never stronger than its own.
func (f figure) movement() string {
	switch f.word {
	case indicators.Rising:
		return "en hausse depuis les débuts" + f.favour(" ")
	case indicators.Falling:
		return "en baisse depuis les débuts" + f.favour(" ")
	case indicators.NotDetectable:
		return "aucune évolution ne se distingue du hasard"
	case indicators.TooEarly:
		return "trop tôt pour dire une évolution"
	}
	return "évolution non testée"
}

// trending reports whether a movement stands out.
func (f figure) trending() bool { return f.word == indicators.Rising || f.word == indicators.Falling }

// favourable reports whether a movement that stands out is in the direction wished for, or against it. An
// indicator that only describes has none.
func (f figure) favourable() (good, bad bool) {
	if !f.trending() || f.sense == "descriptif" || f.sense == "" {
		return false, false
	}
	good = string(f.word) == f.sense
	return good, !good
}

func (f figure) favour(before string) string {
	switch good, bad := f.favourable(); {
	case good:
		return before + "(sens favorable)"
	case bad:
		return before + "(sens défavorable)"
	}
	return ""
}

// gap is how far the value is from the baseline.
func (f figure) gap() sql.Null[float64] {
	return sql.Null[float64]{V: f.value.V - f.reference.V, Valid: f.value.Valid && f.reference.Valid}
}

// moved says on which side of its beginnings a figure is: none when that is not known, or rounds to nothing.
func (f figure) moved() (up, down bool) {
	if !f.gap().Valid {
		return false, false
	}
	gap := signed(f.unit, f.gap().V)
	return strings.HasPrefix(gap, "+"), strings.HasPrefix(gap, "−")
}

// outside reports whether the interval of the change leaves out that there is none.
func (f figure) outside() bool {
	low, high := f.between.Low, f.between.High
	return low.Valid && high.Valid && (low.V > 0 || high.V < 0)
}

// proof is the strength of the proof that something has changed since the beginnings (not of why).
func (f figure) proof() string {
	trend := f.trending()
	switch {
	case !f.value.Valid:
		return "sans valeur"
	case f.word == indicators.TooEarly, !f.reference.Valid:
		return "trop tôt"
	case trend && f.outside():
		return "forte"
	case trend, f.outside():
		return "moyenne"
	case f.word == indicators.NotTested && !f.between.Low.Valid:
		return "non testée"
	}
	return "faible"
}

// sentence says all of a figure: « C02 Relations partenariales : 56 % (de 35 % à 75 %), 14 sur 25 ; au-dessus de la
// référence (31 %), écart assuré ; en hausse depuis les débuts (sens favorable). »
func (f figure) sentence() string {
	parts := []string{f.title() + " : " + f.level()}
	if text := f.baseline(); text != "" {
		parts = append(parts, text)
	}
	if f.value.Valid && f.word != indicators.NotTested {
		parts = append(parts, f.movement())
	}
	return typo(strings.Join(parts, " ; ") + ".")
}

// counted is « aucun frein », « 1 frein », « 2 freins », « 12 000 heures »: the number does not leave its noun.
func counted(n int, none, one, many string) string {
	switch n {
	case 0:
		return none
	case 1:
		return "1" + noBreak + one
	}
	return frenchNumber(float64(n), 0) + noBreak + many
}

// enumerate is « a », « a et b », « a, b et c ».
func enumerate(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " et " + items[len(items)-1]
}

// charts is « un graphique », « deux graphiques ».
func charts(n int) string {
	if n == 1 {
		return "un graphique"
	}
	return inLetters(n) + " graphiques"
}

// inLetters is a small number in letters, of what is masculine; another in digits.
func inLetters(n int) string {
	words := [...]string{"zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze", "seize"}
	if n >= 0 && n < len(words) {
		return words[n]
	}
	return frenchNumber(float64(n), 0)
}

// titled is an indicator's name, with the unit that no name tells, where none stands beside the values: « Délai médian de levée (mois) ».
func titled(r record) string {
	switch unit := r.text("unite"); unit {
	case "mois", "jours", "heures":
		return r.text("nom") + " (" + unit + ")"
	}
	return r.text("nom")
}

// quantity is a value in a unit of the indicators, as a person reads it: « 56 % », « 3,5 mois », « 1 200 € »,
// « 3,4 sur 5 », « 0,45 ».
func quantity(unit string, x float64) string {
	switch unit {
	case "part":
		return percent(x)
	case "euros":
		return frenchNumber(x, 0) + noBreak + "€"
	}
	text := frenchNumber(x, decimals(unit))
	switch unit {
	case "mois":
		return text + noBreak + "mois"
	case "note":
		return text + " sur" + noBreak + "5"
	case "jours", "heures", "personnes":
		if x < 2 && x > -2 { // as French counts: 1,5 heure
			unit = strings.TrimSuffix(unit, "s")
		}
		return text + noBreak + unit
	}
	return text
}
