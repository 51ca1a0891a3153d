package exports

import (
	"strings"
	"unicode"
)

// Rows are given their height here: a reader that opens the file does not always find it, and text
// would be cut. Heights are in points.
const (
	lineHeight     = 14.4
	titleHeight    = 24
	maximumHeight  = 409 // that a spreadsheet allows
	chartPageWidth = 200 // characters of a page that has no columns
)

// headerRow is the row of the sheet's column titles.
func (s *sheet) headerRow() int { return 1 + len(s.sentenceLines()) + 1 }

// sentenceLines are the sentences, cut where the table ends so that a page shows all of them
// without a merged cell.
func (s *sheet) sentenceLines() []string {
	width := 0.0
	for i, c := range s.columns {
		if s.split == 0 || i < s.split {
			width += c.width
		}
	}
	if len(s.columns) == 0 {
		width = chartPageWidth
	}
	var lines []string
	for _, sentence := range s.sentences {
		lines = append(lines, wrap(sentence, width)...)
	}
	return lines
}

// rowHeight is the height that shows all of a row's texts.
func (s *sheet) rowHeight(row []any, bold bool) float64 {
	lines := 1
	for i, value := range row {
		if v, ok := value.(formatted); ok {
			value = v.value
		}
		text, ok := value.(string)
		if !ok {
			continue
		}
		width := s.columns[i].width - 1
		if s.columns[i].format == textFormat && i > 0 {
			width-- // the indent
		}
		if bold {
			width *= 0.92
		}
		count := 0
		for _, line := range strings.Split(text, "\n") {
			count += len(wrap(line, width))
		}
		lines = max(lines, count)
	}
	height := float64(lines)*lineHeight + 1.5
	if !bold {
		height = max(height, s.least)
	}
	return min(height, maximumHeight)
}

// wrap cuts a text into lines of at most width digits, at its spaces.
func wrap(text string, width float64) []string {
	var lines []string
	line, used := "", 0.0
	for _, word := range strings.Split(text, " ") {
		length := textWidth(word)
		switch {
		case line == "":
			line, used = word, length
		case used+textWidth(" ")+length > width:
			lines, line, used = append(lines, line), word, length
		default:
			line, used = line+" "+word, used+textWidth(" ")+length
		}
		for used > width && width > 0 { // a word longer than its cell is cut anywhere
			lines, used = append(lines, line), used-width
			line = ""
		}
	}
	return append(lines, line)
}

// textWidth is the width of a text in Arial, in digits, the unit of column widths.
func textWidth(text string) float64 {
	width := 0.0
	for _, r := range text {
		if int(r) < len(widths) {
			width += widths[r]
		} else {
			width += runeWidth(r)
		}
	}
	return width
}

// widths are those of the characters that nearly all texts are made of: every cell of every report is measured.
var widths = func() (all [0x250]float64) {
	for r := range all {
		all[r] = runeWidth(rune(r))
	}
	return all
}()

func runeWidth(r rune) float64 {
	switch {
	case strings.ContainsRune("ijl’'|", r):
		return 0.42
	case strings.ContainsRune("I.,;:!ftr()[]-/ \u00a0\u202f", r):
		return 0.58
	case strings.ContainsRune("ckszvxyJ", r):
		return 0.92
	case strings.ContainsRune("mwMW%@—→…", r):
		return 1.6
	case unicode.IsUpper(r):
		return 1.25
	}
	return 1
}
