-- Every finding of every reception but duplicates: what reading the file shows, then what the other
-- workbooks show. identite is what a finding keeps from month to month; a question that was explained, or
-- decided upon, waits no more; nor does one about a row of a register that a later workbook of the sender
-- declares again, and raises again if it must (repris). valeur and proposition are for the sender alone and never leave in a release.
WITH lus AS (
    SELECT s.soumission, 1 AS etape, c.rang, c."table", c.feuille, c.ligne, c.cellule, c.champ, c.regle, c.gravite, c.message, c.cle, c.valeur, c.proposition
    FROM core.soumissions s JOIN raw.constats c ON c.original = s.original
    WHERE s.statut NOT IN ('doublon', 'retiree')
    UNION ALL
    SELECT s.soumission, 2, 0, NULL, o.feuille_accueil, 0, CASE s.refus WHEN 'territoire_inconnu' THEN o.cellule_territoire ELSE o.cellule_periode END,
        CASE s.refus WHEN 'territoire_inconnu' THEN 'territoire_id' ELSE 'periode' END, r.regle, r.gravite, r.message, NULL,
        CASE s.refus WHEN 'territoire_inconnu' THEN s.territoire_id ELSE strftime(s.periode, '%Y-%m') END, NULL
    FROM core.soumissions s
    JOIN raw.originaux o ON o.original = s.original
    JOIN ref.regles r ON r.regle = s.refus
    WHERE s.statut = 'rejetee'
    UNION ALL
    SELECT x.soumission, 3, 0, x."table", f.feuille, x.ligne, k.colonne || x.ligne, x.champ, g.regle, g.gravite,
        replace(g.message, '{colonne}', d.titre), NULL, v.valeur, NULL
    FROM core.renvois_rompus x
    JOIN core.soumissions s ON s.soumission = x.soumission
    JOIN raw.feuilles f ON f.original = s.original AND f."table" = x."table"
    JOIN raw.colonnes k ON k.original = s.original AND k."table" = x."table" AND k.champ = x.champ
    JOIN core.renvois v ON v.soumission = x.soumission AND v."table" = x."table" AND v.ligne = x.ligne AND v.champ = x.champ
    JOIN ref.champs d ON d."table" = x."table" AND d.champ = x.champ
    JOIN ref.regles g ON g.regle = 'reference_inconnue'
    UNION ALL
    SELECT x.soumission, 4, 0, x."table", coalesce(f.feuille, CASE WHEN x."table" IS NULL THEN o.feuille_accueil END), coalesce(x.ligne, 0),
        coalesce(k.colonne || x.ligne, CASE WHEN x."table" IS NOT NULL THEN NULL WHEN x.champ = 'periode' THEN o.cellule_periode
            WHEN x.champ = 'emetteur' THEN o.cellule_emetteur ELSE o.cellule_territoire END),
        x.champ, x.regle, g.gravite, replace(g.message, '{colonne}', coalesce(d.titre, '')), x.cle, x.valeur, NULL
    FROM core.controles x
    JOIN core.soumissions s ON s.soumission = x.soumission
    JOIN raw.originaux o ON o.original = s.original
    LEFT JOIN raw.feuilles f ON f.original = s.original AND f."table" = x."table"
    LEFT JOIN raw.colonnes k ON k.original = s.original AND k."table" = x."table" AND k.champ = x.champ
    LEFT JOIN ref.champs d ON d."table" = x."table" AND d.champ = x.champ
    JOIN ref.regles g ON g.regle = x.regle
),
identifies AS (
    SELECT l.*, left(md5(concat_ws('|', coalesce(s.territoire_id, l.soumission::VARCHAR), coalesce(s.emetteur, ''), l.regle, coalesce(l."table", ''),
        coalesce(l.cle, ''), coalesce(l.champ, ''), CASE WHEN l.cle IS NOT NULL THEN coalesce(l.valeur, '') ELSE '' END)), 10) AS identite
    FROM lus l JOIN core.soumissions s ON s.soumission = l.soumission
),
suivantes AS (
    SELECT DISTINCT p.soumission
    FROM core.soumissions p
    JOIN core.soumissions n ON n.territoire_id = p.territoire_id AND n.emetteur = p.emetteur AND n.courante AND n.periode > p.periode
)
SELECT row_number() OVER (ORDER BY i.soumission, i.etape, i.rang, i."table", i.ligne, i.champ, i.regle, i.cle) AS constat, i.* EXCLUDE (etape, rang),
    r.reponse, r.explication,
    CASE WHEN d.decision IS NOT NULL THEN 'decide'
        WHEN i.gravite = 'question' AND (r.reponse IN ('confirme', 'sans_objet', 'erreur_de_saisie') OR r.reponse IS NULL AND r.explication IS NOT NULL) THEN 'explique'
        WHEN i.gravite = 'question' AND t.genre = 'registre' AND u.soumission IS NOT NULL
            AND i.regle NOT IN ('ligne_disparue', 'moins_de_lignes', 'saut_decuple', 'frein_rouvert') THEN 'repris'
        ELSE 'ouvert' END AS etat
FROM identifies i
LEFT JOIN ref.tables t ON t."table" = i."table"
LEFT JOIN suivantes u ON u.soumission = i.soumission
LEFT JOIN core.reponses r ON r.identite = i.identite
LEFT JOIN ref.decisions d ON d.identite = i.identite
