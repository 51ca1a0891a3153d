package oracle

import (
	"slices"

	"cairn/jobs/demo"
)

// roster is the register of actors at a month.
type roster struct {
	rows map[string]*demo.Row
	day  day // the last one of the month
}

func (t *place) roster(p month) roster {
	return roster{rows: t.registre("acteurs", p), day: p.fin()}
}

// identity follows remplace_par as the register says it, until it ends or comes back.
func (a roster) identity(id string) string {
	seen := map[string]bool{id: true}
	for {
		r := a.rows[id]
		if r == nil {
			return id
		}
		next := text(r, "remplace_par")
		if next == "" || seen[next] {
			return id
		}
		seen[next] = true
		id = next
	}
}

// present gives an actor of the register who is active on the month's last day, else nil.
func (a roster) present(id string) *demo.Row {
	r := a.rows[id]
	if r == nil {
		return nil
	}
	entry, ok := date(r, "date_entree")
	exit, left := date(r, "date_sortie")
	if !ok || entry > a.day || left && exit <= a.day {
		return nil
	}
	return r
}

var (
	ess    = words("association cooperative scic scop mutuelle fondation societe_commerciale_ess")
	public = words("elus agents etat")
)

func (a roster) isESS(id string) bool {
	r := a.present(id)
	return r != nil && text(r, "groupe_pairs") == "socio_economique" && slices.Contains(ess, text(r, "famille"))
}

func (a roster) isPublic(id string) bool {
	r := a.present(id)
	return r != nil && slices.Contains(public, text(r, "groupe_pairs"))
}

// organisation is the body that an actor is a side of; without one it is its own.
func (a roster) organisation(id string) string {
	if r := a.rows[id]; r != nil && text(r, "organisation") != "" {
		return text(r, "organisation")
	}
	return id
}

func (a roster) group(id string) string { return text(a.rows[id], "groupe_pairs") }
