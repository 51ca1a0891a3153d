package exports

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"cairn/indicators"
)

// The sentences of the funders' summary. Each says no more than its figure allows.

// textLimit is the length that a printed text of the territories may take, in characters: two pages are two pages.
const textLimit = 120

// quoted is a text of the territories between « ».
func quoted(text string) string {
	return "« " + shortened(strings.TrimSuffix(strings.Join(strings.Fields(text), " "), "."), textLimit) + " »"
}

// shortened cuts a text at a word where it has more characters than a limit.
func shortened(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	cut := string([]rune(text)[:limit])
	if at := strings.LastIndex(cut, " "); at > limit/2 {
		cut = cut[:at]
	}
	return cut + "…"
}

// capital gives a sentence its capital.
func capital(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return strings.ToUpper(string(r)) + text[size:]
}

// tooFewTerritories is what stands for a figure of a set that has none.
const tooFewTerritories = "moins de trois territoires à jour"

// why says why a figure of the set has no value.
func (s *summary) why(e effect) string {
	switch {
	case s.tooFew():
		return tooFewTerritories
	case e.statut == indicators.TooFew:
		return "trop peu de territoires ou d’observations pour une valeur"
	}
	return e.absence()
}

// proofMeanings say what the strengths of proof are.
var proofMeanings = [][2]string{
	{"forte", "une tendance se distingue du hasard, et l’intervalle de l’écart au départ exclut zéro"},
	{"moyenne", "l’une des deux conditions seulement"},
	{"faible", "aucune des deux : le hasard peut suffire"},
	{"trop tôt", "pas encore de départ connu, ou trop peu d’observations pour une tendance"},
	{"non testée", "une durée, qui accumule toute l’histoire, sans intervalle de l’écart"},
}

// clearGap is said of a figure that is not where it began, and of which no trend stands out.
const clearGap = "l’écart est net, la tendance n’est pas établie"

// finding is the summary's title: what the first figure shows, in a sentence.
func (s *summary) finding() string {
	e := s.figures[keyFigures[0]]
	const what = "des relations sont, des deux côtés, un partenariat ou une coopération"
	switch {
	case s.current == 0:
		return "Aucun territoire n’a de classeur récent, rien ne peut être dit de l’ensemble"
	case s.tooFew():
		return typo(capital(counted(s.current, "", "territoire", "territoires")) + ", trop peu pour un chiffre d’ensemble : chacun est montré face à son propre départ")
	case !e.value.Valid:
		return typo("Trop tôt pour le dire : " + s.why(e))
	}
	value := percent(e.value.V) + " " + what
	up, down := e.moved()
	switch {
	case e.word == indicators.TooEarly, !e.reference.Valid:
		return typo(value + " ; il est trop tôt pour dire si cela change")
	case e.word == indicators.Rising && up:
		return typo(fmt.Sprintf("Le partenariat et la coopération progressent : %s, contre %s au départ", value, percent(e.reference.V)))
	case e.word == indicators.Falling && down:
		return typo(fmt.Sprintf("Le partenariat et la coopération reculent : %s, contre %s au départ", value, percent(e.reference.V)))
	case !up && !down:
		return typo(value + ", comme au départ")
	case e.outside():
		return typo(fmt.Sprintf("%s, contre %s au départ ; %s", value, percent(e.reference.V), clearGap))
	}
	return typo(fmt.Sprintf("%s, contre %s au départ ; cet écart ne se distingue pas du hasard", value, percent(e.reference.V)))
}

// scopeText says of what the summary speaks.
func (s *summary) scopeText() string {
	n := int(s.scope.count("territoires"))
	text := counted(n, "aucun territoire", "territoire", "territoires")
	if late := n - s.current; late > 0 {
		text += fmt.Sprintf(", dont %s sans classeur récent, hors des chiffres d’ensemble", inLetters(late))
	}
	return typo(fmt.Sprintf("%s ; %s sur %d attendus en douze mois.", text,
		counted(int(s.scope.count("recus")), "aucun classeur mensuel reçu", "classeur mensuel reçu", "classeurs mensuels reçus"), s.scope.count("attendus")))
}

// needText says why there is a programme, and where it began.
func (s *summary) needText() string {
	text := "La transition demande que collectivités et acteurs de l’économie sociale et solidaire (ESS) agissent ensemble. Souvent, les unes commandent et les autres exécutent. " +
		"Le programme ouvre des espaces où élus, agents, État et acteurs socio-économiques apprennent à décider, à agir et à évaluer ensemble, dans la durée."
	if e := s.figures[keyFigures[0]]; e.value.Valid && e.reference.Valid {
		text += fmt.Sprintf(" Au départ, %s des relations étaient un partenariat ou une coopération.", percent(e.reference.V))
	}
	return typo(text)
}

// chartFinding is the chart's title: where the territories stand beside their own beginnings.
func chartFinding(places []record) string {
	known, up, down, clear := 0, 0, 0, 0
	for _, r := range places {
		f := figureOf(r)
		if !f.value.Valid || !f.reference.Valid {
			continue
		}
		known++
		switch {
		case f.value.V > f.reference.V:
			up++
		case f.value.V < f.reference.V:
			down++
		}
		if f.outside() {
			clear++
		}
	}
	if known == 0 {
		return typo("Aucun territoire n’a encore une valeur et un départ : trop tôt pour le dire")
	}
	are := func(n int) string {
		switch n {
		case 0:
			return "n’est"
		case 1:
			return "est"
		}
		return "sont"
	}
	none := func(n int) string { // a subject without a noun
		if n == 0 {
			return "aucun"
		}
		return inLetters(n)
	}
	of := "territoires sur " + inLetters(known)
	if up < 2 {
		of = "territoire sur " + inLetters(known)
	}
	text := fmt.Sprintf("%s %s %s au-dessus de son propre départ, %s au-dessous", capital(none(up)), of, are(up), none(down))
	if up > 1 {
		text = strings.Replace(text, "son propre", "leur propre", 1)
	}
	switch clear {
	case 0:
		text += " ; l’écart n’est assuré pour aucun"
	default:
		text += " ; l’écart est assuré pour " + inLetters(clear)
	}
	return typo(text)
}

// storyText tells the situated story, in what the territory said of it.
func (s *summary) storyText() []string {
	r := s.story
	if r == nil {
		return []string{typo("Aucun effet positif n’a été constaté en douze mois dans ces territoires : il n’y a pas de récit à raconter.")}
	}
	began, _ := r["date_debut"].(time.Time)
	seen, _ := r["date_constat"].(time.Time)
	first := fmt.Sprintf("%s. Le projet %s a commencé en %s.", r.text("territoire"), quoted(r.text("intitule")), monthName(began))
	second := fmt.Sprintf("En %s, un effet positif a été %s : %s.", monthName(seen), proven[r.text("niveau_preuve")], quoted(r.text("description")))
	if n, _ := r["beneficiaires"].(int64); n >= leastBeneficiaries {
		second += fmt.Sprintf(" %s bénéficiaires sont déclarés.", frenchNumber(float64(n), 0))
	}
	all := []string{typo(first + " " + second)}
	after := ""
	if day, ok := r["celebre_le"].(time.Time); ok {
		after = fmt.Sprintf("Il a été célébré en %s : %s. ", monthName(day), quoted(r.text("celebration")))
	}
	if text := r.text("revers"); text != "" {
		after += fmt.Sprintf("Le même projet a un revers, noté aussi : %s.", quoted(text))
	}
	if after != "" {
		all = append(all, typo(strings.TrimSpace(after)))
	}
	return append(all, typo("Choisi par règle : l’effet positif le mieux prouvé des douze mois ; à preuve égale, le plus important, puis celui d’un projet célébré, puis le plus récent."))
}

// leastBeneficiaries are as few as a story says the number of.
const leastBeneficiaries = 5

// listed are as many figures as a sentence names.
const listed = 3

var proven = map[string]string{"declaratif": "déclaré", "observe": "observé", "mesure": "mesuré", "verifie": "vérifié"}

// failuresText says what did not work, and what was learnt of it.
func (s *summary) failuresText() []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, typo(fmt.Sprintf(format, args...))) }
	var back []string
	proofs, more := map[string]int{}, 0
	for _, e := range s.effects() {
		if e.against() {
			if len(back) == listed {
				more++
			} else {
				back = append(back, fmt.Sprintf("%s (%s, %s au départ)", strings.ToLower(e.name), quantity(e.unit, e.value.V), quantity(e.unit, e.reference.V)))
			}
			proofs[e.proof()]++
		}
	}
	if more > 0 {
		back = append(back, counted(more, "", "autre (tableau des effets)", "autres (tableau des effets)"))
	}
	if len(back) > 0 {
		var strengths []string
		for _, m := range proofMeanings {
			if n := proofs[m[0]]; n > 0 {
				strengths = append(strengths, m[0]+" pour "+inLetters(n))
			}
		}
		add("Moins bien qu’au départ : %s ; preuve %s.", enumerate(back), enumerate(strengths))
	}
	if e := s.figures["E08"]; e.value.Valid && e.denominator.V > e.numerator.V {
		text := counted(int(e.denominator.V-e.numerator.V), "", "dialogue prévu n’a pas été tenu", "dialogues prévus n’ont pas été tenus")
		if len(s.refusals) > 0 {
			text += " ; motif le plus fréquent : " + strings.ToLower(s.refusals[0].figure.modalite)
		}
		add("%s.", text)
	}
	if n := s.scope.count("projets_arretes"); n > 0 {
		add("%s sur %d du registre.", counted(int(n), "", "projet a été arrêté", "projets ont été arrêtés"), s.scope.count("projets"))
	}
	if r := s.harm; r != nil {
		add("Effet négatif %s, %s, projet %s : %s.", proven[r.text("niveau_preuve")], r.text("territoire"), quoted(r.text("intitule")), quoted(r.text("description")))
	}
	if len(all) == 0 {
		add("Rien n’a été signalé ; cela ne prouve pas que tout a marché.")
	}
	if r := s.lesson; r != nil {
		add("Appris en chemin, à propos de %s dans l’année : %s.", counted(int(r.count("freins")), "", "frein levé", "freins levés"), quoted(r.text("levier")))
	}
	return all
}

// against reports whether a figure stands on the side of its beginnings that is not wished for.
func (e effect) against() bool {
	up, down := e.moved()
	return e.sense == "hausse" && down || e.sense == "baisse" && up
}

// limitsText says what the figures cannot show.
func (s *summary) limitsText() []string {
	all := []string{
		"Contribution, non attribution : sans territoires de comparaison, ces chiffres disent ce qui a changé pendant le programme, non ce que le programme a causé.",
		"Tout est déclaré par les territoires ; ce qui n’est pas écrit dans un classeur n’est pas compté.",
		"Une somme, d’effets ou d’heures, laisse de côté un territoire auquel plus de trois mois sur douze manquent ; son départ est celui des territoires qu’elle compte aujourd’hui.",
		"« Non détectable » ne veut pas dire stable : sur deux ans, un changement modéré passe le plus souvent inaperçu.",
	}
	missing := map[string]bool{}
	var broken []string
	for _, e := range s.effects() {
		if !e.value.Valid {
			missing[e.code] = true
		}
		if e.rupture != "" {
			broken = append(broken, e.code+" ("+e.rupture+")")
		}
	}
	switch n := len(missing); {
	case n == len(ImpactIndicators()):
		all = append(all, "Aucun des dix indicateurs n’a de valeur d’ensemble ici.")
	case n > 0:
		all = append(all, fmt.Sprintf("%s des dix indicateurs %s pas de valeur ici ; une absence n’est pas un zéro.", capital(inLetters(n)), map[bool]string{true: "n’a", false: "n’ont"}[n == 1]))
	}
	if len(broken) > 0 {
		all = append(all, "Changement de méthode : "+enumerate(broken)+" ; rien n’est comparé par-dessus.")
	} else {
		all = append(all, "Aucun de ces indicateurs n’a changé de définition depuis le départ.")
	}
	for i := range all {
		all[i] = typo(all[i])
	}
	return all
}

// nextText says what comes next, and what is asked of the funder.
func (s *summary) nextText() []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, typo(fmt.Sprintf(format, args...))) }
	var open float64
	var first []string
	for i, e := range s.freins {
		open += e.value.V
		if i < 2 {
			first = append(first, strings.ToLower(e.figure.modalite))
		}
	}
	going := counted(int(s.scope.count("projets_en_cours")), "Aucun projet n’est en cours", "projet est en cours", "projets sont en cours")
	if open > 0 {
		add("%s ; %s, d’abord : %s.", going, counted(int(open), "", "frein reste ouvert", "freins restent ouverts"), enumerate(first))
	} else {
		add("%s.", going)
	}
	early := map[string]bool{}
	for _, e := range s.effects() {
		if e.proof() == "trop tôt" {
			early[e.code] = true
		}
		if e.against() && len(all) < 2 {
			add("À délibérer : « %s », %s contre %s au départ. Une difficulté, ou un sujet enfin mis au travail ?", e.name, quantity(e.unit, e.value.V), quantity(e.unit, e.reference.V))
		}
	}
	if n := len(early); n > 0 {
		add("Pour %s, il est trop tôt pour le dire : les mois à venir le permettront.", counted(n, "", "indicateur sur dix", "indicateurs sur dix"))
	}
	add("Demandé au financeur : lire ces chiffres avec les territoires avant d’en décider, et donner du temps ; un effet durable se voit rarement avant plusieurs années.")
	add("Prochaine synthèse : avec les classeurs %s.", ofMonth(s.release.Period.AddDate(0, 1, 0)))
	return all
}

// meansText says of what the table of means is the sum, or why there is none.
func (s *summary) meansText() string {
	m := s.means
	switch {
	case m.territories < minimumTerritories:
		return typo(fmt.Sprintf("Euros : pas de somme, car %s de douze mois assez complets ; il en faut trois.",
			counted(m.territories, "aucun territoire n’a", "territoire seulement a", "territoires seulement ont")))
	case m.projects == 0:
		return typo("Euros : aucune ressource n’a été déclarée en douze mois.")
	case !m.total.cents.Valid:
		return typo("Euros : somme tenue secrète, elle viendrait presque toute d’un seul projet.")
	}
	return typo(fmt.Sprintf("Douze mois, %s de %s ; hors bénévolat.", counted(m.projects, "", "projet", "projets"), counted(m.territories, "", "territoire", "territoires")))
}

// volunteersText says the hours given.
func (s *summary) volunteersText() string {
	e := s.figures["V09"]
	if !e.value.Valid {
		return typo("Bénévolat : " + s.why(e) + ".")
	}
	text := "Bénévolat : " + quantity(e.unit, e.value.V) + " déclarées en douze mois"
	if e.value.V < 2 {
		text = "Bénévolat : " + quantity(e.unit, e.value.V) + " déclarée en douze mois"
	}
	if e.reference.Valid {
		text += fmt.Sprintf(" (%s au départ)", quantity(e.unit, e.reference.V))
	}
	return typo(text + ".")
}

// euros is an amount of cents in whole euros.
func euros(cents int64) string {
	return frenchNumber(math.Round(float64(cents)/100), 0) + noBreak + "€"
}
