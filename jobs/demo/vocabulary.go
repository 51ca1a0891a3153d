package demo

// The French words of the demo. They name and quote nobody.

var stateServices = []string{"Direction départementale des territoires", "Sous-préfecture", "Délégation à l’emploi et aux solidarités"}

var sectors = []string{"vie_associative", "culture", "agriculture_alimentation", "mobilite", "energie", "dechets", "logement",
	"education", "sante_social", "insertion_emploi", "numerique", "habitat_urbanisme"}

var familyNames = map[string][]string{
	"association":             {"Association", "Les Amis de", "Maison"},
	"cooperative":             {"Coopérative", "Coopérative d’usagers"},
	"scop":                    {"SCOP"},
	"mutuelle":                {"Mutuelle"},
	"fondation":               {"Fondation"},
	"societe_commerciale_ess": {"Société solidaire", "Épicerie solidaire"},
}

// properNames are endings of invented names; each territory starts at its own place in the list.
var properNames = []string{"Arboise", "Beloriane", "Clairmesse", "Dorvalie", "Écluzon", "Fontarelle", "Grisombre", "Hautelyre",
	"Isnelle", "Jonquevert", "Larmizan", "Mirevoie", "Nouvelaire", "Orsimont", "Pervenchelle", "Quatrelin", "Roquesève",
	"Sauvelune", "Tournebise", "Urvanne", "Vireplaine", "Yzelure", "Zéphirac", "Aubelise", "Brimont-le-Clos", "Courvelle",
	"Drusange", "Estrelle", "Florimel", "Guerlande", "Hersanne", "Ivrelle", "Jalombe", "Lunevoile", "Merisane", "Noirclair",
	"Ombrevent", "Pralune", "Rivemance", "Solinelle", "Tramontelle", "Valorge", "Ventadière", "Blancarde", "Corisande",
	"Eaux-Mêlées", "Ferrandine", "Grandvert", "Liesseval", "Montelune", "Orgevent", "Pontelme", "Rochemire", "Semaille",
	"Tilleroy", "Bellecime", "Chantelys", "Doucefont", "Ermenaude", "Francheval", "Gentiane", "Lavandelle"}

// properName is the i-th name used in a territory.
func properName(p *place, i int) string {
	shift := 0
	for _, r := range p.id {
		shift = shift*7 + int(r)
	}
	return properNames[(shift%len(properNames)+i)%len(properNames)]
}

// projectIdea is a kind of project.
type projectIdea struct{ theme, title, object string }

var projectIdeas = []projectIdea{
	{"alimentation", "Cantine partagée en circuit court", "service"},
	{"alimentation", "Épicerie coopérative du centre-bourg", "lieu"},
	{"alimentation", "Ceinture maraîchère", "collectif"},
	{"projet_de_territoire", "Tiers-lieu de l’ancienne gare", "lieu"},
	{"projet_de_territoire", "Charte de la coopération", "collectif"},
	{"implication_citoyenne", "Assemblée d’habitants tirés au sort", "evenement"},
	{"implication_citoyenne", "Budget participatif des quartiers", "service"},
	{"management_cooperatif", "École de la coopération entre agents et associations", "collectif"},
	{"mobilite", "Autopartage de village", "service"},
	{"mobilite", "Maison du vélo", "lieu"},
	{"energie", "Toits solaires citoyens", "collectif"},
	{"energie", "Accompagnement à la sobriété des logements", "service"},
	{"culture", "Festival des récits du territoire", "evenement"},
	{"culture", "Fabrique de culture dans l’ancienne filature", "lieu"},
	{"economie", "Recyclerie et matériauthèque", "lieu"},
	{"economie", "Monnaie locale d’échange", "service"},
	{"economie", "Groupement d’employeurs solidaire", "collectif"},
	{"autre", "Jardin de soin et d’insertion", "lieu"},
	{"autre", "Garderie associative à horaires élargis", "service"},
	{"culture", "Bibliothèque vivante des métiers", "evenement"},
}

var levers = []string{
	"Une rencontre entre pairs a permis de dire ce qui bloquait.",
	"Un temps long a été réservé à la compréhension des contraintes de chacun.",
	"Une convention pluriannuelle a remplacé l’appel à projets annuel.",
	"Les élus et les services ont reformulé ensemble leur intention.",
	"Un binôme association et service a suivi le dossier jusqu’au bout.",
	"La règle de décision a été écrite puis relue collectivement.",
}

var publicIntentions = []string{
	"Tenir l’engagement pris devant les habitants.",
	"Donner de la stabilité à celles et ceux qui agissent.",
	"Faire avec plutôt que faire à la place.",
	"Préparer le territoire aux prochaines années.",
}

var actorIntentions = []string{
	"Faire vivre un lieu ouvert à tous.",
	"Agir ici, avec les voisins, sur ce qui compte.",
	"Montrer qu’une autre manière d’entreprendre est possible.",
	"Transmettre un savoir-faire utile.",
}

var goodEffects = []string{
	"Des habitants qui ne se parlaient pas se retrouvent chaque semaine.",
	"Les déchets apportés ont diminué dans le quartier.",
	"Deux emplois durables ont été créés autour du lieu.",
	"Des personnes isolées ont repris une activité régulière.",
	"Les agents sollicitent plus tôt les associations dans leurs projets.",
	"Une nouvelle fête rassemble les générations.",
	"Les trajets en voiture individuelle ont baissé.",
	"Des jeunes ont pris part à une décision publique pour la première fois.",
}

var badEffects = []string{
	"La fréquentation a créé des tensions de stationnement avec le voisinage.",
	"Les bénévoles les plus engagés s’épuisent.",
	"Un commerce voisin a perdu une partie de sa clientèle.",
	"Les réunions du soir écartent les parents de jeunes enfants.",
}

var partyTitles = []string{"Fête des voisins engagés", "Inauguration partagée", "Soirée des récits", "Banquet de fin de chantier", "Marche de clôture"}

// milestoneTitles are sentences of the shared history, by kind.
var milestoneTitles = map[string][]string{
	"decision":                {"Vote de la stratégie de transition", "Délibération sur la coopération avec l’ESS", "Adoption du pacte territorial"},
	"realisation":             {"Ouverture d’un lieu partagé", "Première récolte de la ceinture maraîchère", "Mise en service de la chaufferie citoyenne"},
	"crise":                   {"Crue de la rivière", "Fermeture du principal employeur", "Canicule et coupures d’eau"},
	"changement_de_direction": {"Arrivée d’une nouvelle direction des services", "Changement de direction à la maison des associations"},
	"autre":                   {"Visite d’un autre territoire du programme", "Parution du récit commun"},
}

var (
	groups          = []string{"elus", "agents", "etat", "socio_economique"}
	obstacleKinds   = []string{"mefiance", "peur_de_l_echec", "manque_de_confiance", "absence_d_espace_de_parole", "logique_concurrentielle", "logique_de_guichet", "surcharge", "tensions_politiques", "representations", "modele_economique", "cadre_juridique", "culture_hierarchique", "manque_de_coherence", "desengagement_public", "calendrier", "silos", "intentions_non_dites", "entre_soi", "double_injonction", "autre"}
	expectationKind = []string{"expertise", "depasser_le_guichet", "repondre_aux_enjeux", "coconstruire_l_evaluation", "droit_a_l_erreur", "convivialite", "temps_pour_les_agents", "culture_cooperative", "temps_reflexifs", "sortir_des_roles", "incarner_la_cooperation", "posture_de_dialogue", "coherence", "leviers_communs", "autre"}
	ladder          = []string{"inexistante", "donneur_ordre", "delegation", "partenariat", "cooperation"}
	scales          = []string{"quartier", "commune", "intercommunalite", "au_dela"}
	domains         = []string{"social", "environnemental", "economique", "democratique", "culturel"}
)

// axes is how many axes each family of principles has.
var axes = []struct {
	family string
	count  int
}{{"P0", 4}, {"P1", 7}, {"P2", 10}, {"P3", 8}, {"P4", 8}, {"A", 4}}
