package ingest

import (
	"strings"
	"testing"
)

// TestCustomFormats is a table of number formats that people write, or that programs write for
// them. The class alone matters: whether the number is a day, a ratio, an amount or plain.
func TestCustomFormats(t *testing.T) {
	for class, codes := range map[Format]map[string]string{
		General: {
			"nothing":                         "",
			"General":                         "GENERAL",
			"in French":                       "Standard",
			"General and a unit":              `General" agents"`,
			"a colour":                        "[Blue]General",
			"texts only":                      `"oui";"oui";"non"`,
			"nothing shown":                   ";;;",
			"a text with letters of dates":    `"jj/mm/aaaa"`,
			"escaped letters of dates":        `\d\a\y`,
			"a quote left open":               `"0`,
			"a bracket left open":             "[h",
			"an escape at the end":            `\`,
			"a condition alone":               "[>=100]",
			"a percent sign that is a text":   `"%"`,
			"an amount in the second section": `;0.00 "€"`,
		},
		Decimal: {
			"thousands":                      "#,##0",
			"French thousands":               `#\ ##0.00`,
			"a fraction":                     "# ?/?",
			"science":                        "##0.0E+0",
			"accounts without currency":      `_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-`,
			"a telephone":                    `0#" "##" "##" "##" "##`,
			"a percent in quotes":            `0" %"`,
			"an escaped percent":             `0\%`,
			"a percent in another section":   "0;0%",
			"a unit in quotes":               `0" jours"`,
			"an escaped unit":                `0\ \h`,
			"days in quotes before":          `"le jour "0`,
			"a colour in English":            "[Red]0.00",
			"a colour in French":             "[Rouge]-0,00",
			"a colour by number":             "[Color 10]0",
			"a condition":                    "[>=100]0;0.00",
			"a date in the second section":   "0;dd/mm/yyyy",
			"a text in the last section":     "0;-0;0;@",
			"padding that is a letter":       "_d0*m",
			"another currency than the euro": `[$£-809]#,##0`,
			"0 and a language":               "[$-40C]0",
		},
		Padded(5):          {"a postcode": "00000"},
		Padded(13):         {"a European article number": "0000000000000"},
		Padded(maxPadding): {"more zeros than anybody needs": "0000000000000000000000000"},
		Percent: {
			"plain": "0%", "with decimals": "0.00%", "French": "0,0 %", "escaped blank": `0\ %`, "sections": "0%;-0%;0%", "a colour": "[Red]0%", "no-break space": "0\u00a0%",
		},
		Currency: {
			"the sign":            "#,##0.00 €",
			"the sign in quotes":  `#,##0.00" €"`,
			"escaped blank":       `#,##0.00\ "€"`,
			"by locale":           `#,##0.00 [$€-40C]`,
			"by locale, before":   `[$€-2] #,##0`,
			"by code":             `#,##0 [$EUR]`,
			"accounts":            `_-* #,##0.00\ "€"_-;\-* #,##0.00\ "€"_-;_-* "-"??\ "€"_-;_-@_-`,
			"thousands of euros":  `#,##0," k€"`,
			"red where below":     `#,##0.00 €;[Red]-#,##0.00 €`,
			"no digit of its own": `"€"General`,
		},
		AsText: {"at": "@", "at and blanks": " @ ", "at and a text": `@" (dit)"`, "a colour": "[Red]@"},
		Day: {
			"French, as Excel keeps it":  "dd/mm/yyyy",
			"French, as tools write it":  "jj/mm/aaaa",
			"French and short":           "jj/mm/aa",
			"in capitals":                "JJ/MM/AAAA",
			"words in French":            "[$-40C]d mmmm yyyy",
			"words with the day":         "[$-40C]dddd d mmmm yyyy",
			"French words":               "jjjj j mmmm aaaa",
			"the system's long date":     `[$-F800]dddd\,\ mmmm\ dd\,\ yyyy`,
			"escaped hyphens":            `yyyy\-mm\-dd`,
			"a text section":             "dd/mm/yyyy;@",
			"month and year":             "mm/yyyy",
			"month alone":                "mmmm",
			"m alone":                    "m",
			"mm alone":                   "mm",
			"year alone":                 "yyyy",
			"French year alone":          "aaaa",
			"with an hour":               "dd/mm/yyyy hh:mm",
			"with morning and afternoon": "m/d/yy h:mm AM/PM",
			"words in quotes":            `"le "d" du mois"`,
			"a colour":                   "[Red]dd/mm/yyyy",
			"Japanese":                   `yyyy"年"m"月"d"日"`,
		},
		Clock: {
			"hours": "h:mm", "with seconds": "hh:mm:ss", "minutes": "mm:ss", "tenths": "mm:ss.0", "elapsed hours": "[h]:mm", "elapsed in capitals": "[HH]:MM:SS", "elapsed minutes": "[mm]:ss",
			"elapsed seconds": "[ss]", "French letters": `h" h "mm`, "morning and afternoon": "h:mm AM/PM", "morning and afternoon, short": "h:mm a/p", "the system's": "[$-F400]h:mm:ss AM/PM", "a text section": "hh:mm;@",
		},
	} {
		for name, code := range codes {
			if got := classifyFormat(code); got != class {
				t.Errorf("%s, %q, is of class %d, want %d", name, code, got, class)
			}
		}
	}
}

// TestBuiltinFormats are those that a file does not spell out, by their numbers.
func TestBuiltinFormats(t *testing.T) {
	for id, want := range map[int]Format{
		0: General, 1: Decimal, 2: Decimal, 3: Decimal, 4: Decimal, 5: Currency, 8: Currency, 9: Percent, 10: Percent, 11: Decimal, 12: Decimal, 13: Decimal,
		14: Day, 15: Day, 16: Day, 17: Day, 18: Clock, 19: Clock, 20: Clock, 21: Clock, 22: Day, 27: Day, 31: Day, 32: Clock, 36: Day,
		37: Decimal, 38: Decimal, 39: Decimal, 40: Decimal, 41: Currency, 44: Currency, 45: Clock, 46: Clock, 47: Clock, 48: Decimal, 49: AsText, 163: Decimal,
	} {
		if got := builtinFormat(id); got != want {
			t.Errorf("format %d is of class %d, want %d", id, got, want)
		}
	}
}

// FuzzFormat takes any text for a number format. What people put before it — a text, a colour, an
// escaped letter, padding — is decoration: it never changes the class.
func FuzzFormat(f *testing.F) {
	for _, code := range []string{"", "General", "0.00", `"€"0`, "[$€-40C]#,##0", "0 %", "jj/mm/aaaa", "[h]:mm", "h:mm AM/PM", "h:mm a/p", "@", `\d`, "_-* #", "[", `"`, "m;@", "\xff", "İ", "standard", "a/p0"} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		class := classifyFormat(code)
		if class > Padded(maxPadding) {
			t.Fatalf("%q is of class %d", code, class)
		}
		for _, decoration := range []string{`"d h 0 %"`, "[Red]", "[>=100]", "[$-40C]", `\d`, "_h", "*%"} {
			if got := classifyFormat(decoration + code); got != class {
				t.Errorf("%q is of class %d, with %s before it %d", code, class, decoration, got)
			}
		}
		if first, _, _ := strings.Cut(code, ";"); !strings.ContainsAny(first, `"[\_*`) {
			if got := classifyFormat(first); got != class {
				t.Errorf("%q is of class %d, its first section %d", code, class, got)
			}
		}
	})
}
