package exports

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// Spaces of French typography that no line may break at.
const (
	noBreak     = "\u00a0" // inside « », before : and %
	thinNoBreak = "\u202f" // before ; ! ? and between thousands
)

var spaces = strings.NewReplacer(
	"« ", "«"+noBreak, " »", noBreak+"»", " :", noBreak+":", " %", noBreak+"%", " €", noBreak+"€",
	" ;", thinNoBreak+";", " !", thinNoBreak+"!", " ?", thinNoBreak+"?",
)

// typo gives a French text its no-break spaces.
func typo(text string) string { return spaces.Replace(text) }

var monthNames = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}

var shortMonthNames = [...]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}

// monthName is « octobre 2026 ».
func monthName(t time.Time) string {
	return monthNames[t.Month()-1] + noBreak + strconv.Itoa(t.Year())
}

// shortMonthName is « oct. 2026 ».
func shortMonthName(t time.Time) string {
	return shortMonthNames[t.Month()-1] + noBreak + strconv.Itoa(t.Year())
}

// dayName is « 1er octobre 2026 ».
func dayName(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return day + noBreak + monthName(t)
}

// ofMonth is « d’octobre 2026 » or « de mars 2026 ».
func ofMonth(t time.Time) string {
	name := monthName(t)
	if strings.ContainsRune("aoéè", []rune(name)[0]) {
		return "d’" + name
	}
	return "de " + name
}

// frenchNumber writes a number with a decimal comma, thousands apart, at most decimals decimals and
// no zeros at their end.
func frenchNumber(x float64, decimals int) string {
	power := math.Pow10(decimals)
	text := strconv.FormatFloat(math.Round(math.Abs(round15(x))*power)/power, 'f', decimals, 64) // half away from zero, as spreadsheets round
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	var b strings.Builder
	if x < 0 && (strings.Trim(whole, "0") != "" || fraction != "") {
		b.WriteString("−")
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(thinNoBreak)
		}
		b.WriteRune(digit)
	}
	if fraction != "" {
		b.WriteString("," + fraction)
	}
	return b.String()
}

// percent is « 12 % »; the ratio is rounded to a whole percent, as an interval deserves.
func percent(ratio float64) string { return frenchNumber(100*ratio, 0) + noBreak + "%" }

// inWords is an estimator's input as a person reads it.
func inWords(value any) string {
	switch v := value.(type) {
	case nil:
		return "inconnu"
	case bool:
		if v {
			return "oui"
		}
		return "non"
	case int32:
		return frenchNumber(float64(v), 0)
	case int64:
		return frenchNumber(float64(v), 0)
	case float64:
		return frenchNumber(v, 4)
	case duckdb.Decimal:
		return frenchNumber(v.Float64(), 4)
	case *big.Int: // a sum of integers
		return v.String()
	case []any:
		words := make([]string, len(v))
		for i, item := range v {
			words[i] = inWords(item)
		}
		return strings.Join(words, " + ")
	}
	return fmt.Sprint(value)
}

// round15 keeps fifteen significant digits: excelize cuts further ones off instead of rounding.
func round15(x float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 15, 64), 64)
	if err != nil {
		return x
	}
	return rounded
}
