package exports

import (
	"testing"

	"github.com/xuri/excelize/v2"
)

// A marked cell keeps all of its style but the ground, also in a workbook without a theme, as LibreOffice makes them.
func TestFill(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	id, err := f.NewStyle(&excelize.Style{NumFmt: 14, Font: &excelize.Font{Bold: true, Color: "1F4E79"}, Border: []excelize.Border{{Type: "left", Color: "808080", Style: 1}},
		Alignment: &excelize.Alignment{WrapText: true}, Protection: &excelize.Protection{Locked: false}})
	if err == nil {
		err = f.SetCellStyle("Sheet1", "A1", "B1", id)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Theme = nil
	styles := map[[2]any]int{}
	for _, cell := range []string{"A1", "B1"} {
		if err := fill(f, cellPlace{"Sheet1", cell}, "F8CBAD", styles); err != nil {
			t.Fatal(err)
		}
	}
	marked, err := f.GetCellStyle("Sheet1", "B1")
	if err != nil || len(styles) != 1 || marked == id {
		t.Fatalf("style %d of %v, %v", marked, styles, err)
	}
	before, after := f.Styles.CellXfs.Xf[id], f.Styles.CellXfs.Xf[marked]
	if color := f.Styles.Fills.Fill[*after.FillID].PatternFill.FgColor.RGB; color != "FFF8CBAD" {
		t.Errorf("the ground is %s", color)
	}
	after.FillID, after.ApplyFill = before.FillID, before.ApplyFill
	if before != after {
		t.Errorf("%+v became %+v", before, after)
	}
	if err := fill(f, cellPlace{"Sheet1", "B1"}, "", styles); err != nil {
		t.Fatal(err)
	}
	cleared, err := f.GetCellStyle("Sheet1", "B1")
	if err != nil || *f.Styles.CellXfs.Xf[cleared].FillID != 0 {
		t.Errorf("the ground is still there, %v", err)
	}
}
