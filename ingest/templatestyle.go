package ingest

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// The workbook's colours: one deep, one pale, one for what is to be typed, one for what is missing.
// Nothing is said by a colour alone.
const (
	deepColour  = "1F4E5F"
	paleColour  = "DCE8EC"
	entryColour = "FFFBEB"
	fixedColour = "F1F3F4"
	ruleColour  = "BFCBD1"
	quietColour = "4A5A61"
	alertColour = "FCE4D6"
	alertBorder = "C0391B"
)

const bodyFont = "Calibri"

// templateStyles are the cell styles of a workbook, each made once.
type templateStyles struct {
	title, subtitle, section, label, help, link, count int // of the cover and the guide
	text, strong, right                                int
	entry, fixed                                       int // a value to fill in, one not to change

	required, conditional, optional int // titles of columns
	words, code, day, number, money int // cells to fill in
	list                            int
	missing                         int // of a required cell that is empty, conditional
}

func newTemplateStyles(f *excelize.File) (s templateStyles, err error) {
	unlocked := &excelize.Protection{Locked: false}
	fill := func(colour string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
	}
	font := func(size float64, bold bool, colour string) *excelize.Font {
		return &excelize.Font{Family: bodyFont, Size: size, Bold: bold, Color: colour}
	}
	top := &excelize.Alignment{WrapText: true, Vertical: "top"}
	centre := &excelize.Alignment{WrapText: true, Vertical: "center"}
	middle := &excelize.Alignment{Vertical: "center", Horizontal: "left", Indent: 1}
	frame := borders(ruleColour, 1, "left", "right", "top", "bottom")
	cell := func(format string, a *excelize.Alignment) *excelize.Style {
		style := &excelize.Style{Protection: unlocked, Border: frame, Alignment: a}
		if format != "" {
			style.CustomNumFmt = &format
		}
		return style
	}
	title := func(colour, text string) *excelize.Style {
		return &excelize.Style{Font: font(11, true, text), Fill: fill(colour), Alignment: top, Border: borders("FFFFFF", 1, "left", "right")}
	}
	plainTop := &excelize.Alignment{Vertical: "top"}
	for _, style := range []struct {
		id   *int
		what *excelize.Style
	}{
		{&s.title, &excelize.Style{Font: font(22, true, "FFFFFF"), Fill: fill(deepColour), Alignment: middle}},
		{&s.subtitle, &excelize.Style{Font: font(12, false, "FFFFFF"), Fill: fill(deepColour), Alignment: middle}},
		{&s.section, &excelize.Style{Font: font(13, true, deepColour), Alignment: &excelize.Alignment{Vertical: "bottom"}, Border: borders(deepColour, 2, "bottom")}},
		{&s.right, &excelize.Style{Font: font(11, true, deepColour), Alignment: &excelize.Alignment{Vertical: "bottom", Horizontal: "right", Indent: 1}, Border: borders(deepColour, 2, "bottom")}},
		{&s.label, &excelize.Style{Font: font(11, true, "000000"), Alignment: centre}},
		{&s.help, &excelize.Style{Font: font(10, false, quietColour), Alignment: &excelize.Alignment{WrapText: true, Vertical: "center", Horizontal: "left", Indent: 1}}},
		{&s.link, &excelize.Style{Font: &excelize.Font{Family: bodyFont, Size: 11, Color: deepColour, Underline: "single"}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center", Horizontal: "left", Indent: 1}}},
		{&s.count, &excelize.Style{Font: font(11, false, quietColour), Alignment: &excelize.Alignment{Vertical: "center", Horizontal: "right", Indent: 1}}},
		{&s.text, &excelize.Style{Alignment: centre}},
		{&s.strong, &excelize.Style{Font: font(11, true, deepColour), Alignment: centre}},
		{&s.entry, &excelize.Style{Protection: unlocked, Fill: fill(entryColour), Border: borders(quietColour, 1, "left", "right", "top", "bottom"), Alignment: centre, NumFmt: 49}},
		{&s.fixed, &excelize.Style{Fill: fill(fixedColour), Border: borders(ruleColour, 1, "left", "right", "top", "bottom"), Alignment: centre, NumFmt: 49}},
		{&s.required, title(deepColour, "FFFFFF")},
		{&s.conditional, title("9FC0CB", "000000")},
		{&s.optional, title(paleColour, "000000")},
		{&s.words, cell("", top)},
		{&s.code, cell("@", plainTop)},
		{&s.day, cell("dd/mm/yyyy", &excelize.Alignment{Vertical: "top", Horizontal: "center"})},
		{&s.number, cell("", plainTop)},
		{&s.money, cell("#,##0.00", plainTop)},
		{&s.list, &excelize.Style{Alignment: &excelize.Alignment{Vertical: "center"}}},
	} {
		if *style.id, err = f.NewStyle(style.what); err != nil {
			return s, err
		}
	}
	s.missing, err = f.NewConditionalStyle(&excelize.Style{Fill: fill(alertColour), Border: borders(alertBorder, 3, "left", "right", "top", "bottom")})
	return s, err
}

// borders are lines of one kind: 1 thin, 2 medium, 3 dashed.
func borders(colour string, kind int, sides ...string) []excelize.Border {
	lines := make([]excelize.Border, len(sides))
	for i, side := range sides {
		lines[i] = excelize.Border{Type: side, Color: colour, Style: kind}
	}
	return lines
}

// lines is how many lines a text takes in a column of a width, in characters of the body font: a
// row's height has to be said, since no program agrees with another on guessing it.
func lines(text string, width float64) int {
	total := 0
	for part := range strings.Lines(text) {
		used := 0.0
		n := 1
		for _, word := range strings.Split(part, " ") {
			length := float64(utf8.RuneCountInString(word))
			if used > 0 && used+1+length > width {
				n++
				used = 0
			}
			if used > 0 {
				used++
			}
			used += length
			if used > width {
				n += int(math.Ceil(used/width)) - 1
			}
		}
		total += n
	}
	return max(total, 1)
}

// protect locks a sheet's titles and labels, without a password: against slips, nothing else. Rows
// may be added, sorted and filtered, columns made wider.
func (t *templateWriter) protect(sheet string) error {
	return t.file.ProtectSheet(sheet, &excelize.SheetProtectionOptions{
		SelectLockedCells: true, SelectUnlockedCells: true, FormatColumns: true, FormatRows: true,
		InsertRows: true, Sort: true, AutoFilter: true,
	})
}

// printOn sets a sheet's paper: A4, one page wide if it fits, the pages numbered.
func (t *templateWriter) printOn(sheet, orientation string, fit bool) error {
	size, width, height := 9, 1, 0
	if err := t.file.SetPageLayout(sheet, &excelize.PageLayoutOptions{Size: &size, Orientation: &orientation, FitToWidth: &width, FitToHeight: &height}); err != nil {
		return err
	}
	if err := t.file.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	side, edge, footer := 0.4, 0.6, 0.3
	if err := t.file.SetPageMargins(sheet, &excelize.PageLayoutMarginsOptions{Left: &side, Right: &side, Top: &edge, Bottom: &edge, Header: &footer, Footer: &footer}); err != nil {
		return err
	}
	whose := strings.ReplaceAll(t.whose(), "&", "&&")
	return t.file.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{OddFooter: "&L&8" + cut(whose, 120) + "&C&8&A&R&8Page &P sur &N"})
}

// whose says whose workbook this is, in a line.
func (t *templateWriter) whose() string {
	text := "Classeur de suivi"
	for _, part := range []string{t.place(), t.month(), t.emitter()} {
		if part != "" {
			text += " – " + part
		}
	}
	return text
}

// cut shortens a text to n characters.
func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}
