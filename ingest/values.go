package ingest

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The reasons, other than a value, that an optional cell may give. Anywhere in raw text they are
// these two words, so that empty, zero, « non concerné » and « ne sait pas » stay apart.
const (
	NotConcerned = "nc"
	DoesNotKnow  = "nsp"
)

var absences = map[string]string{
	"nc": NotConcerned, "n_c": NotConcerned, "non_concerne": NotConcerned, "non_concernee": NotConcerned,
	"nsp": DoesNotKnow, "n_s_p": DoesNotKnow, "ne_sait_pas": DoesNotKnow, "ne_sais_pas": DoesNotKnow,
}

// isSpace adds to Unicode's spaces the zero-width ones and the byte-order mark that copy and paste bring.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200b' || r == '\u2060' || r == '\ufeff'
}

// canonical reads a filled cell as the field's type and returns its one text form: ISO dates,
// numbers with a dot and at most four decimals, true and false, codes, lists joined by « ; ».
// A rule is the code of what is wrong, the text then being empty, or of what is doubtful about a text
// that is taken.
func (m *Model) canonical(f *Field, c Cell) (text, rule string) {
	switch {
	case c.Kind == Fault && c.Text == "":
		return "", "formule_sans_valeur"
	case c.Kind == Fault, c.Kind == Text && errorText(c.Text):
		return "", "cellule_en_erreur"
	}
	switch f.Type {
	case "integer":
		n, ok := number(c, f)
		if !ok || math.Abs(n) > 1<<53 {
			return "", "nombre_illisible"
		}
		if n != math.Trunc(n) || c.Kind == Text && thousandOrThousandth.MatchString(c.Text) { // « 1.000 » people are not one
			return "", "nombre_non_entier"
		}
		return strconv.FormatInt(int64(n), 10), ""
	case "number":
		n, ok := number(c, f)
		if !ok || math.Abs(n) >= 1e13 {
			return "", "nombre_illisible"
		}
		if c.Kind == Text && thousandOrThousandth.MatchString(c.Text) {
			return decimal4(n), "milliers_ou_decimales"
		}
		return decimal4(n), ""
	case "boolean":
		if text := boolean(c); text != "" {
			return text, ""
		}
		return "", "oui_non_illisible"
	case "date":
		if t, ok := date(c); ok {
			return t.Format(time.DateOnly), ""
		}
		if t, ok := shortDate(c); ok {
			return t.Format(time.DateOnly), "annee_a_deux_chiffres"
		}
		return "", "date_illisible"
	case "yearmonth":
		if t, ok := month(c); ok {
			return t.Format("2006-01"), ""
		}
		return "", "date_illisible"
	case "list":
		return m.list(f, c.String())
	}
	if f.CodeList != "" {
		code := m.code(f.CodeList, c.String())
		if code == "" {
			return "", "code_inconnu"
		}
		return code, ""
	}
	text = c.String()
	if f.Check == "siren" {
		text = strings.Join(strings.Fields(text), "") // « 732 829 320 », as it is printed everywhere
	}
	if damagedText(text) {
		return text, "lettres_abimees"
	}
	return text, ""
}

// errorText reports whether a text is how Excel or LibreOffice shows an error value: all that is left
// of one in a .csv.
func errorText(text string) bool {
	if text == "" || text[0] != '#' && text[0] != 'E' {
		return false
	}
	return errorWord.MatchString(text)
}

var errorWord = regexp.MustCompile(`^(#(N/A|N/D|REF|VALUE|VALEUR|DIV/0|NUM|NOMBRE|NAME|NOM|NULL|NUL|SPILL|CALC)[!?]?|Err:\d{3})$`)

// damagedText reports whether a text went through a wrong charset on its way: letters replaced by
// U+FFFD, or UTF-8 taken for Windows-1252 (« Ã© » for « é »).
func damagedText(text string) bool {
	return strings.ContainsRune(text, utf8.RuneError) || strings.ContainsFunc(text, beginsTwice) && twiceEncoded.MatchString(text)
}

// beginsTwice reports whether twiceEncoded may begin with a letter, which takes less time to see.
func beginsTwice(r rune) bool { return r == 'Ã' || r == 'Â' || r == 'â' }

var twiceEncoded = regexp.MustCompile("[ÃÂ][\u0080-\u00bf€ŠšŽžŒœŸ‚ƒ„…†‡ˆ‰‹‘’“”•–—˜™›]|â€")

// code finds a code by its value or label, folded; "" when there is none.
func (m *Model) code(list, text string) string {
	return lookup(m.codes[list], text)
}

// lookup finds a text in a table that is keyed by what people mostly write and by its fold.
func lookup[V any](table map[string]V, text string) (found V) {
	if v, ok := table[text]; ok {
		return v
	}
	return table[Fold(text)]
}

func (m *Model) list(f *Field, text string) (joined, rule string) {
	var codes []string
	for _, part := range strings.Split(text, f.Delimiter) {
		if trim(part) == "" {
			continue
		}
		code := m.code(f.CodeList, part)
		if code == "" {
			return "", "code_inconnu"
		}
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	if len(codes) == 0 { // separators alone
		return "", "code_inconnu"
	}
	return strings.Join(codes, f.Delimiter), ""
}

// number reads a number as French people write it, with the unit of its field or none. A percentage
// (12 %, or a cell shown as one) is taken on a 0–100 scale.
func number(c Cell, f *Field) (float64, bool) {
	switch c.Kind {
	case Number:
		if math.IsInf(c.Number, 0) || math.IsNaN(c.Number) {
			return 0, false
		}
		if c.Format == Percent {
			return c.Number * 100, f.Unit == "%"
		}
		return c.Number, true
	case Text:
		return numberOfText(c.Text, f.Unit)
	}
	return 0, false
}

// thousandOrThousandth is a text that two countries read with a factor of a thousand between them:
// « 1.234 » and « 1,234 ».
var thousandOrThousandth = regexp.MustCompile(`^\D*[1-9]\d{0,2}[.,]\d{3}[^\dkKM]*$`)

// numberText is a sign, digits — alone or by threes, « 1 234 » — and decimals after a comma or a
// dot. A space elsewhere is no grouping: « 3 5 » is two numbers. The dot groups only before a comma.
var numberText = regexp.MustCompile(`^[+-]? ?((\d+|\d{1,3}( \d{3})+)([.,]\d+)?|\d{1,3}(\.\d{3})+,\d+)$`)

// hoursText is how hours are written: « 2 h », « 2h30 », « 2 heures 30 min », and 2:30 or 2:30:00 where a cell is shown
// as a time.
var hoursText = regexp.MustCompile(`(?i)^(\d{1,4}) ?(?:[h:] ?([0-5]\d)(?::([0-5]\d))?|h(?:eures?)? ?([0-5]\d)(?: ?(?:mi?n|minutes))?)$`)

// unitTexts are what may follow a number in a field of that unit, with what it is worth.
var unitTexts = map[string]map[string]float64{
	"%":   {"%": 1},
	"EUR": {"€": 1, "EUR": 1, "euros": 1, "k€": 1e3, "K€": 1e3, "M€": 1e6},
	"h":   {"h": 1, "H": 1, "heures": 1, "heure": 1},
}

func numberOfText(text, unit string) (float64, bool) {
	s := strings.Map(func(r rune) rune {
		switch {
		case r == '\'', r == '’', unicode.Is(unicode.Zs, r):
			return ' '
		case r == '−', r == '–':
			return '-'
		}
		return r
	}, trim(text))
	if unit == "h" {
		if p := hoursText.FindStringSubmatch(s); p != nil {
			return asNumber(p[1]) + asNumber(p[2]+p[4])/60 + asNumber(p[3])/3600, true
		}
	}
	worth := 1.0
	if end := strings.LastIndexFunc(s, unicode.IsDigit); end >= 0 && end+1 < len(s) {
		if worth = unitTexts[unit][strings.TrimLeft(s[end+1:], " ")]; worth == 0 {
			return 0, false
		}
		s = s[:end+1]
	}
	if !numberText.MatchString(s) {
		return 0, false
	}
	s = strings.ReplaceAll(s, " ", "")
	if strings.Contains(s, ",") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, ".", ""), ",", ".")
	}
	n, err := strconv.ParseFloat(s, 64)
	return n * worth, err == nil
}

// decimal4 writes a number with at most four decimals, rounded half away from zero on the shortest
// decimal form that reads back as the same float (so 1.00005 is a half, whatever its binary form).
func decimal4(n float64) string {
	s := strconv.FormatFloat(math.Abs(n), 'f', -1, 64)
	whole, frac, _ := strings.Cut(s, ".")
	if len(frac) > 4 {
		up := frac[4] >= '5'
		v, _ := strconv.ParseInt(whole+frac[:4], 10, 64) // n is below 1e13: 17 digits fit
		if up {
			v++
		}
		digits := strconv.FormatInt(v, 10)
		for len(digits) < 5 {
			digits = "0" + digits
		}
		whole, frac = digits[:len(digits)-4], digits[len(digits)-4:]
	}
	frac = strings.TrimRight(frac, "0")
	if frac != "" {
		whole += "." + frac
	}
	if n < 0 && strings.Trim(whole, "0.") != "" {
		return "-" + whole
	}
	return whole
}

func boolean(c Cell) string {
	switch c.Kind {
	case Bool:
		return strconv.FormatBool(c.Bool)
	case Number:
		if c.Number == 0 || c.Number == 1 {
			return strconv.FormatBool(c.Number == 1)
		}
	case Text:
		switch Fold(c.Text) {
		case "oui", "o", "vrai", "true", "x", "1":
			return "true"
		case "non", "n", "faux", "false", "0":
			return "false"
		}
		if t := trim(c.Text); t == "✓" || t == "✔" || t == "☑" {
			return "true"
		}
	}
	return ""
}

var (
	isoDate    = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?)?$`)
	frenchDate = regexp.MustCompile(`^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$`)
	wordDate   = regexp.MustCompile(`^(?:([a-z]+)_)?(\d{1,2})(?:er)?_([a-z]+)_(\d{4})$`)
	isoMonth   = regexp.MustCompile(`^(\d{4})[-/](\d{1,2})$`)
	slashMonth = regexp.MustCompile(`^(\d{1,2})[-/](\d{4})$`)
	wordMonth  = regexp.MustCompile(`^([a-z]+)_(\d{4})$`)

	twoDigitYear = regexp.MustCompile(`^(\d{1,2})[/.](\d{1,2})[/.](\d{2})$`)
	numericDate  = regexp.MustCompile(`^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})$`)
)

var weekdays = [7]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}

var monthNames = map[string]string{
	"janvier": "1", "fevrier": "2", "mars": "3", "avril": "4", "mai": "5", "juin": "6", "juillet": "7", "aout": "8",
	"septembre": "9", "octobre": "10", "novembre": "11", "decembre": "12",
	"janv": "1", "fevr": "2", "avr": "4", "juil": "7", "sept": "9", "oct": "10", "nov": "11", "dec": "12",
}

// date reads a day: a date cell, ISO text, jj/mm/aaaa or « 15 mars 2026 », its weekday before it or not.
func date(c Cell) (time.Time, bool) {
	if c.Kind == Date {
		return c.Date, possible(c.Date)
	}
	if c.Kind != Text {
		return time.Time{}, false
	}
	text := trim(c.Text)
	if p := isoDate.FindStringSubmatch(text); p != nil {
		return day(p[1], p[2], p[3])
	}
	if p := frenchDate.FindStringSubmatch(text); p != nil {
		return day(p[3], p[2], p[1])
	}
	if p := wordDate.FindStringSubmatch(Fold(text)); p != nil {
		t, ok := day(p[4], monthNames[p[3]], p[2])
		return t, ok && (p[1] == "" || p[1] == weekdays[t.Weekday()])
	}
	return time.Time{}, false
}

// shortDate reads a day whose year has two digits, as everybody does: of this century up to 68.
func shortDate(c Cell) (time.Time, bool) {
	p := twoDigitYear.FindStringSubmatch(trim(c.Text))
	if c.Kind != Text || p == nil {
		return time.Time{}, false
	}
	century := "20"
	if p[3] > "68" {
		century = "19"
	}
	return day(century+p[3], p[2], p[1])
}

// dayOrMonth tells of a date in figures whether its first two parts could be a day and a month either
// way round, and whether they can only be the American one.
func dayOrMonth(c Cell) (either, american bool) {
	p := numericDate.FindStringSubmatch(trim(c.Text))
	if c.Kind != Text || p == nil {
		return false, false
	}
	first, second := asNumber(p[1]), asNumber(p[2])
	return first <= 12 && second <= 12 && first != second, first <= 12 && second > 12 && second <= 31
}

// month reads a month: 2026-11, 11/2026, « novembre 2026 » or a date of that month.
func month(c Cell) (time.Time, bool) {
	if t, ok := date(c); ok {
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC), true
	}
	if c.Kind != Text {
		return time.Time{}, false
	}
	text := trim(c.Text)
	if p := isoMonth.FindStringSubmatch(text); p != nil {
		return day(p[1], p[2], "1")
	}
	if p := slashMonth.FindStringSubmatch(text); p != nil {
		return day(p[2], p[1], "1")
	}
	if p := wordMonth.FindStringSubmatch(Fold(text)); p != nil {
		return day(p[2], monthNames[p[1]], "1")
	}
	return time.Time{}, false
}

// possible reports whether a date lies between 1900 and 2199.
func possible(t time.Time) bool { return t.Year() >= 1900 && t.Year() < 2200 }

// day makes a date of its parts if there is such a day, and it is a possible one.
func day(year, month, dayOfMonth string) (time.Time, bool) {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(dayOfMonth)
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, possible(t) && t.Year() == y && t.Month() == time.Month(m) && t.Day() == d
}

// luhn reports whether the last digit of a number is its Luhn key.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
