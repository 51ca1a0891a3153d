-- What has become of each indicator since its beginning, at the release's month: one row per indicator,
-- territory (« * »: the programme) and modalite. Those of another set of territories are for whom they were made.
SELECT t.indicateur, t.territoire_id, t.modalite, t.n, strftime(t.premier, '%Y-%m') AS premier, strftime(t.dernier, '%Y-%m') AS dernier,
    t.reference, t.ecart, t.ecart_bas, t.ecart_haut, t.pente_par_an, t.borne_basse, t.borne_haute, t.p, t.p_ajuste, t.mot
FROM indicateur.tendances t
WHERE t.territoire_id = '*' OR t.territoire_id NOT LIKE '*%'
ORDER BY t.indicateur, t.territoire_id, t.modalite
