-- References to a key that is there, but only in rows that were set aside.
SELECT r.soumission, r."table", r.ligne, r.champ, r.valeur AS cle, r.valeur, NULL AS autre
FROM core.renvois r
WHERE EXISTS (FROM core.declarations d WHERE d.territoire_id = r.territoire_id AND d.emetteur = '' AND d.courante AND d."table" = r.cible AND d.cle = r.valeur AND d.periode <= r.periode)
    AND NOT EXISTS (FROM core.declarations d WHERE d.territoire_id = r.territoire_id AND d.emetteur = '' AND d.courante AND d."table" = r.cible AND d.cle = r.valeur AND d.periode <= r.periode AND NOT d.ecartee)
