package demo

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// chance is a source of random choices for one purpose in one territory. Each purpose has its
// own, so that drawing once more for one does not reshuffle the others.
type chance struct{ *rand.Rand }

func newChance(seed uint64, territory, purpose string) chance {
	h := fnv.New64a()
	h.Write([]byte(territory + "/" + purpose))
	return chance{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// yes is true with probability p.
func (c chance) yes(p float64) bool { return c.Float64() < p }

// between is an integer from low to high, both included.
func (c chance) between(low, high int) int {
	if high <= low {
		return low
	}
	return low + c.IntN(high-low+1)
}

// pick is one of the choices.
func (c chance) pick(choices ...string) string { return choices[c.IntN(len(choices))] }

// weighted is one of the keys of a list of weighted choices, in proportion.
func (c chance) weighted(choices []weight) string {
	total := 0.0
	for _, w := range choices {
		total += w.weight
	}
	x := c.Float64() * total
	for _, w := range choices {
		if x -= w.weight; x < 0 {
			return w.code
		}
	}
	return choices[len(choices)-1].code
}

// weight is a choice and how likely it is, relative to the others.
type weight struct {
	code   string
	weight float64
}

// score rounds and keeps between low and high a draw around mean.
func (c chance) score(mean, sd float64, low, high int) int {
	return min(max(int(math.Round(mean+sd*c.NormFloat64())), low), high)
}

// wait is an exponential waiting time in days, at least one.
func (c chance) wait(meanMonths float64) int {
	return 1 + int(c.ExpFloat64()*meanMonths*30.4375)
}

// dayIn is a day of a month.
func (c chance) dayIn(m month) time.Time { return m.first().AddDate(0, 0, c.IntN(m.last().Day())) }

// dayBetween is a day of [from, to].
func (c chance) dayBetween(from, to time.Time) time.Time {
	days := int(to.Sub(from).Hours() / 24)
	return from.AddDate(0, 0, c.between(0, max(days, 0)))
}

// euros is an amount with cents, around a size.
func (c chance) euros(size float64) float64 {
	cents := math.Round(size * 100 * math.Exp(0.6*c.NormFloat64()))
	if c.yes(0.7) {
		cents = math.Round(cents/5000) * 5000 // people give round amounts
	}
	return max(cents, 5000) / 100
}

// luhnNumber completes digits with their Luhn key.
func luhnNumber(digits string) string {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return digits + strconv.Itoa((10-sum%10)%10)
}

// month counts the months since year 0.
type month int

func monthOf(t time.Time) month { return month(t.Year()*12 + int(t.Month()) - 1) }

// first is the month's first day, UTC.
func (m month) first() time.Time {
	return time.Date(int(m)/12, time.Month(int(m)%12+1), 1, 0, 0, 0, 0, time.UTC)
}

// last is the month's last day, UTC.
func (m month) last() time.Time { return (m + 1).first().AddDate(0, 0, -1) }

func (m month) String() string { return m.first().Format("2006-01") }

// frenchMonths are the names of the months.
var frenchMonths = []string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}

func (m month) french() string { return frenchMonths[int(m)%12] }

// shortMonths are their usual abbreviations.
var shortMonths = []string{"janv", "févr", "mars", "avr", "mai", "juin", "juil", "août", "sept", "oct", "nov", "déc"}

func (m month) short() string { return shortMonths[int(m)%12] }

func (m month) year() int { return int(m) / 12 }
