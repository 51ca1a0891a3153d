package oracle

import "cairn/jobs/demo"

// freins identified by the censoring day, each until it is lifted or abandoned; and how many of each
// kind are open.
func (b *builder) freins() {
	c := b.censoring()
	for _, r := range b.t.registre("freins", b.p) {
		kind := text(r, "categorie")
		open := openOn(r, "date_identification", "leve", "abandonne", b.p.fin())
		for _, categorie := range brakes {
			b.add("C16", categorie, item{x: when(open && kind == categorie)})
		}
		if s, ok := followed(r, "date_identification", "leve", "abandonne", c); ok {
			b.add("C14", "", item{subject: s})
			b.add("C15", "", item{subject: s})
		}
	}
}

// attentes expressed by the censoring day, each until it is satisfied or abandoned.
func (b *builder) attentes() {
	for _, r := range b.t.registre("attentes", b.p) {
		if s, ok := followed(r, "date_expression", "satisfaite", "abandonnee", b.censoring()); ok {
			b.add("C17", "", item{subject: s})
		}
	}
}

// openOn: begun by that day, unless its statut is closed and it ended by then.
func openOn(r *demo.Row, begun, good, given string, d day) bool {
	start, ok := date(r, begun)
	end, ended := date(r, "date_fin")
	statut := text(r, "statut")
	return ok && start <= d && !((statut == good || statut == given) && ended && end <= d)
}

// followed is a frein or attente as seen on the day c; false when it began later.
func followed(r *demo.Row, begun, good, given string, c day) (subject, bool) {
	start, ok := date(r, begun)
	if !ok || start > c {
		return subject{}, false
	}
	s := subject{days: int(c - start)}
	if end, ended := date(r, "date_fin"); ended && end <= c {
		switch text(r, "statut") {
		case good:
			s = subject{days: int(end - start), end: event}
		case given:
			s = subject{days: int(end - start), end: competing}
		}
	}
	return s, true
}

// censoring is the last day that the territory has told anything about.
func (b *builder) censoring() day {
	m, ok := b.t.latest(b.p)
	if !ok {
		return -never
	}
	return m.fin()
}
