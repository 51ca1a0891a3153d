package oracle

// cell is one indicator and one of its modalites.
type cell struct {
	indicateur, modalite string
}

// item is one row of a population. What its numbers mean is the indicator's affair.
type item struct {
	unit    string // what is counted once: an actor, a respondent, a project, with its territory
	missing bool   // its value is unknown
	x, n    int64
	subject subject
	parts   []int64  // how much of each kind
	side    string   // the peer group that it speaks for
	links   []string // the units that it points at
}

// estimate is what the rows alone say, before the rules on what may be told.
type estimate struct {
	value, low, high *float64
	effectif         int
	numerator        int64
	denominator      int64
	absent           bool // nothing to judge, though there are rows
	few              bool // too few at the horizon, or too few who answered
}

// circumstances are what a figure depends on besides its rows.
type circumstances struct {
	stale     bool // nothing recent was received
	absent    bool // too many months of the window were not received
	few       bool // under three territories
	undefined bool // the window begins before the first month
}

func (ind indicator) figure(rows []item, c circumstances) Figure {
	e := ind.estimate(rows)
	f := Figure{Effectif: e.effectif, Population: len(rows)}
	for _, r := range rows {
		if r.missing {
			f.Manquants++
		}
	}
	switch {
	case c.stale:
		f.Statut = "perime"
	case len(rows) == 0 || e.absent || c.absent:
		f.Statut = "donnees_absentes"
	case e.effectif < ind.floor || e.few || c.few:
		f.Statut = "effectif_insuffisant"
	case c.undefined || e.value == nil:
		f.Statut = "non_defini"
	default:
		f.Statut = "ok"
		f.Valeur, f.BorneBasse, f.BorneHaute = e.value, e.low, e.high
	}
	if ind.counted && (f.Statut == "ok" || f.Statut == "effectif_insuffisant") {
		f.Numerateur, f.Denominateur = is(float64(e.numerator)), is(float64(e.denominator))
	}
	return f
}

func is(v float64) *float64 { return &v }
