package oracle

import "cairn/jobs/demo"

// dialogues of the year, held or not.
func (b *builder) dialogues() {
	for _, r := range b.t.flux("dialogues", "date", b.p) {
		held := text(r, "statut") == "tenu"
		b.add("E08", "", item{x: when(held), n: 1})
		reason := text(r, "motif_non_tenue")
		for _, motif := range reasons {
			b.add("E09", motif, item{missing: !held && reason == "", x: when(!held && reason == motif)})
		}
		if held {
			b.dialogueHeld(r)
		}
	}
}

const citizens = "participants_citoyens"

// seats are the counts of the four peer groups.
var seats = words("participants_elus participants_agents participants_etat participants_socio_economiques")

// dialogueHeld: who came, what was disagreed on, what was decided.
func (b *builder) dialogueHeld(r *demo.Row) {
	b.add("C13", "", ratioOf(r, "desaccords_travailles", "desaccords_exprimes"))
	b.add("C18", "", ratioOf(r, "decisions_partagees", "decisions_prises"))
	b.add("C19", "", attendance(r, seats))
	all := attendance(r, append([]string{citizens}, seats...))
	for _, n := range all.parts {
		all.n += n
	}
	all.x = all.parts[0]
	b.add("E10", "", all)
}

// ratioOf a row is known where both of its numbers are.
func ratioOf(r *demo.Row, part, whole string) item {
	x, ok := number(r, part)
	n, okToo := number(r, whole)
	return item{missing: !ok || !okToo, x: int64(x), n: int64(n)}
}

// attendance is known where each of the counts is.
func attendance(r *demo.Row, fields []string) item {
	i := item{parts: make([]int64, len(fields))}
	for j, field := range fields {
		n, ok := number(r, field)
		i.parts[j] = int64(n)
		i.missing = i.missing || !ok
	}
	return i
}
