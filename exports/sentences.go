package exports

import "strings"

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
		word := strings.TrimSuffix(unit, "s")
		if x >= 2 || x <= -2 {
			word = unit
		}
		return text + noBreak + word
	}
	return text
}
