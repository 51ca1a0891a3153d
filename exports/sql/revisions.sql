-- The figures that a release before this one published and that are no longer the same: one row per figure. The table
-- is made for the release alone, beside the database, which does not know what was published.
SELECT indicateur, territoire_id, periode, modalite, depuis, valeur_avant, statut_avant, valeur_apres, statut_apres, cause, detail
FROM publication.revisions
ORDER BY indicateur, territoire_id, periode, modalite
