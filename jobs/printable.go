package jobs

import (
	"io"
	"strings"
	"unicode"
)

// printable passes on what is said, but for control characters: texts of workbooks and names of files come from anybody,
// and would be commands to a terminal.
type printable struct{ io.Writer }

func (p printable) Write(data []byte) (int, error) {
	if _, err := io.WriteString(p.Writer, harmless(string(data))); err != nil {
		return 0, err
	}
	return len(data), nil
}

func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
