package ingest

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// A proposal is what the sender of a refused cell, or of an unknown title, probably meant. It is
// said, and never applied: only the sender knows.

// propose returns what was probably meant by a cell that its field refused, as the sender would type
// it, or "".
func (m *Model) propose(f *Field, c Cell, epoch1904 bool) string {
	switch {
	case f.Type == "list":
		return m.proposeList(f, c.String())
	case f.CodeList != "":
		return m.proposeCode(f.CodeList, c.String())
	}
	switch f.Type {
	case "integer", "number":
		return m.proposeNumber(f, c)
	case "date":
		return proposeDate(c, epoch1904)
	case "string":
		return m.proposeText(f, c.String())
	}
	return ""
}

// proposeCode is the label of the one code that is nearest to a text.
func (m *Model) proposeCode(list, text string) string {
	names := map[string]string{} // a code and its label → the label
	for _, c := range m.CodeLists[list] {
		names[c.Value], names[c.Label] = c.Label, c.Label
	}
	return nearest(text, names)
}

var betweenCodes = regexp.MustCompile(`[;,/\n+&]|\bet\b`)

// proposeList proposes for each part of a list that is no code; all of them must have a proposal.
// A list is often typed with other separators than its own.
func (m *Model) proposeList(f *Field, text string) string {
	var labels []string
	for _, part := range betweenCodes.Split(text, -1) {
		if trim(part) == "" {
			continue
		}
		label := m.proposeCode(f.CodeList, part)
		if label == "" {
			return ""
		}
		labels = append(labels, label)
	}
	return strings.Join(labels, " "+f.Delimiter+" ")
}

// nearest returns what the one name that is nearest to a text stands for: one that begins with it, or
// at few edits of it once both are folded. "" when two are as near.
func nearest(text string, names map[string]string) string {
	folded := Fold(text)
	if len(folded) < 3 {
		return ""
	}
	best, found := 1+len(folded)/5, "" // an edit for five letters, and one more
	tie := false
	for name, meaning := range names {
		other := Fold(name)
		distance := levenshtein.ComputeDistance(folded, other)
		if strings.HasPrefix(other, folded) {
			distance = 0
		}
		switch {
		case distance > best:
		case distance < best || found == "":
			best, found, tie = distance, meaning, false
		case meaning != found:
			tie = true
		}
	}
	if tie {
		return ""
	}
	return found
}

// aNumber is a number within a text.
var aNumber = regexp.MustCompile(`[+\-−–]?\d+(?:[  \x{202f}’']\d{3})*(?:[.,]\d+)?`)

// saidAround are the words that may stand around a number without changing what it counts: by any other word, as a
// dozen, a day or a thousand, it may be worth something else. people are counted where a field has no unit.
var (
	saidAround = regexp.MustCompile(`^(env|environ|ca|approx|approximativement|a|peu|pres|au|moins|plus|de|d|quasi|presque|soit|total|en|tout)$`)
	people     = regexp.MustCompile(`^(personne|pers|participant|present|habitant|citoyen|elu|agent|benevole|acteur)e?s?$`)
	ofUnit     = map[string]*regexp.Regexp{"EUR": regexp.MustCompile(`^(eur|euro)s?$|^(ht|ttc)$`), "h": regexp.MustCompile(`^(h|heures?)$`)}
)

// minutesText is a duration in a field of hours.
var minutesText = regexp.MustCompile(`^(\d{1,4})[ \x{a0}\x{202f}]?(?:mi?n|minutes)$`)

// proposeNumber is the one number that a text holds: « env. 30 », « 30 personnes ». Of a whole number
// the three digits after a point or a comma are the thousands.
func (m *Model) proposeNumber(f *Field, c Cell) string {
	if c.Kind != Text {
		return ""
	}
	if p := minutesText.FindStringSubmatch(trim(c.Text)); p != nil && f.Unit == "h" {
		minutes := int(asNumber(p[1]))
		return m.readable(f, fmt.Sprintf("%dh%02d", minutes/60, minutes%60))
	}
	all := aNumber.FindAllStringIndex(c.Text, -1)
	if len(all) != 1 {
		return ""
	}
	number, before, after := c.Text[all[0][0]:all[0][1]], c.Text[:all[0][0]], c.Text[all[0][1]:]
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	if unicode.IsLetter(last) || unicode.IsLetter(first) || strings.ContainsFunc(before+after, strange) {
		return "" // a letter may be a digit: « l0 », « 3O »
	}
	counted := ofUnit[f.Unit]
	if f.Unit == "" {
		counted = people
	}
	for word := range strings.SplitSeq(Fold(before+" "+after), "_") {
		if word != "" && !saidAround.MatchString(word) && (counted == nil || !counted.MatchString(word)) {
			return ""
		}
	}
	if f.Type == "integer" && thousandOrThousandth.MatchString(number) {
		number = strings.NewReplacer(".", "\u00a0", ",", "\u00a0").Replace(number)
	}
	return m.readable(f, number)
}

// readable is a text if a field takes it without a word.
func (m *Model) readable(f *Field, said string) string {
	if text, rule := m.canonical(f, Cell{Kind: Text, Text: said}); text == "" || rule != "" || !within(f, text) {
		return ""
	}
	return said
}

// strange are the signs that may make another number of the one that they stand by: « 30 % », « 3½ », « 30/an ».
func strange(r rune) bool {
	return !unicode.IsLetter(r) && !isSpace(r) && !strings.ContainsRune("~≈<>+=?!.,;:()[]€'’«»", r)
}

// proposeDate reads a number as the day that it stands for in Excel, and an American date the other
// way round.
func proposeDate(c Cell, epoch1904 bool) string {
	const french = "02/01/2006"
	serial := c.Number
	if c.Kind == Text {
		if p := numericDate.FindStringSubmatch(trim(c.Text)); p != nil && len(p[3]) == 4 {
			if t, ok := day(p[3], p[1], p[2]); ok {
				return t.Format(french)
			}
		}
		if serial = asNumber(trim(c.Text)); !aSerial.MatchString(trim(c.Text)) {
			return ""
		}
	} else if c.Kind != Number {
		return ""
	}
	first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if epoch1904 {
		first = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if serial < 1 || serial > 100_000 {
		return ""
	}
	if t := first.AddDate(0, 0, int(serial)); t.Year() >= 1990 && t.Year() < 2100 {
		return t.Format(french)
	}
	return ""
}

var aSerial = regexp.MustCompile(`^\d{5}$`)

// proposeText mends what a spreadsheet does to an identifier that it takes for a number, zeros lost on
// the left, « .0 » added, and what people do: spaces, a SIRET for a SIREN, a small letter.
func (m *Model) proposeText(f *Field, text string) string {
	if f.pattern == nil {
		return ""
	}
	bare := strings.Join(strings.Fields(strings.TrimSuffix(text, ".0")), "")
	candidates := []string{bare, strings.ToUpper(bare)}
	for zeros := "0"; len(zeros) <= 2; zeros += "0" {
		candidates = append(candidates, zeros+bare)
	}
	if f.Check == "siren" && len(bare) == 14 {
		candidates = append(candidates, bare[:9])
	}
	for _, candidate := range candidates {
		if candidate != text && f.pattern.MatchString(candidate) && (f.Check != "siren" || luhn(candidate)) {
			return candidate
		}
	}
	return ""
}

// proposeTitle is the field of the table whose title, name or alias is nearest to a text, or −1.
func (s *Schema) proposeTitle(text string) int {
	names := map[string]string{}
	for i := range s.Fields {
		for _, title := range s.Fields[i].titles() {
			names[title] = s.Fields[i].Name
		}
	}
	if name := nearest(text, names); name != "" {
		return s.index(name)
	}
	return -1
}
