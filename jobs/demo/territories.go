package demo

import (
	"strconv"
	"time"
)

// profile is what makes a territory different from another: its row of territoires.csv, its size
// and the course that things take there.
type profile struct {
	id, prefix, nom         string
	echelon, region, milieu string
	avancement, integration string
	departement             string // first digits of the communes' codes
	population              int
	joins                   int // months after the programme's first
	bodies, services        int // public bodies (elected side and services each), services of the State
	ess, companies          int // actors of the ESS, companies outside it
	dyads, freins, attentes int
	commitments, projects   int
	dialogues               int     // a month
	respondents, waveMonths int     // answers on the principles: how many people, every how many months
	level, climb            float64 // of relations: at the start on the ladder, and per year
	note, rise              float64 // of principles: mean at the start, and per year
	lifting                 float64 // mean months until a frein is lifted
	giveUp                  float64 // share of freins and attentes that are abandoned
	loyalty                 float64 // share of engagements that last until their term
	held                    float64 // share of dialogues that take place
}

// profiles are the ten pilot territories. None exists.
var profiles = []profile{
	{id: "valbrune", prefix: "VAL", nom: "Valbrune", echelon: "commune", region: "Centre-Val de Loire", milieu: "rural",
		avancement: "debutant", integration: "faible", departement: "45", population: 1712,
		bodies: 1, services: 1, ess: 6, companies: 2, dyads: 10, freins: 12, attentes: 10, commitments: 14, projects: 6,
		dialogues: 2, respondents: 9, waveMonths: 12, level: 1.0, climb: 0.35, note: 2.4, rise: 0.15, lifting: 14, giveUp: 0.15, loyalty: 0.7, held: 0.75},
	{id: "ormecourt", prefix: "ORM", nom: "Ormecourt-les-Tilleuls", echelon: "commune", region: "Hauts-de-France", milieu: "rural",
		avancement: "experimente", integration: "forte", departement: "60", population: 3240,
		bodies: 1, services: 1, ess: 9, companies: 2, dyads: 16, freins: 26, attentes: 16, commitments: 24, projects: 9,
		dialogues: 4, respondents: 14, waveMonths: 6, level: 2.6, climb: 0.25, note: 3.4, rise: 0.1, lifting: 5, giveUp: 0.05, loyalty: 0.85, held: 0.9},
	{id: "vernoise", prefix: "VER", nom: "Vernoise-sur-Lirelle", echelon: "commune", region: "Auvergne-Rhône-Alpes", milieu: "periurbain",
		avancement: "debutant", integration: "moyenne", departement: "38", population: 9870,
		bodies: 1, services: 2, ess: 11, companies: 3, dyads: 18, freins: 20, attentes: 14, commitments: 30, projects: 9,
		dialogues: 4, respondents: 16, waveMonths: 12, level: 1.8, climb: 0.1, note: 2.9, rise: 0, lifting: 11, giveUp: 0.15, loyalty: 0.55, held: 0.8},
	{id: "castelmauve", prefix: "CAS", nom: "Castelmauve", echelon: "commune", region: "Occitanie", milieu: "urbain",
		avancement: "experimente", integration: "moyenne", departement: "81", population: 21400,
		bodies: 1, services: 2, ess: 15, companies: 4, dyads: 24, freins: 28, attentes: 20, commitments: 38, projects: 12,
		dialogues: 6, respondents: 20, waveMonths: 6, level: 1.6, climb: 0.7, note: 2.8, rise: 0.35, lifting: 7, giveUp: 0.1, loyalty: 0.8, held: 0.85},
	{id: "pays-de-lorvance", prefix: "LOR", nom: "Pays de Lorvance", echelon: "petr", region: "Occitanie", milieu: "rural",
		avancement: "experimente", integration: "forte", departement: "12", population: 64300,
		bodies: 4, services: 3, ess: 18, companies: 3, dyads: 34, freins: 34, attentes: 24, commitments: 48, projects: 16,
		dialogues: 7, respondents: 26, waveMonths: 6, level: 2.4, climb: 0.3, note: 3.3, rise: 0.2, lifting: 8, giveUp: 0.1, loyalty: 0.8, held: 0.85},
	{id: "trois-sources", prefix: "TSE", nom: "Pays des Trois-Sources d’Erbe", echelon: "petr", region: "Centre-Val de Loire", milieu: "rural",
		avancement: "debutant", integration: "faible", departement: "36", population: 38900,
		bodies: 3, services: 2, ess: 10, companies: 4, dyads: 20, freins: 36, attentes: 20, commitments: 28, projects: 10,
		dialogues: 4, respondents: 18, waveMonths: 12, level: 1.3, climb: 0.05, note: 2.6, rise: -0.05, lifting: 60, giveUp: 0.3, loyalty: 0.6, held: 0.65},
	{id: "brevigny", prefix: "BRE", nom: "Brévigny-Ouchy Agglomération", echelon: "communaute_agglomeration", region: "Hauts-de-France", milieu: "urbain",
		avancement: "experimente", integration: "moyenne", departement: "62", population: 78600, joins: 6,
		bodies: 4, services: 3, ess: 20, companies: 5, dyads: 34, freins: 32, attentes: 26, commitments: 50, projects: 16,
		dialogues: 8, respondents: 28, waveMonths: 12, level: 2.1, climb: 0.2, note: 3.0, rise: 0.1, lifting: 10, giveUp: 0.15, loyalty: 0.75, held: 0.8},
	{id: "corvaillac", prefix: "COR", nom: "Corvaillac Agglomération", echelon: "communaute_agglomeration", region: "Occitanie", milieu: "periurbain",
		avancement: "debutant", integration: "moyenne", departement: "46", population: 54200,
		bodies: 3, services: 2, ess: 16, companies: 4, dyads: 28, freins: 30, attentes: 20, commitments: 40, projects: 12,
		dialogues: 5, respondents: 22, waveMonths: 12, level: 2.7, climb: -0.8, note: 3.2, rise: -0.4, lifting: 20, giveUp: 0.3, loyalty: 0.45, held: 0.6},
	{id: "arlenthe", prefix: "ARL", nom: "Communauté urbaine d’Arlenthe", echelon: "communaute_urbaine", region: "Hauts-de-France", milieu: "urbain",
		avancement: "experimente", integration: "forte", departement: "59", population: 108300,
		bodies: 5, services: 3, ess: 24, companies: 5, dyads: 40, freins: 40, attentes: 30, commitments: 60, projects: 20,
		dialogues: 10, respondents: 30, waveMonths: 6, level: 2.3, climb: 0.3, note: 3.1, rise: 0.2, lifting: 9, giveUp: 0.1, loyalty: 0.7, held: 0.85},
	{id: "val-dancelle", prefix: "ANC", nom: "Agglomération du Val d’Ancelle", echelon: "communaute_agglomeration", region: "Auvergne-Rhône-Alpes", milieu: "urbain",
		avancement: "debutant", integration: "forte", departement: "26", population: 61700,
		bodies: 3, services: 3, ess: 18, companies: 4, dyads: 32, freins: 30, attentes: 22, commitments: 44, projects: 14,
		dialogues: 6, respondents: 24, waveMonths: 12, level: 1.9, climb: 0.4, note: 2.9, rise: 0.3, lifting: 9, giveUp: 0.1, loyalty: 0.8, held: 0.85},
}

// The elections fell in March 2026; a group of communes settles its council a few weeks later.
var (
	electionDay   = time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	communeTerm   = time.Date(2026, 3, 21, 0, 0, 0, 0, time.UTC)
	groupTerm     = time.Date(2026, 4, 9, 0, 0, 0, 0, time.UTC)
	territoryCols = []string{"territoire_id", "nom", "code_officiel", "echelon", "population", "region", "milieu",
		"avancement", "integration_ess", "date_entree", "date_sortie", "mandat_debut", "courriel_referent"}
)

func (p *place) commune() bool { return p.echelon == "commune" }

// termStart is the first day of the present elected majority.
func (p *place) termStart() time.Time {
	if p.commune() {
		return communeTerm
	}
	return groupTerm
}

// territory is the place's row of territoires.csv.
func (p *place) territory() Territory {
	c := p.chance("territoire")
	code := luhnNumber("2009" + strconv.Itoa(c.between(1000, 9999)))
	if p.commune() {
		code = p.departement + strconv.Itoa(c.between(950, 999)) // numbers that no commune has
	}
	entry := p.start.first()
	if c.yes(0.3) {
		entry = (p.start - 1).first() // joined before its first workbook
	}
	return Territory{
		"territoire_id": p.id, "nom": p.nom, "code_officiel": code, "echelon": p.echelon,
		"population": strconv.Itoa(p.population), "region": p.region, "milieu": p.milieu,
		"avancement": p.avancement, "integration_ess": p.integration,
		"date_entree":       entry.Format(time.DateOnly),
		"mandat_debut":      p.termStart().Format(time.DateOnly),
		"courriel_referent": "cooperation@" + p.id + ".example",
	}
}
