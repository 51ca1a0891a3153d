package ingest

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// readCell consumes the current c element. What it shows is its cached value; a formula is never run.
func (w *worksheet) readCell() (Cell, error) {
	format := General
	if s := w.attr("s"); len(s) > 0 { // an empty s is written by some programs
		style, ok := integer(s)
		if !ok || style >= len(w.file.formats) && len(w.file.formats) > 0 {
			return Cell{}, w.syntax("style %s is unknown", clip(s))
		}
		if style < len(w.file.formats) {
			format = w.file.formats[style]
		}
	}
	kind, ok := cellType(w.attr("t"))
	if !ok {
		return Cell{}, w.syntax("cell type %s is unknown", clip(w.attr("t")))
	}
	cell := Cell{Format: format}
	depth := len(w.starts)
	for {
		token, err := w.next()
		if err != nil {
			return Cell{}, err
		}
		if token == xmlEnd {
			if len(w.starts) < depth {
				if cell.Formula && cell.Kind == Empty && kind != formulaText {
					cell.Kind = Fault
				}
				return cell, nil
			}
			continue
		}
		switch string(w.name) {
		case "f":
			cell.Formula = true
			if err := w.skipElement(); err != nil {
				return Cell{}, err
			}
		case "v":
			text, err := w.text()
			if err != nil {
				return Cell{}, err
			}
			if cell.Kind != Empty {
				return Cell{}, w.syntax("a second value")
			}
			if err := w.value(&cell, kind, text); err != nil {
				return Cell{}, err
			}
		case "is":
			text, err := w.richText()
			if err != nil {
				return Cell{}, err
			}
			if kind == inlineText {
				if err := w.file.container.texts.spend(len(text)); err != nil {
					return Cell{}, err
				}
				setText(&cell, text)
			}
		default:
			if err := w.skipElement(); err != nil {
				return Cell{}, err
			}
		}
	}
}

// valueType is what the t attribute of a cell says of its value (ECMA-376 part 1, 18.18.11).
type valueType uint8

const (
	numeric valueType = iota
	sharedText
	formulaText
	inlineText
	truth
	errorValue
	isoValue
)

func cellType(t []byte) (valueType, bool) {
	switch string(t) {
	case "", "n":
		return numeric, true
	case "s":
		return sharedText, true
	case "str":
		return formulaText, true
	case "inlineStr":
		return inlineText, true
	case "b":
		return truth, true
	case "e":
		return errorValue, true
	case "d":
		return isoValue, true
	}
	return 0, false
}

func (w *worksheet) value(cell *Cell, kind valueType, text []byte) error {
	if kind != formulaText {
		text = bytes.TrimSpace(text)
		if len(text) == 0 {
			return nil
		}
	}
	switch kind {
	case sharedText:
		index, ok := integer(text)
		if !ok || index >= len(w.file.strings) {
			return w.syntax("shared string %s is unknown", clip(text))
		}
		setText(cell, w.file.strings[index])
	case formulaText, inlineText:
		setText(cell, unescape(string(text)))
		return w.file.container.texts.spend(len(text))
	case truth:
		if string(text) != "0" && string(text) != "1" && string(text) != "true" && string(text) != "false" {
			return w.syntax("%s is no boolean", clip(text))
		}
		cell.Kind, cell.Bool = Bool, text[0] == '1' || text[0] == 't'
	case errorValue:
		cell.Kind, cell.Text = Fault, string(text)
	case isoValue:
		t, ok := isoTime(string(text))
		if !ok {
			return w.syntax("%s is no ISO date", clip(text))
		}
		if t.Year() == 0 { // a time of day alone
			setText(cell, string(text))
			return nil
		}
		cell.Kind, cell.Date = Date, t
	default:
		n, ok := parseNumber(text)
		if !ok {
			return w.syntax("%s is no number", clip(text))
		}
		cell.Kind, cell.Number = Number, n
		cell.setSerial(n, w.file.epoch1904)
	}
	return nil
}

// setSerial gives a cell that holds a number and is shown as a day or a time what people see there.
// An impossible day stays a number.
func (c *Cell) setSerial(n float64, epoch1904 bool) {
	switch c.Format {
	case Day:
		if t, ok := dateOfSerial(n, epoch1904); ok {
			c.Kind, c.Date = Date, t
		}
	case Clock:
		if n >= 0 && n <= lastSerial {
			c.Kind, c.Text = Text, clock(n)
		}
	}
}

// clock writes a part of a day as hours and minutes, 2:30, with seconds if there are any.
func clock(days float64) string {
	seconds := int64(math.Round(days * 24 * 60 * 60))
	text := fmt.Sprintf("%d:%02d", seconds/3600, seconds/60%60)
	if s := seconds % 60; s != 0 {
		text += fmt.Sprintf(":%02d", s)
	}
	return text
}

func setText(cell *Cell, text string) {
	if text != "" {
		cell.Kind, cell.Text = Text, text
	}
}

// parseNumber reads a number as XML Schema writes a double; short whole numbers take a short way.
func parseNumber(text []byte) (float64, bool) {
	if n, ok := integer(text); ok {
		return float64(n), true
	}
	for _, b := range text {
		if (b < '0' || b > '9') && b != '.' && b != '-' && b != '+' && b|0x20 != 'e' {
			return 0, false // ParseFloat would take hexadecimal, infinities and underscores
		}
	}
	n, err := strconv.ParseFloat(string(text), 64)
	return n, err == nil && !math.IsInf(n, 0)
}

var isoLayouts = []string{
	"2006-01-02", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04",
	"15:04:05.999999999", "15:04",
}

func isoTime(text string) (time.Time, bool) {
	for _, layout := range isoLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			_, offset := t.Zone() // the day and the hour are those that are written, wherever
			return t.Add(time.Duration(offset) * time.Second).UTC(), true
		}
	}
	return time.Time{}, false
}

// unescape resolves _xHHHH_, by which spreadsheets write characters that XML cannot hold; two that
// are the halves of a surrogate pair make one character. What is no such escape stays.
func unescape(s string) string {
	i := strings.Index(s, "_x")
	if i < 0 {
		return s
	}
	var b strings.Builder
	for {
		b.WriteString(s[:i])
		s = s[i:]
		unit, ok := escapedUnit(s)
		if !ok {
			b.WriteByte(s[0])
			s = s[1:]
		} else {
			s = s[7:]
			r := rune(unit)
			if utf16.IsSurrogate(r) {
				if low, ok := escapedUnit(s); ok && utf16.DecodeRune(r, rune(low)) != utf8.RuneError {
					r = utf16.DecodeRune(r, rune(low))
					s = s[7:]
				} else {
					r = utf8.RuneError
				}
			}
			b.WriteRune(r)
		}
		if i = strings.Index(s, "_x"); i < 0 {
			b.WriteString(s)
			return b.String()
		}
	}
}

func escapedUnit(s string) (uint16, bool) {
	if len(s) < 7 || s[0] != '_' || s[1] != 'x' || s[6] != '_' {
		return 0, false
	}
	unit, err := strconv.ParseUint(s[2:6], 16, 16)
	return uint16(unit), err == nil
}

// lastSerial is the day of 31 December 9999.
const lastSerial = 2958465

// dateOfSerial turns a serial day into a date, in the 1900 or the 1904 epoch. The 1900 epoch has a
// 29 February that never was (serial 60): no date. Nor is a serial before 1 or after 9999.
func dateOfSerial(serial float64, epoch1904 bool) (time.Time, bool) {
	day := math.Floor(serial)
	if !(day >= 1 && day <= lastSerial) { // NaN is none either
		return time.Time{}, false
	}
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case epoch1904:
		epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case day == 60:
		return time.Time{}, false
	case day < 60:
		epoch = time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return epoch.AddDate(0, 0, int(day)), true
}
