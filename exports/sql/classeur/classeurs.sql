-- The accepted workbooks, as a proof names them.
SELECT soumission, periode, version, emetteur FROM core.soumissions WHERE statut = 'acceptee' ORDER BY soumission
