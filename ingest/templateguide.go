package ingest

import (
	"slices"

	"github.com/xuri/excelize/v2"
)

// guideText is a title of the guide and what it says: a line has a term and its explanation.
type guideText struct {
	title string
	lines [][2]string
}

// guide is how to use the workbook, in words that need no training.
var guide = []guideText{
	{"Chaque mois", [][2]string{
		{"Remplir", "Notez ce qui s’est passé pendant le mois inscrit sur la feuille « Accueil », puis renvoyez le classeur avant le 10 du mois suivant."},
		{"Rien à noter", "Sur la feuille « Accueil », choisissez « oui » en face des feuilles pour lesquelles il n’y a rien eu."},
		{"Une information manque", "Laissez la case vide, ou écrivez « nsp ». Mieux vaut une case vide qu’un chiffre inventé."},
	}},
	{"Remplir une feuille", [][2]string{
		{"Une ligne, une chose", "Écrivez à la suite des lignes déjà remplies ; pour ôter une ligne, effacez ses cellules. Pas de ligne de total, pas de cellules fusionnées, pas de second tableau."},
		{"L’aide", "Placez la souris sur un titre : une note dit ce que l’on attend, donne un exemple et dit qui le verra."},
		{"Obligatoire", "Titre suivi de * : toujours. Titre suivi de (*) : dans le cas que dit la note. Une case obligatoire oubliée est encadrée de tirets rouges."},
		{"Les listes", "Une flèche apparaît au bord de la cellule choisie. Toutes les listes sont aussi sur la feuille « Listes »."},
		{"Identifiants", "Un code court que vous choisissez (lettres, chiffres, tirets). Gardez-le d’un mois à l’autre : c’est lui qui relie les feuilles et les mois."},
		{"Retiré", "« oui » retire une ligne qui n’aurait pas dû être déclarée. Pour une fin ordinaire, remplissez plutôt la date de fin."},
	}},
	{"Écrire dates, nombres et réponses", [][2]string{
		{"Dates", "15/03/2026, l’année en quatre chiffres."},
		{"Nombres", "1234,5 : sans unité ni texte."},
		{"Oui ou non", "Choisissez « oui » ou « non »."},
		{"Plusieurs réponses", "Séparez-les par un point-virgule : Élus ; Agents."},
		{"nc et nsp", "« nc » : non concerné. « nsp » : ne sait pas. Vide : pas rempli. 0 : zéro, compté. Ce sont quatre réponses différentes."},
	}},
	{"Qui voit quoi", [][2]string{
		{"Publié", "Ce dont la note dit que tout le monde peut le voir. Dans les textes qui peuvent être publiés, ne citez personne."},
		{"Évaluateurs", "Les évaluateurs du programme, pour votre territoire. Ce n’est pas publié."},
		{"Jamais", "Les réponses aux principes, les notes de 1 à 5 des relations, les intentions et les coordonnées ne sortent pas de l’équipe du programme. Un résultat tiré de ces réponses n’est pas publié s’il repose sur moins de cinq répondants."},
	}},
	{"Après l’envoi", [][2]string{
		{"Le retour", "Vous recevez ce qui a été pris, ce qui est à corriger et les questions, cellule par cellule. Ce retour ne va qu’à vous."},
		{"Corriger", "Corrigez dans ce classeur et renvoyez-le en entier : le dernier reçu remplace le précédent. Aucun envoi n’est perdu."},
		{"Un accompagnement", "Ces données aident à comprendre comment l’on coopère dans la durée. Elles ne servent ni à classer ni à contrôler."},
	}},
	{"Le classeur", [][2]string{
		{"Verrous", "Les titres sont verrouillés pour être reconnus ; il n’y a pas de mot de passe. On peut ajouter, trier et filtrer des lignes, élargir des colonnes."},
		{"Enregistrer", "Au format .xlsx ou .ods, avec Excel ou LibreOffice. Le nom du fichier est libre."},
	}},
}

// emitterGuide takes the place of « Chaque mois » for whom answers for himself and not for the territory.
var emitterGuide = guideText{"Ce classeur est le vôtre", [][2]string{
	{"Deux feuilles", "« Relations » : comment vous décrivez vos relations avec les autres acteurs. « Principes » : les notes de votre groupe de pairs."},
	{"Quand", "Au moins une fois par an, et quand une relation change. Le mois est celui de la feuille « Accueil »."},
	{"Vos réponses", "Envoyez ce classeur vous-même au programme, sans passer par le territoire : lui ne voit pas vos réponses, et vous ne voyez pas celles des autres."},
	{"Pseudonyme", "Dans « Principes », signez d’un pseudonyme que vous gardez d’une fois à l’autre : ni nom, ni initiales, ni adresse."},
	{"Une information manque", "Laissez la case vide, ou écrivez « nsp »."},
}}

// writeGuide writes how to fill the workbook, then what each sheet is for.
func (t *templateWriter) writeGuide() error {
	s := &sheetWriter{templateWriter: t, sheet: GuideSheet}
	s.widths(26, 104)
	s.banner(GuideSheet, "AB")
	row := 2
	texts := guide
	if t.data.Emetteur != "" {
		texts = slices.Concat([]guideText{emitterGuide}, guide[1:])
	}
	for _, text := range texts {
		s.section(row, text.title, "AB")
		row++
		for _, line := range text.lines {
			s.explain(row, line[0], line[1], s.styles.strong)
			row++
		}
	}
	s.section(row, "Les feuilles", "AB")
	row++
	for _, table := range t.tables {
		schema := t.model.Schemas[table]
		s.explain(row, schema.Title, kindWords[schema.Kind]+". "+schema.Description, s.styles.link)
		s.link("A", row, SheetName(schema))
		row++
	}
	show := false
	s.do(t.file.SetSheetView(GuideSheet, 0, &excelize.ViewOptions{ShowGridLines: &show}))
	s.do(t.file.SetSheetView(CoverSheet, 0, &excelize.ViewOptions{ShowGridLines: &show}))
	if s.err != nil {
		return s.err
	}
	if err := t.printOn(GuideSheet, "portrait", true); err != nil {
		return err
	}
	return t.protect(GuideSheet)
}

func (s *sheetWriter) explain(row int, term, text string, style int) {
	s.put("A", row, term, style)
	s.put("B", row, text, s.styles.text)
	s.height(row, 5+15*float64(lines(text, 118)))
}
