-- What has become of the figures of each indicator since each was first published.
SELECT indicateur, chiffres, revises, part_revisee, revision_moyenne, revision_absolue_mediane
FROM publication.revisions_par_indicateur
ORDER BY indicateur
