package jobs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"cairn/transform"
)

// Calendar says when the programme publishes, in the time of Paris. Months are those that the figures are about;
// days and hours are those of the month that follows. The last day to send a workbook is no setting: figures rest on it.
type Calendar struct {
	Provisional int    `toml:"provisoire"` // day of the provisional release
	Final       int    `toml:"definitif"`  // day of the final one
	Hour        string `toml:"heure"`      // 06:00
	Impact      []int  `toml:"synthese"`   // months whose final release brings the impact summary to the funders
	Reminders   []int  `toml:"rappels"`    // days from the last day to send a workbook: -3 is three days before
	LookBack    int    `toml:"rattrapage"` // months back in which what was missed is caught up
	Witness     string `toml:"temoin"`     // an address that is called after each look without failure, if any
}

// defaultCalendar is that of the reference framework.
var defaultCalendar = Calendar{Provisional: 12, Final: 20, Hour: "06:00", Impact: []int{6, 12}, Reminders: []int{-3, 1, 7}, LookBack: 3}

// validate refuses a calendar that asks for what cannot be.
func (c *Calendar) validate() error {
	if _, err := time.Parse("15:04", c.Hour); err != nil {
		return fmt.Errorf("calendrier: heure %q is not written as 06:00", c.Hour)
	}
	outside := func(months []int) bool {
		return slices.ContainsFunc(months, func(m int) bool { return m < 1 || m > 12 })
	}
	switch {
	case c.Provisional < 1 || c.Provisional >= c.Final || c.Final > 28:
		return errors.New("calendrier: provisoire comes before definitif, both from 1 to 28")
	case outside(c.Impact):
		return errors.New("calendrier: synthese lists months from 1 to 12")
	case slices.Min(append([]int{0}, c.Reminders...)) < -20 || slices.Max(append([]int{0}, c.Reminders...)) > 20:
		return errors.New("calendrier: rappels are days from -20 to 20")
	case c.LookBack < 1 || c.LookBack > 24:
		return errors.New("calendrier: rattrapage is from 1 to 24 months")
	}
	return nil
}

// The jobs of the calendar.
const (
	jobProvisional = "provisional" // publish a month, its answers not closed, and deliver it
	jobFinal       = "final"       // publish it again for good, and deliver it
	jobImpact      = "impact"      // deliver the impact summary to the funders
	jobReminder    = "reminder"    // remind the référents whose workbook has not come
)

// slot is one run that the calendar asks for, once.
type slot struct {
	job    string
	period time.Time // the month that it is about
	step   int       // of a reminder: days from the last day to send a workbook
	at     time.Time // from when on it is due
}

// String names the run, at whatever time the calendar has put it.
func (s slot) String() string {
	text := s.job + " " + s.period.Format("2006-01")
	if s.job == jobReminder {
		text += fmt.Sprintf(" %+d", s.step)
	}
	return text
}

// reminderDays is for how long a reminder is worth sending.
const reminderDays = 3

// slots are those about a month, in order.
func (c *Calendar) slots(month time.Time) []slot {
	clock, _ := time.Parse("15:04", c.Hour) // validated
	at := func(day time.Time) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), clock.Hour(), clock.Minute(), 0, 0, transform.Paris)
	}
	next := month.AddDate(0, 1, 0)
	all := []slot{
		{jobProvisional, month, 0, at(next.AddDate(0, 0, c.Provisional-1))},
		{jobFinal, month, 0, at(next.AddDate(0, 0, c.Final-1))},
	}
	if slices.Contains(c.Impact, int(month.Month())) {
		all = append(all, slot{jobImpact, month, 0, at(next.AddDate(0, 0, c.Final-1))})
	}
	for _, step := range c.Reminders {
		all = append(all, slot{jobReminder, month, step, at(dueDay(month).AddDate(0, 0, step))})
	}
	slices.SortStableFunc(all, func(a, b slot) int { return cmp.Or(a.at.Compare(b.at)) })
	return all
}

// due are the runs that are owed at a time, in order: those whose time has come within the look-back, that were not
// done, and that no later one makes useless. A provisional release is overtaken by the final one of its month, a
// reminder by the next one, or by time. Nothing is owed from before since, when the workspace began.
func due(now, since time.Time, c *Calendar, done func(slot) bool) []slot {
	var all []slot
	for month := monthOf(now).AddDate(0, -c.LookBack-1, 0); month.Before(now); month = month.AddDate(0, 1, 0) {
		var come []slot
		for _, s := range c.slots(month) {
			if !s.at.After(now) {
				come = append(come, s)
			}
		}
		for i, s := range come {
			overtaken := slices.ContainsFunc(come[i+1:], func(later slot) bool {
				return s.job == jobProvisional && later.job == jobFinal || s.job == jobReminder && later.job == jobReminder
			})
			stale := s.job == jobReminder && now.After(s.at.AddDate(0, 0, reminderDays))
			if !overtaken && !stale && !s.at.Before(since) && !done(s) {
				all = append(all, s)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b slot) int { return a.at.Compare(b.at) })
	return all
}

// next are the first slots of each job after a time, in order.
func (c *Calendar) next(now time.Time) []slot {
	var all []slot
	for month := monthOf(now).AddDate(0, -2, 0); month.Before(now.AddDate(1, 1, 0)); month = month.AddDate(0, 1, 0) {
		for _, s := range c.slots(month) {
			known := slices.ContainsFunc(all, func(earlier slot) bool { return earlier.job == s.job })
			if s.at.After(now) && !known {
				all = append(all, s)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b slot) int { return a.at.Compare(b.at) })
	return all
}

// monthOf is the first day of the month that it is in Paris, UTC.
func monthOf(t time.Time) time.Time {
	year, month, _ := t.In(transform.Paris).Date()
	return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
}
