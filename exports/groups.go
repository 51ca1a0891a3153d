package exports

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"cairn/indicators"
)

// A peer group's figure is of the people who answered in it: fewer than minimumAnswers are never shown, and
// what is hidden must not be found by taking the groups shown from the whole.
const minimumAnswers = 5

// hideGroups says which groups' figures stay hidden. respondents are how many answered in each. Those of one to
// four are; then the next smallest, until two at least are hidden, and five answers or more: the figures of the whole
// (C10, C22) and those of two groups (C11, C12) tell how many answered, so a single hidden group, or few hidden answers,
// could be worked out from the rest. A group without answers tells nothing and hides nobody.
func hideGroups(respondents []int64) []bool {
	hidden := make([]bool, len(respondents))
	var order []int
	for i, n := range respondents {
		if n > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(respondents[a], respondents[b]) })
	count, answers := 0, int64(0)
	for _, i := range order {
		small := respondents[i] < minimumAnswers
		if !small && (count == 0 || count >= 2 && answers >= minimumAnswers) {
			break
		}
		hidden[i] = true
		count++
		answers += respondents[i]
	}
	return hidden
}

func fillGroups(_ context.Context, p *place, rows []record, s *sheet) error {
	s.sentences = []string{
		"Cette feuille contient un tableau : une famille d’axes par ligne, les quatre groupes de pairs côte à côte. Chaque case est la médiane interpolée des notes de 1 à 5 du groupe, sur les douze derniers mois.",
		"[s] secret : moins de cinq personnes du groupe ont répondu, ou la case permettrait de retrouver celle d’un autre groupe. [nd] : personne n’a répondu. Les effectifs des groupes ne sont pas donnés.",
		"Un écart dit que des groupes voient autrement la même coopération, non lequel a raison ; il n’a pas d’intervalle. Les écarts C11 et C12 de la feuille « Indicateurs » comparent toutes les notes, non les médianes.",
	}
	s.columns = []column{{"Famille d’axes", 34, textFormat}}
	groups := p.model.CodeLists["groupe_pairs"]
	for _, g := range groups {
		s.columns = append(s.columns, column{g.Label, 17, oneDecimal})
	}
	s.columns = append(s.columns, column{"Ensemble (C22)", 18, oneDecimal}, column{"Plus grand écart", 14, oneDecimal}, column{"Lecture", 54, besideFormat})
	for _, r := range rows {
		row := []any{typo(r.text("famille"))}
		medians, err := groupMedians(r)
		if err != nil {
			return err
		}
		low, high := -1, -1
		for i, m := range medians {
			row = append(row, m)
			x, shown := m.(float64)
			if !shown {
				continue
			}
			if low < 0 || x < medians[low].(float64) {
				low = i
			}
			if high < 0 || x > medians[high].(float64) {
				high = i
			}
		}
		var gap any = "[so]"
		reading := "moins de deux groupes peuvent être montrés"
		switch {
		case low >= 0 && low != high:
			x := medians[high].(float64) - medians[low].(float64)
			gap, reading = x, fmt.Sprintf("%s : %s ; %s : %s", groups[low].Label, quantity("note", medians[low].(float64)), groups[high].Label, quantity("note", medians[high].(float64)))
		case shownGroups(medians) >= 2:
			gap, reading = 0.0, "les groupes montrés ont la même médiane"
		}
		s.rows = append(s.rows, append(row, figureCell(r["ensemble"], r.text("statut_code"), oneDecimal), gap, typo(reading)))
	}
	return nil
}

func shownGroups(medians []any) (n int) {
	for _, m := range medians {
		if _, shown := m.(float64); shown {
			n++
		}
	}
	return n
}

// groupMedians is the median of each group, or the symbol that stands for it. Where the whole is not
// published, no part of it is.
func groupMedians(r record) ([]any, error) {
	var respondents []int64
	for _, n := range r.list("repondants") {
		respondents = append(respondents, n.(int64))
	}
	hidden := hideGroups(respondents)
	medians := make([]any, len(respondents))
	for i, notes := range r.list("notes") {
		switch {
		case r.text("statut_code") != string(indicators.OK):
			medians[i] = symbolOf(r.text("statut_code"))
		case respondents[i] == 0:
			medians[i] = "[nd]"
		case hidden[i]:
			medians[i] = "[s]"
		default:
			var counts []int
			for _, n := range notes.([]any) {
				counts = append(counts, int(n.(int64)))
			}
			median := indicators.InterpolatedMedian(counts, 1)
			if !median.Valid {
				return nil, fmt.Errorf("no median of %v", counts)
			}
			medians[i] = median.V
		}
	}
	return medians, nil
}
