package ingest

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold brings titles, names, codes and labels to one form for comparison: lower case, no accents,
// any run of other than letters and digits one underscore, none at the ends.
func Fold(s string) string {
	if folded(s) {
		return s
	}
	s = strings.ToValidUTF8(s, " ") // norm leaves what follows a bad byte as it is
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(ligatures.Replace(norm.NFKD.String(s))) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
	}
	return b.String()
}

// ligatures have no compatibility decomposition in Unicode.
var ligatures = strings.NewReplacer("œ", "oe", "Œ", "oe", "æ", "ae", "Æ", "ae")

// folded reports whether s is its own fold, as codes and technical names are.
func folded(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c != '_' || i == 0 || i == len(s)-1 || s[i-1] == '_') {
			return false
		}
	}
	return true
}
