package oracle

import (
	"strings"

	"cairn/jobs/demo"
)

// principes: the scores, by family of axes and by peer group.
func (b *builder) principes() {
	standing := b.t.releve("principes", "date_reponse", b.p, func(r *demo.Row) (string, bool) {
		return keyOf("principes", r), true
	})
	for _, r := range standing {
		family, _, _ := strings.Cut(text(r, "axe"), ".")
		note, ok := number(r, "note")
		i := item{unit: b.unit(text(r, "repondant")), missing: !ok, x: int64(note), side: text(r, "groupe_pairs")}
		b.add("C10", family, i)
		b.add("C22", family, i)
		if family == "P2" && (i.side == "elus" || i.side == "socio_economique") {
			b.add("C11", "", i)
		}
		if i.side == "elus" || i.side == "agents" {
			b.add("C12", "", i)
		}
	}
}
