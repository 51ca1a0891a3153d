package ingest

import "strings"

// Severity of a finding.
type Severity string

// The severities, from the gravest.
const (
	Rejet    Severity = "rejet"    // the workbook cannot be taken
	Erreur   Severity = "erreur"   // that cell, or that row, is set aside; the rest is taken
	Question Severity = "question" // unusual: correct it or explain it
	Note     Severity = "note"     // for information
)

// Finding is what is to be said about a file: data, not an error. Its message never quotes the
// cell, so that it may be shown to others than the sender; Value does, for the sender alone.
type Finding struct {
	Table    string
	Sheet    string
	Line     int    // row number from 1; 0 when not about a row
	Cell     string // A1 reference; empty when not about one cell
	Field    string
	Rule     string // a code of Rules
	Severity Severity
	Message  string // plain French: what, why, and how to mend it
	Value    string // what the cell holds
}

// Rule is a kind of finding. Cause and Remedy are French sentences; {colonne}, {attendu},
// {feuille} and {autre} stand for what Detail says.
type Rule struct {
	Code     string
	Severity Severity
	Cause    string
	Remedy   string
}

// Rules is every rule. Reading a file applies all but territoire_inconnu, periode_future and
// reference_inconnue, which need the other files of a workspace and the day of reception.
var Rules = []Rule{
	{"fichier_illisible", Rejet, "Ce fichier n’est pas un classeur Excel lisible.", "Ouvrez-le dans Excel ou LibreOffice, enregistrez-le au format « Classeur Excel (.xlsx) », puis renvoyez-le."},
	{"fichier_protege", Rejet, "Ce classeur est protégé par un mot de passe : il ne peut pas être ouvert.", "Enlevez le mot de passe (Fichier, Informations, Protéger le classeur), enregistrez, puis renvoyez-le."},
	{"fichier_binaire", Rejet, "Ce classeur est au format binaire (.xlsb), qui n’est pas lu.", "Enregistrez-le au format « Classeur Excel (.xlsx) », puis renvoyez-le."},
	{"fichier_piege", Rejet, "Ce fichier n’a pas la structure d’un classeur ordinaire et n’a pas été ouvert, par précaution.", "Recopiez vos données dans un modèle neuf, puis renvoyez-le."},
	{"accueil_absent", Rejet, "La feuille « Accueil » manque : on ne sait ni de quel territoire ni de quel mois il s’agit.", "Repartez du modèle du classeur de suivi et recopiez-y vos feuilles."},
	{"territoire_absent", Rejet, "La feuille « Accueil » ne dit pas de quel territoire il s’agit.", "Remplissez la ligne « {colonne} », colonne B."},
	{"territoire_inconnu", Rejet, "Ce territoire ne figure pas dans la liste du programme.", "Vérifiez l’identifiant dans la feuille « Accueil » ; s’il est juste, écrivez à l’association."},
	{"periode_illisible", Rejet, "Le mois du classeur est absent ou illisible.", "Écrivez-le dans la feuille « Accueil » sous la forme 2026-10, 10/2026 ou « octobre 2026 »."},
	{"periode_future", Rejet, "Le mois du classeur n’avait pas commencé quand il a été reçu.", "Vérifiez le mois et l’année dans la feuille « Accueil »."},
	{"feuille_illisible", Rejet, "La feuille « {feuille} » est endommagée : sa lecture s’arrête en chemin, rien du classeur n’est donc pris.", "Ouvrez le classeur, enregistrez-le de nouveau, puis renvoyez-le."},
	{"feuille_absente", Erreur, "La feuille « {feuille} » manque : ce mois n’est pas reçu pour elle.", "Remettez la feuille du modèle ; s’il ne s’est rien passé, laissez-la vide et cochez « rien ce mois-ci » à l’accueil."},
	{"feuille_renommee", Question, "Cette feuille porte un autre nom que prévu ; d’après ses titres de colonnes, elle a été lue comme « {feuille} ».", "Rendez-lui le nom « {feuille} », ou dites si elle n’aurait pas dû être lue."},
	{"feuille_inconnue", Note, "Cette feuille n’est pas une feuille du classeur de suivi : elle n’a pas été lue.", "Si elle contient des données à prendre, recopiez-les dans la feuille du modèle."},
	{"feuille_hors_emetteur", Erreur, "Ce classeur est rempli par un émetteur particulier : il ne peut contenir que les feuilles Relations et Principes.", "Videz cette feuille, ou laissez « Émetteur » vide à l’accueil si le classeur est celui du territoire."},
	{"entete_absent", Erreur, "La ligne des titres de colonnes de la feuille « {feuille} » est introuvable : aucune ligne n’a pu être lue.", "Remettez la ligne de titres du modèle au-dessus des données."},
	{"colonne_absente", Erreur, "La colonne obligatoire « {colonne} » manque : aucune ligne de cette feuille n’a pu être prise.", "Remettez la colonne avec son titre exact."},
	{"colonne_en_double", Erreur, "Deux colonnes portent le titre « {colonne} » : seule la première a été lue.", "Supprimez ou renommez l’autre."},
	{"colonne_inconnue", Note, "Cette colonne n’est pas prévue dans la feuille « {feuille} » : elle n’a pas été lue.", "Rien à faire si elle ne sert qu’à vous."},
	{"ligne_total", Note, "Cette ligne de total n’est pas une donnée : elle a été laissée de côté.", "Rien à faire ; le total est recalculé."},
	{"cle_en_double", Erreur, "Une ligne plus haut porte déjà le même identifiant ({colonne}) : seule la première a été prise.", "Donnez à chaque ligne son identifiant, ou supprimez la répétition."},
	{"valeur_requise", Erreur, "« {colonne} » est obligatoire{autre}, et la cellule est vide.", "Remplissez cette cellule."},
	{"absence_refusee", Erreur, "« {colonne} » est obligatoire : « nc » et « nsp » n’y sont pas acceptés.", "Écrivez la valeur elle-même."},
	{"cellule_en_erreur", Erreur, "La formule de cette cellule donne une erreur.", "Corrigez la formule ou écrivez la valeur à la place."},
	{"nombre_illisible", Erreur, "« {colonne} » attend un nombre ; le contenu de la cellule n’en est pas un.", "Écrivez seulement des chiffres, par exemple 30 ou 1 234,56 ; si le nombre n’est pas connu, écrivez « nsp »."},
	{"nombre_non_entier", Erreur, "« {colonne} » attend un nombre entier, sans décimales.", "Arrondissez-le, ou vérifiez la colonne."},
	{"date_illisible", Erreur, "« {colonne} » attend une date ; le contenu de la cellule n’en est pas une.", "Écrivez le jour, le mois et l’année, par exemple 15/03/2026."},
	{"oui_non_illisible", Erreur, "« {colonne} » attend « oui » ou « non ».", "Écrivez oui ou non."},
	{"code_inconnu", Erreur, "Cette valeur n’est pas dans la liste de « {colonne} ».", "Choisissez dans la liste déroulante de la cellule. Valeurs possibles : {attendu}."},
	{"format_invalide", Erreur, "« {colonne} » n’a pas la forme attendue.", "{attendu}"},
	{"siren_invalide", Erreur, "Ce numéro SIREN n’existe pas : sa clé de contrôle est fausse.", "Vérifiez les neuf chiffres sur l’avis de situation de l’organisme."},
	{"hors_bornes", Erreur, "« {colonne} » est en dehors de ce qui est possible.", "Écrivez une valeur {attendu}."},
	{"ordre_des_dates", Erreur, "« {colonne} » est antérieure à « {autre} ».", "Corrigez l’une des deux dates."},
	{"plus_grand_que", Erreur, "« {colonne} » est plus grand que « {autre} », dont il est une partie.", "Corrigez l’un des deux nombres."},
	{"meme_acteur", Erreur, "« {colonne} » et « {autre} » désignent le même acteur.", "Une relation va d’un acteur à un autre : corrigez l’un des deux."},
	{"declarant_etranger", Erreur, "Dans le classeur d’un émetteur, chaque relation est déclarée par lui-même.", "Remettez l’identifiant de l’émetteur dans « {colonne} », ou supprimez la ligne."},
	{"reference_inconnue", Erreur, "« {colonne} » désigne un identifiant qui n’est ni dans ce classeur, ni dans ceux des mois précédents.", "Vérifiez l’identifiant, majuscules comprises, ou ajoutez la ligne manquante dans sa feuille."},
	{"groupe_etranger", Erreur, "Dans le classeur d’un groupe de pairs, chaque réponse vient de ce groupe.", "Corrigez « {colonne} », ou supprimez la ligne."},
}

// Detail fills a rule's sentences.
type Detail struct{ Column, Expected, Sheet, Other string }

// RuleNamed returns the rule of that code. It panics on an unknown code: that is a bug of ours.
func RuleNamed(code string) Rule {
	for _, r := range Rules {
		if r.Code == code {
			return r
		}
	}
	panic("ingest: no rule " + code)
}

// Say is the rule's message for one case.
func (r Rule) Say(d Detail) string {
	return strings.NewReplacer("{colonne}", d.Column, "{attendu}", d.Expected, "{feuille}", d.Sheet, "{autre}", d.Other).
		Replace(r.Cause + " " + r.Remedy)
}
