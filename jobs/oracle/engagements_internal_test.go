package oracle

import (
	"fmt"
	"math"
	"testing"

	"cairn/jobs/demo"
)

// Ten engagements of 2021-01-01: one breaks off after 100 days and one after 200, two reach their
// term, the one said and the other not, six last. The area is 100 + 0.9 · 100 + 0.9 · 7/8 · 530.5.
func TestDuration(t *testing.T) {
	var rows []demo.Row
	for i := range 10 {
		rows = append(rows, engagement(fmt.Sprint("e", i), "m", "humain", "2021-01-01", nil))
	}
	end := func(i, days int, motif string) {
		rows[i].Values["date_fin"], rows[i].Values["motif_fin"] = utc("2021-01-01").AddDate(0, 0, days), motif
	}
	end(0, 100, "autre")
	end(1, 200, "desengagement")
	end(2, 150, "terme_atteint")
	rows[3].Values["date_fin_prevue"] = utc("2023-01-02") // after 731 days
	got := Compute(world(sent("t", "2023-12", sheet("engagements", rows...))), utc("2023-12"))
	last := 0.9 * 7 / 8 * 530.5
	mean := 100 + 90 + last
	deviation := math.Sqrt((90+last)*(90+last)/(10*9) + last*last/(8*7))
	expect(t, got, "E03", "t", "2023-12", "", fmt.Sprintf("%.6g [%.6g %.6g] 10/10/0 -/- ok",
		mean/30.4375, (mean-z*deviation)/30.4375, (mean+z*deviation)/30.4375))

	end(0, 100, "terme_atteint")
	end(1, 200, "terme_atteint")
	got = Compute(world(sent("t", "2023-12", sheet("engagements", rows...))), utc("2023-12"))
	expect(t, got, "E03", "t", "2023-12", "", "24 [- -] 10/10/0 -/- ok")
}

func TestActiveEngagements(t *testing.T) {
	financial := func(id, planned string, multi any) demo.Row {
		r := engagement(id, "m", "financier", "2023-01-01", values{"pluriannuel": multi})
		if planned != "" {
			r.Values["date_fin_prevue"] = utc(planned)
		}
		return r
	}
	past := financial("e5", "2024-01-20", true) // past its term, but its end is known to be later
	past.Values["date_fin"] = utc("2024-06-01")
	rows := []demo.Row{
		financial("e1", "2024-03-01", true),    // 30 days left
		financial("e2", "2024-03-11", true),    // 40
		financial("e3", "2024-05-10", demo.NC), // 100
		financial("e4", "2025-01-31", false),   // 366
		past,
		financial("e6", "", false),           // no term is known
		financial("e7", "2024-01-31", false), // ends on the day
		engagement("e8", "a", "benevole", "2023-01-01", values{"intention_partagee": true, "reconnu": false}),
		engagement("e9", "a", "benevole", "2024-02-01", values{"intention_partagee": true, "reconnu": false}), // not yet
	}
	rows[0].Values["intention_partagee"] = true
	rows[1].Values["intention_partagee"] = false
	rows[2].Values["intention_partagee"] = true
	rows[3].Values["intention_partagee"] = false
	for i := range 4 {
		rows[i].Values["reconnu"] = true
	}
	got := Compute(world(sent("t", "2024-01", sheet("engagements", rows...))), utc("2024-01"))
	// active: e1 to e6, e8
	expect(t, got, "E05", "t", "2024-01", "", fmt.Sprintf("%.6g [- -] 4/5/1 -/- ok", 70/30.4375))
	low, high := wilsonFinite(3, 5, 6)
	expect(t, got, "E06", "t", "2024-01", "", fmt.Sprintf("0.6 [%.6g %.6g] 5/6/1 3/5 ok", low, high))
	low, high = wilsonFinite(3, 5, 7)
	expect(t, got, "E11", "t", "2024-01", "", fmt.Sprintf("0.6 [%.6g %.6g] 5/7/2 3/5 ok", low, high))
	low, high = wilsonFinite(4, 5, 7)
	expect(t, got, "E12", "t", "2024-01", "", fmt.Sprintf("0.8 [%.6g %.6g] 5/7/2 4/5 ok", low, high))
	e := -(6./7*math.Log(6./7) + 1./7*math.Log(1./7)) / math.Log(6)
	expect(t, got, "E13", "t", "2024-01", "", fmt.Sprintf("%.6g [- -] 7/7/0 -/- ok", e))
}

// Seen from 2024-12, actors whose first engagement began from October 2023 to September 2024 are new.
func TestNewcomers(t *testing.T) {
	rows := []demo.Row{
		engagement("e1", "a1", "benevole", "2023-09-30", nil),
		engagement("e2", "a2", "benevole", "2023-10-01", nil),                                   // still there on 2024-01-31
		engagement("e3", "a3", "benevole", "2023-10-31", values{"date_fin": utc("2024-01-31")}), // not on its last day
		engagement("e4", "a4", "benevole", "2024-09-30", values{"date_fin": utc("2025-01-01")}),
		engagement("e5", "a5", "benevole", "2024-10-01", nil),
		engagement("e6", "a6", "benevole", "2024-02-01", values{"date_fin": utc("2024-03-01")}), // taken up again
		engagement("e7", "a6", "humain", "2024-05-31", nil),
		engagement("e8", "a7", "benevole", "2024-02-01", values{"date_fin": utc("2024-03-01")}), // too late
		engagement("e9", "a7", "humain", "2024-06-01", nil),
	}
	got := Compute(world(sent("t", "2024-12", sheet("engagements", rows...))), utc("2024-12"))
	expect(t, got, "E07", "t", "2024-12", "", "0.6 [0.6 0.6] 5/5/0 3/5 ok")
}
