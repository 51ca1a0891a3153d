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
	if short, ok := foldKnown(s); ok {
		return short
	}
	s = strings.ToValidUTF8(s, " ") // norm leaves what follows a bad byte as it is
	return foldDecomposed(strings.ToLower(ligatures.Replace(norm.NFKD.String(s))))
}

func foldDecomposed(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range s {
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

// known is what each character of French text folds to, « _ » for a gap: it is looked up instead of decomposed,
// which takes ten times as long. Letters are at their own place; the others fold to nothing, or are not known.
var known = func() (table [0x180]string) {
	for r := range table {
		letters := "x" + string(rune(r)) + "x" // between two letters a gap shows
		letters = foldDecomposed(strings.ToLower(ligatures.Replace(norm.NFKD.String(letters))))
		table[r] = letters[1 : len(letters)-1]
	}
	return table
}()

// foldKnown folds a text of known characters, apostrophes and narrow spaces.
func foldKnown(s string) (string, bool) {
	b := make([]byte, 0, len(s)+8)
	gap := false
	for _, r := range s {
		letters := "_"
		switch {
		case r < 0x180:
			letters = known[r]
		case r != '’' && r != '\u202f':
			return "", false
		}
		for i := range len(letters) {
			if letters[i] == '_' {
				gap = true
				continue
			}
			if gap && len(b) > 0 {
				b = append(b, '_')
			}
			gap = false
			b = append(b, letters[i])
		}
	}
	return string(b), true
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
