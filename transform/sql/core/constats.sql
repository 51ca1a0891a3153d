-- Every finding of every reception but duplicates: what reading the file shows, then what the other
-- workbooks show. valeur is for the sender alone and never leaves in a release.
WITH constats AS (
    SELECT s.soumission, 1 AS etape, c.rang, c."table", c.feuille, c.ligne, c.cellule, c.champ, c.regle, c.gravite, c.message, c.valeur
    FROM core.soumissions s JOIN raw.constats c ON c.original = s.original
    WHERE s.statut <> 'doublon'
    UNION ALL
    SELECT s.soumission, 2, 0, NULL, o.feuille_accueil, 0, CASE s.refus WHEN 'territoire_inconnu' THEN o.cellule_territoire ELSE o.cellule_periode END,
        CASE s.refus WHEN 'territoire_inconnu' THEN 'territoire_id' ELSE 'periode' END, r.regle, r.gravite, r.message,
        CASE s.refus WHEN 'territoire_inconnu' THEN s.territoire_id ELSE strftime(s.periode, '%Y-%m') END
    FROM core.soumissions s
    JOIN raw.originaux o ON o.original = s.original
    JOIN ref.regles r ON r.regle = s.refus
    UNION ALL
    SELECT x.soumission, 3, 0, x."table", f.feuille, x.ligne, k.colonne || x.ligne, x.champ, g.regle, g.gravite,
        replace(g.message, '{colonne}', d.titre), v.valeur
    FROM core.renvois_rompus x
    JOIN core.soumissions s ON s.soumission = x.soumission
    JOIN raw.feuilles f ON f.original = s.original AND f."table" = x."table"
    JOIN raw.colonnes k ON k.original = s.original AND k."table" = x."table" AND k.champ = x.champ
    JOIN core.renvois v ON v.soumission = x.soumission AND v."table" = x."table" AND v.ligne = x.ligne AND v.champ = x.champ
    JOIN ref.champs d ON d."table" = x."table" AND d.champ = x.champ
    JOIN ref.regles g ON g.regle = 'reference_inconnue'
)
SELECT row_number() OVER (ORDER BY soumission, etape, rang, "table", ligne, champ) AS constat, * EXCLUDE (etape, rang)
FROM constats
