package ingest

import (
	"crypto/md5"
	"encoding/hex"
	"strings"
)

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
	Field    string // a name; of colonnes_absentes several, separated by « ; »
	Rule     string // a code of Rules
	Severity Severity
	Message  string // plain French: what, why, and how to mend it
	Key      string // the key of the row, by which the same finding is known from month to month
	Value    string // what the cell holds
	Proposal string // what was probably meant, as one would type it; never applied, and for the sender alone
}

// KeySeparator stands between the parts of a row's key.
const KeySeparator = " · "

// Rule is a kind of finding. Cause and Remedy are French sentences; {colonne}, {attendu},
// {feuille} and {autre} stand for what Detail says.
type Rule struct {
	Code     string
	Severity Severity
	Cause    string
	Remedy   string
}

// Rules is every rule. Reading a file applies those that need nothing else; HistoryRules need the other
// files of a workspace and the day of reception.
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
	{"feuille_en_double", Erreur, "Une autre feuille porte déjà le nom « {feuille} » : celle-ci n’a pas été lue.", "Réunissez les lignes des deux dans une seule feuille, et supprimez l’autre."},
	{"feuille_masquee", Note, "Cette feuille est masquée ; elle a été lue comme les autres.", "Affichez-la si elle doit être tenue à jour, ou videz-la."},
	{"lignes_masquees", Note, "Des lignes de cette feuille sont masquées, par un filtre ou à la main, à partir de celle-ci ; elles ont été lues comme les autres.", "Rien à faire si elles sont justes ; supprimez celles qui ne doivent pas compter."},
	{"macros_ignorees", Note, "Ce classeur contient des macros : elles n’ont pas été exécutées.", "Rien à faire ; un classeur sans macros (.xlsx) suffit."},
	{"liaisons_ignorees", Note, "Ce classeur contient des liaisons vers d’autres fichiers : elles n’ont pas été suivies, seules les valeurs enregistrées ont été lues.", "Vérifiez que ces valeurs étaient à jour quand le classeur a été enregistré."},
	{"entete_absent", Erreur, "La ligne des titres de colonnes de la feuille « {feuille} » est introuvable : aucune ligne n’a pu être lue.", "Remettez la ligne de titres du modèle au-dessus des données."},
	{"colonne_absente", Erreur, "La colonne obligatoire « {colonne} » manque : aucune ligne de cette feuille n’a pu être prise.", "Remettez la colonne avec son titre exact."},
	{"colonne_en_double", Erreur, "Deux colonnes portent le titre « {colonne} » : seule la première a été lue.", "Supprimez ou renommez l’autre."},
	{"colonne_inconnue", Note, "Cette colonne n’est pas prévue dans la feuille « {feuille} » : elle n’a pas été lue.", "Rien à faire si elle ne sert qu’à vous{autre}."},
	{"colonne_ressemblante", Question, "Le titre de cette colonne n’est pas prévu, mais ressemble à « {colonne} », qui manque : la colonne n’a pas été lue.", "Si c’est bien elle, donnez-lui ce titre exact ; sinon, dites à quoi elle sert."},
	{"colonnes_absentes", Question, "Il manque {colonne} parmi les titres de colonnes de cette feuille : rien n’en a été lu.", "Remettez chaque titre manquant, écrit ainsi, au-dessus de ses valeurs ; si vous ne suivez pas cela, dites-le."},
	{"entete_repete", Note, "Cette ligne répète les titres de colonnes : elle a été laissée de côté.", "Rien à faire."},
	{"second_tableau", Erreur, "Un second tableau, aux colonnes placées autrement, commence ici : ses lignes n’ont pas été prises.", "Recopiez ses lignes sous le premier tableau, chaque valeur dans sa colonne."},
	{"ligne_total", Note, "Cette ligne de total n’est pas une donnée : elle a été laissée de côté.", "Rien à faire ; le total est recalculé."},
	{"cle_en_double", Erreur, "Une ligne plus haut porte déjà le même identifiant ({colonne}) : seule la première a été prise.", "Donnez à chaque ligne son identifiant, ou supprimez la répétition."},
	{"valeur_requise", Erreur, "« {colonne} » est obligatoire{autre}, et la cellule est vide.", "Remplissez cette cellule."},
	{"cellule_fusionnee", Erreur, "« {colonne} » n’a rien ici : cette cellule fait partie de cellules fusionnées, {attendu}, et la première seule a la valeur.", "Défusionnez-les, et écrivez la valeur dans chacune."},
	{"absence_refusee", Erreur, "« {colonne} » est obligatoire : « nc » et « nsp » n’y sont pas acceptés.", "Écrivez la valeur elle-même."},
	{"cellule_en_erreur", Erreur, "La formule de cette cellule donne une erreur.", "Corrigez la formule ou écrivez la valeur à la place."},
	{"formule_sans_valeur", Erreur, "Cette cellule contient une formule dont le résultat n’est pas enregistré dans le fichier.", "Ouvrez le classeur dans Excel ou LibreOffice, enregistrez-le, puis renvoyez-le ; ou écrivez la valeur à la place."},
	{"lettres_abimees", Question, "À partir de cette cellule, des lettres accentuées de la colonne « {colonne} » ont été abîmées par un changement d’encodage ; le texte a été pris tel quel.", "Retapez ces textes, ou exportez de nouveau le fichier en « CSV UTF-8 »."},
	{"nombre_illisible", Erreur, "« {colonne} » attend un nombre ; le contenu de la cellule n’en est pas un.", "Écrivez seulement des chiffres, par exemple 30 ou 1 234,56 ; si le nombre n’est pas connu, écrivez « nsp »."},
	{"nombre_non_entier", Erreur, "« {colonne} » attend un nombre entier, sans décimales.", "Arrondissez-le, ou vérifiez la colonne ; s’il s’agit de milliers, écrivez-les avec une espace, par exemple 1 234."},
	{"milliers_ou_decimales", Question, "À partir de cette cellule, des nombres de la colonne « {colonne} » ont un point ou une virgule suivis de trois chiffres ; c’est lu comme une virgule décimale.", "S’il s’agit de milliers, écrivez-les avec une espace, par exemple 1 234 ; sinon, dites que c’est juste."},
	{"annee_a_deux_chiffres", Question, "À partir de cette cellule, des dates de la colonne « {colonne} » ont une année à deux chiffres ; « 26 » y est lu 2026, et « 98 » 1998.", "Écrivez l’année en entier, par exemple 15/03/2026, ou dites que c’est juste."},
	{"jour_ou_mois", Erreur, "D’autres dates de la colonne « {colonne} » ont le mois avant le jour, à l’américaine : on ne sait pas lequel est lequel ici.", "Écrivez l’année, le mois et le jour, par exemple 2026-03-15, dans toute la colonne."},
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
	{"poids_total", Erreur, "Les poids d’une même délibération doivent faire 100 en tout ; ceux-ci ne les font pas, aucun n’a donc été pris.", "Corrigez les poids, ou ajoutez la ligne de la dimension qui manque."},
	{"date_apres_le_mois", Question, "« {colonne} » est postérieure au mois du classeur.", "Vérifiez le jour et l’année ; si la date est juste, dites-le."},
	{"date_ancienne", Question, "« {colonne} » est antérieure d’un an ou plus au mois du classeur.", "Vérifiez l’année ; si la date est juste, dites-le."},
	{"ligne_disparue", Question, "Une ligne de cette feuille, présente dans le classeur précédent, n’y est plus ; elle est gardée telle qu’elle était.", "Remettez-la ; ou répondez « erreur de saisie » si elle n’aurait jamais dû être déclarée, et elle sera retirée."},
	{"moins_de_lignes", Question, "Cette feuille a moins de lignes que dans la version qu’elle remplace, ou n’en a plus aucune.", "Remettez les lignes qui manquent, ou dites pourquoi elles ont été enlevées."},
	{"copie_inchangee", Question, "Cette feuille est exactement celle du classeur précédent.", "Ajoutez ce qui s’est passé depuis, ou cochez « rien ce mois-ci » à l’accueil."},
	{"frein_rouvert", Question, "Ce frein était levé ou abandonné dans le classeur précédent, et il est de nouveau ouvert.", "Rendez-lui son statut ; s’il est vraiment revenu, dites-le, ou déclarez un nouveau frein."},
	{"engagement_echu", Question, "La date de fin prévue de cet engagement est passée, et « {colonne} » est vide.", "Écrivez la date de fin et son motif, ou repoussez la date prévue."},
	{"saut_decuple", Question, "« {colonne} » vaut au moins dix fois plus, ou dix fois moins, que la dernière fois sur cette ligne.", "Vérifiez les zéros et la virgule ; si la valeur est juste, dites pourquoi elle a tant changé."},
	{"valeur_inhabituelle", Question, "« {colonne} » est très loin de ce qui a été déclaré ces deux dernières années.", "Vérifiez les zéros et l’unité ; si la valeur est juste, dites ce qu’elle a de particulier."},
	{"mois_douteux", Question, "Aucun événement de ce classeur n’est de son mois : tous sont d’un même autre mois.", "Vérifiez le mois dans la feuille « Accueil » ; s’il est juste, dites-le."},
	{"territoire_douteux", Question, "Les acteurs de ce classeur sont surtout ceux d’un autre territoire.", "Vérifiez l’identifiant du territoire dans la feuille « Accueil » ; s’il est juste, dites-le."},
	{"emetteur_inconnu", Erreur, "L’émetteur de ce classeur n’est ni un groupe de pairs, ni un acteur déclaré par le territoire : on ne sait pas qui répond.", "Corrigez « Émetteur » dans la feuille « Accueil », majuscules comprises, et renvoyez le classeur : l’association retirera celui-ci ; ou faites ajouter l’acteur dans la feuille « Acteurs » du territoire."},
	{"reference_ecartee", Note, "« {colonne} » désigne une ligne qui est là, mais qui a été mise de côté.", "Rien à faire ici : corrigez l’autre ligne."},
	{"groupe_etranger", Erreur, "Dans le classeur d’un groupe de pairs, chaque réponse vient de ce groupe.", "Corrigez « {colonne} », ou supprimez la ligne."},
}

// HistoryRules are the rules that reading a file alone cannot apply.
var HistoryRules = []string{
	"territoire_inconnu", "periode_future", "reference_inconnue", "reference_ecartee", "date_ancienne", "ligne_disparue", "moins_de_lignes", "copie_inchangee",
	"frein_rouvert", "engagement_echu", "saut_decuple", "valeur_inhabituelle", "mois_douteux", "territoire_douteux", "emetteur_inconnu",
}

// Detail fills a rule's sentences.
type Detail struct{ Column, Expected, Sheet, Other string }

// ID is what a finding keeps from month to month and from version to version: the same rule about the same
// field of the same row of the same sender, with the same value. core.constats makes it likewise, from
// the pseudonyms of respondents: what is found in a file outside of a workspace is known there by other names.
func (f Finding) ID(territoire, emetteur string) string {
	value := f.Value
	if f.Key == "" { // about a column or a sheet: what its first cell holds does not count
		value = ""
	}
	sum := md5.Sum([]byte(strings.Join([]string{territoire, emetteur, f.Rule, f.Table, f.Key, f.Field, value}, "|")))
	return hex.EncodeToString(sum[:])[:10]
}

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
