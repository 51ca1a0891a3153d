-- The territories that have figures, in alphabetical order.
SELECT t.territoire_id, t.nom FROM ref.territoires t WHERE t.territoire_id IN (SELECT territoire_id FROM core.mois) ORDER BY t.nom COLLATE NOCASE.NOACCENT, t.territoire_id
