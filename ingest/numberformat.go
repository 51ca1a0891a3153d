package ingest

import "strings"

// Format is the class of a cell's number format: all that a reader needs to know of it.
type Format uint8

// The classes of number format.
const (
	General  Format = iota
	Decimal         // 0,00 and the like
	Percent         // 12 %: the number is a ratio
	Currency        // €
	Day             // a date, with or without a time
	Clock           // a time of day or a duration
	AsText          // @
	padding         // and what follows: Padded
)

// Padded is the class of the formats that show a whole number with that many digits, zeros on the left
// where it is shorter: 00000, as codes are written that were taken for numbers.
func Padded(digits int) Format { return padding + Format(min(digits, maxPadding)) }

const maxPadding = 20

// builtinFormat is the class of the number formats that a file does not spell out (ECMA-376 part 1,
// 18.8.30), those of the East Asian locales included.
func builtinFormat(id int) Format {
	switch {
	case id == 9, id == 10:
		return Percent
	case id >= 5 && id <= 8, id >= 41 && id <= 44:
		return Currency
	case id >= 14 && id <= 17, id == 22, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return Day
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id >= 45 && id <= 47, id == 55, id == 56:
		return Clock
	case id == 49:
		return AsText
	case id == 0:
		return General
	default:
		return Decimal
	}
}

// classifyFormat reads a custom number format: its first section, quoted text, escaped and padding
// characters and brackets aside. A year or a day makes a date (the French a and j too), an h or an s
// a time; an m alone is a month.
func classifyFormat(code string) Format {
	var bare strings.Builder
	quoted, bracket, skip, currency, elapsed := false, false, false, false, false
	var inBracket []rune
scan:
	for _, r := range strings.ToLower(code) {
		switch {
		case skip:
			skip = false
		case quoted:
			quoted = r != '"'
			currency = currency || r == '€'
		case bracket:
			if bracket = r != ']'; bracket {
				inBracket = append(inBracket, r)
				continue
			}
			content := string(inBracket)
			currency = currency || strings.HasPrefix(content, "$€") || strings.HasPrefix(content, "$eur")
			elapsed = elapsed || content != "" && strings.Trim(content, "hms") == ""
			inBracket = inBracket[:0]
		case r == '\\' || r == '_' || r == '*':
			skip = true
		case r == '"':
			quoted = true
		case r == '[':
			bracket = true
		case r == ';':
			break scan
		default:
			currency = currency || r == '€'
			bare.WriteRune(r)
		}
	}
	return classifyBare(halfDay.Replace(bare.String()), currency, elapsed)
}

// halfDay are the marks of morning and afternoon, whose letters are those of months and years.
var halfDay = strings.NewReplacer("am/pm", "h", "a/p", "h")

func classifyBare(bare string, currency, elapsed bool) Format {
	letters := strings.ReplaceAll(strings.ReplaceAll(bare, "general", ""), "standard", "")
	digits := strings.ContainsAny(letters, "0#?")
	switch {
	case elapsed:
		return Clock
	case strings.ContainsAny(letters, "yd"), strings.ContainsAny(letters, "aj") && !digits:
		return Day
	case strings.ContainsAny(letters, "hs"):
		return Clock
	case strings.Contains(letters, "m") && !digits:
		return Day
	case strings.Contains(letters, "%"):
		return Percent
	case currency:
		return Currency
	case strings.TrimSpace(letters) == "@":
		return AsText
	case len(letters) > 1 && strings.Trim(letters, "0") == "":
		return Padded(len(letters))
	case digits:
		return Decimal
	default:
		return General
	}
}
