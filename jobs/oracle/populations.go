package oracle

// populations gives the rows of every indicator and modalite for one territory and month.
func (t *place) populations(p month) map[cell][]item {
	b := &builder{t: t, p: p, acteurs: t.roster(p), cells: map[cell][]item{}}
	b.relations()
	b.principes()
	b.dialogues()
	b.freins()
	b.attentes()
	b.engagements()
	b.projets()
	b.effets()
	b.ressources()
	b.quality()
	return b.cells
}

type builder struct {
	t       *place
	p       month
	acteurs roster
	cells   map[cell][]item
}

func (b *builder) add(indicateur, modalite string, i item) {
	c := cell{indicateur, modalite}
	b.cells[c] = append(b.cells[c], i)
}

// unit tells the same identifier in two territories apart.
func (b *builder) unit(id string) string { return b.t.id + "\x1f" + id }

func when(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
