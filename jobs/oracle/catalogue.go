package oracle

// indicator is how a population becomes a figure.
type indicator struct {
	id        string
	modalites []string
	floor     int
	quality   bool   // of the data: never perime
	local     bool   // no row for the programme
	sum       string // the sheet of a sum of flux, which is defined on a whole window only
	counted   bool   // numerateur and denominateur are told
	estimate  func([]item) estimate
}

// The code lists that are modalites, or whose entries an evenness is over.
var (
	scalar     = []string{""}
	families   = words("P0 P1 P2 P3 P4 A")
	levels     = words("0 1 2 3 4")
	dimensions = words("horizontale verticale transversale")
	brakes     = words(`mefiance peur_de_l_echec manque_de_confiance absence_d_espace_de_parole logique_concurrentielle
		logique_de_guichet surcharge tensions_politiques representations modele_economique cadre_juridique
		culture_hierarchique manque_de_coherence desengagement_public calendrier silos intentions_non_dites
		entre_soi double_injonction autre`)
	reasons   = words("habitude_ancree calendrier surcharge_administration tensions_majorite autre")
	forms     = words("financier humain foncier_materiel gouvernance politique benevole")
	senses    = words("positif negatif")
	scales    = words("quartier commune intercommunalite au_dela")
	domaines  = words("social environnemental economique democratique culturel")
	withHours = words("avec_benevolat sans_benevolat")
)

// Horizons, in days.
const (
	sixMonths        = 182.625
	twelveMonths     = 365.25
	twentyFourMonths = 730.5
	daysPerMonth     = 30.4375
)

var indicators = []indicator{
	{id: "C01", modalites: levels, floor: 5, counted: true, estimate: share},
	{id: "C02", modalites: scalar, floor: 5, counted: true, estimate: share},
	{id: "C03", modalites: scalar, floor: 10, estimate: mean},
	{id: "C04", modalites: scalar, floor: 5, estimate: mean},
	{id: "C05", modalites: scalar, floor: 6, local: true, estimate: reciprocal},
	{id: "C06", modalites: scalar, floor: 5, counted: true, estimate: shareByDeclarants},
	{id: "C07", modalites: scalar, floor: 5, counted: true, estimate: share},
	{id: "C08", modalites: scalar, floor: 5, counted: true, estimate: shareByDeclarants},
	{id: "C09", modalites: scalar, floor: 6, estimate: mean},
	{id: "C10", modalites: families, floor: 10, estimate: accord},
	{id: "C11", modalites: scalar, floor: 5, estimate: gap("socio_economique", "elus")},
	{id: "C12", modalites: scalar, floor: 5, estimate: absolute(gap("elus", "agents"))},
	{id: "C13", modalites: scalar, floor: 5, counted: true, estimate: ratioIfAny},
	{id: "C14", modalites: scalar, floor: 10, estimate: closed(twelveMonths)},
	{id: "C15", modalites: scalar, floor: 5, estimate: delay},
	{id: "C16", modalites: brakes, floor: 1, estimate: count},
	{id: "C17", modalites: scalar, floor: 10, estimate: closed(sixMonths)},
	{id: "C18", modalites: scalar, floor: 5, counted: true, estimate: ratio},
	{id: "C19", modalites: scalar, floor: 8, estimate: evennessOf(len(seats), people)},
	{id: "C20", modalites: scalar, floor: 5, counted: true, estimate: shareOfList},
	{id: "C21", modalites: dimensions, floor: 5, counted: true, estimate: share},
	{id: "C22", modalites: families, floor: 5, estimate: middleNote},

	{id: "E01", modalites: scalar, floor: 1, estimate: distinct},
	{id: "E02", modalites: scalar, floor: 5, counted: true, estimate: shareOfList},
	{id: "E03", modalites: scalar, floor: 10, estimate: duration},
	{id: "E04", modalites: words("tous scic"), floor: 10, estimate: maintained},
	{id: "E05", modalites: scalar, floor: 3, estimate: medianMonths},
	{id: "E06", modalites: scalar, floor: 5, counted: true, estimate: shareOfList},
	{id: "E07", modalites: scalar, floor: 5, counted: true, estimate: shareOfList},
	{id: "E08", modalites: scalar, floor: 5, counted: true, estimate: share},
	{id: "E09", modalites: reasons, floor: 1, sum: "dialogues", estimate: countOfLookedAt},
	{id: "E10", modalites: scalar, floor: 20, counted: true, estimate: ratio},
	{id: "E11", modalites: scalar, floor: 5, counted: true, estimate: shareOfList},
	{id: "E12", modalites: scalar, floor: 5, counted: true, estimate: shareOfList},
	{id: "E13", modalites: scalar, floor: 5, estimate: evennessOf(len(forms), rowsKnown)},
	{id: "E14", modalites: scalar, floor: 5, counted: true, estimate: shareOfList},

	{id: "V01", modalites: senses, floor: 1, sum: "effets", estimate: count},
	{id: "V02", modalites: scalar, floor: 5, counted: true, estimate: share},
	{id: "V03", modalites: scalar, floor: 5, counted: true, estimate: share},
	{id: "V04", modalites: scalar, floor: 5, counted: true, estimate: share},
	{id: "V05", modalites: scalar, floor: 5, counted: true, estimate: share},
	{id: "V06", modalites: scalar, floor: 5, estimate: effectiveKinds(len(scales))},
	{id: "V07", modalites: withHours, floor: 3, estimate: evennessOf(poles, units)},
	{id: "V08", modalites: scalar, floor: 3, estimate: rest},
	{id: "V09", modalites: scalar, floor: 1, sum: "ressources", estimate: total(tenThousand)},
	{id: "V10", modalites: scalar, floor: 1, sum: "effets", estimate: count},
	{id: "V11", modalites: scalar, floor: 5, estimate: evennessOf(len(domaines), rowsKnown)},
	{id: "V12", modalites: scalar, floor: 5, counted: true, estimate: share},
	{id: "V13", modalites: words("tous lieu"), floor: 3, counted: true, estimate: shareOfList},
	{id: "V14", modalites: scalar, floor: 5, counted: true, estimate: shareOfList},

	{id: "Q01", modalites: scalar, quality: true, local: true, counted: true, estimate: proportion},
	{id: "Q02", modalites: scalar, quality: true, local: true, estimate: count},
	{id: "Q03", modalites: scalar, quality: true, local: true, counted: true, estimate: proportion},
	{id: "Q04", modalites: scalar, quality: true, local: true, counted: true, estimate: proportion},
	{id: "Q05", modalites: scalar, quality: true, local: true, estimate: perHundred},
}
