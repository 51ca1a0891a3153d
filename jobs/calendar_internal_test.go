package jobs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/transform"
)

func parisTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, transform.Paris)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func names(slots []slot) string {
	var all []string
	for _, s := range slots {
		all = append(all, s.String())
	}
	return strings.Join(all, ", ")
}

func TestDue(t *testing.T) {
	for _, c := range []struct{ why, now, since, done, want string }{
		{"before the hour", "2026-11-12 05:59", "2026-11-12 00:00", "", ""},
		{"at the hour", "2026-11-12 06:00", "2026-11-12 00:00", "", "provisional 2026-10"},
		{"done is done", "2026-11-12 12:00", "2026-11-12 00:00", "provisional 2026-10", ""},
		{"a reminder holds for three days", "2026-11-14 05:59", "2026-11-10 00:00", "provisional 2026-10", "reminder 2026-10 +1"},
		{"and no longer", "2026-11-14 06:01", "2026-11-10 00:00", "provisional 2026-10", ""},
		{"the next reminder overtakes it", "2026-11-17 06:00", "2026-11-10 00:00", "provisional 2026-10", "reminder 2026-10 +7"},
		{"the final release overtakes the provisional one", "2026-11-20 06:00", "2026-11-10 00:00", "reminder 2026-10 +7", "final 2026-10"},
		{"the summary follows the final release", "2026-07-20 06:00", "2026-07-20 00:00", "", "final 2026-06, impact 2026-06"},
		{"what was missed is caught up in order, as far back as the calendar says", "2026-11-25 10:00", "2020-01-01 00:00", "impact 2026-06",
			"final 2026-07, final 2026-08, final 2026-09, final 2026-10"},
		{"a stop of forty days", "2026-10-25 10:00", "2026-09-15 00:00", "", "final 2026-08, final 2026-09"},
		{"nothing is owed from before the workspace", "2026-11-25 10:00", "2026-11-24 00:00", "", ""},
		{"a clock that went back runs nothing again", "2026-11-12 07:00", "2026-11-12 00:00", "provisional 2026-10, final 2026-10", ""},
		{"the turn of the year", "2027-01-12 06:00", "2027-01-12 00:00", "", "provisional 2026-12"},
		{"before a month ends, of the one before", "2027-01-07 06:00", "2027-01-07 00:00", "", "reminder 2026-12 -3"},
	} {
		done := strings.Split(c.done, ", ")
		got := names(due(parisTime(t, c.now), parisTime(t, c.since), &defaultCalendar, func(s slot) bool { return slices.Contains(done, s.String()) }))
		if got != c.want {
			t.Errorf("%s: owed %q, want %q", c.why, got, c.want)
		}
	}
}

// Each slot of two years comes once, at its time, whatever the clocks do: on 25 October 2026, the day of a provisional release, it is 02:30
// twice, on 28 March 2027, the day of a final one, never; and 2028 has a leap day.
func TestDueOnce(t *testing.T) {
	calendar := defaultCalendar
	calendar.Hour, calendar.Provisional, calendar.Final = "02:30", 25, 28
	history := map[string]int{}
	for now := parisTime(t, "2026-10-01 00:00"); now.Before(parisTime(t, "2028-10-01 00:00")); now = now.Add(10 * time.Minute) {
		for _, s := range due(now, parisTime(t, "2026-10-01 00:00"), &calendar, func(s slot) bool { return history[s.String()] > 0 }) {
			if late := now.Sub(s.at); late < 0 || late >= 10*time.Minute {
				t.Errorf("%s is owed %v after its time", s, late)
			}
			history[s.String()]++
		}
	}
	counts := map[string]int{}
	for name, n := range history {
		if n != 1 {
			t.Errorf("%s was owed %d times", name, n)
		}
		job, _, _ := strings.Cut(name, " ")
		counts[job]++
	}
	if diff := cmp.Diff(map[string]int{jobProvisional: 24, jobFinal: 24, jobImpact: 4, jobReminder: 72}, counts); diff != "" {
		t.Error(diff)
	}
}

func TestNext(t *testing.T) {
	got := names(defaultCalendar.next(parisTime(t, "2026-11-12 06:00")))
	if want := "reminder 2026-10 +7, final 2026-10, provisional 2026-11, impact 2026-12"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCalendarIsValidated(t *testing.T) {
	if err := defaultCalendar.validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Calendar){
		"heure":      func(c *Calendar) { c.Hour = "6h" },
		"provisoire": func(c *Calendar) { c.Provisional = 21 },
		"definitif":  func(c *Calendar) { c.Final = 31 },
		"synthese":   func(c *Calendar) { c.Impact = []int{13} },
		"rappels":    func(c *Calendar) { c.Reminders = []int{-40} },
		"rattrapage": func(c *Calendar) { c.LookBack = 0 },
	} {
		c := defaultCalendar
		change(&c)
		if err := c.validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
