// The bare means of the job with SheetJS and @duckdb/node-api: node sheetjs_duckdb.js INBOX OUT
//
// Every workbook is read, its sheets are stacked by name with territory and month into DuckDB, the last declaration
// of a key stands, three figures are made for each territory and month, and written with all rows: one workbook
// per territory and one Parquet file per table. No check, no finding, no history, no interval but Wilson's.
const fs = require("fs");
const path = require("path");
const XLSX = require("xlsx");
const { DuckDBInstance } = require("@duckdb/node-api");

const keys = {
  Acteurs: 1, Relations: 4, Dialogues: 1, Freins: 1, Attentes: 1, Principes: 3,
  Engagements: 1, Projets: 1, Ressources: 1, Effets: 1, Célébrations: 1,
};
const quote = (name) => '"' + name.replaceAll('"', '""') + '"';

// A title without the mark of those that are required.
const title = (cell) => String(cell).replace(/\u00a0[*]$/, "");

function workbooks(dir) {
  return fs.readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((e) => e.isFile() && e.name.endsWith(".xlsx"))
    .map((e) => path.join(e.parentPath ?? e.path, e.name))
    .sort();
}

// The rows of each sheet under its titles, behind territory and month; nothing of a file that is none.
function read(file, stacked) {
  let book;
  try {
    book = XLSX.read(fs.readFileSync(file), { dense: true, cellHTML: false, cellText: false, sheets: ["Accueil", ...Object.keys(keys)] });
  } catch {
    return;
  }
  const rows = (name) => XLSX.utils.sheet_to_json(book.Sheets[name], { header: 1, raw: true, blankrows: false, defval: null });
  if (!book.Sheets.Accueil) return;
  const cover = Object.fromEntries(rows("Accueil").map((r) => [title(r[0]), r[1]]));
  let month = cover["Mois du classeur"];
  if (typeof month === "number") month = new Date(Math.round((month - 25569) * 86400e3)).toISOString();
  const place = [String(cover["Identifiant du territoire"]), String(month).slice(0, 7)];
  for (const name of Object.keys(keys)) {
    if (!book.Sheets[name]) continue;
    const [first, ...data] = rows(name);
    if (!first?.[0]) continue;
    const titles = first.map(title);
    const table = (stacked[name] ??= { columns: titles, rows: [] });
    const at = table.columns.map((title) => titles.indexOf(title));
    for (const row of data) table.rows.push([...place, ...at.map((i) => (i < 0 ? null : row[i]))]);
  }
}

async function main(inbox, out) {
  fs.mkdirSync(out, { recursive: true });
  const stacked = {};
  const files = workbooks(inbox);
  for (const file of files) read(file, stacked);
  const db = await (await DuckDBInstance.create(":memory:")).connect();
  for (const [name, table] of Object.entries(stacked)) {
    const columns = ["territoire", "mois", ...table.columns];
    await db.run(`CREATE TABLE lu (ordre INTEGER, ${columns.map((c) => quote(c) + " VARCHAR").join(", ")})`);
    const appender = await db.createAppender("lu");
    table.rows.forEach((row, n) => {
      appender.appendInteger(n);
      for (const value of row) value === null || value === undefined ? appender.appendNull() : appender.appendVarchar(String(value));
      appender.endRow();
    });
    appender.closeSync();
    const key = columns.slice(0, 2 + keys[name]).map(quote).join(", ");
    await db.run(`CREATE TABLE ${quote(name)} AS SELECT * EXCLUDE (ordre) FROM lu QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY ordre DESC) = 1 ORDER BY ordre`);
    await db.run("DROP TABLE lu");
    await db.run(`COPY ${quote(name)} TO '${path.join(out, name + ".parquet")}' (FORMAT parquet)`);
  }
  await db.run(`CREATE TABLE indicateurs AS
WITH z AS (SELECT 1.959964 AS z),
notes AS (
  SELECT territoire, mois, count(*) FILTER (try_cast("Confiance (1 à 5)" AS DOUBLE) >= 4) AS r, count(try_cast("Confiance (1 à 5)" AS DOUBLE)) AS n
  FROM "Relations" GROUP BY ALL
),
parts AS (
  SELECT territoire, mois, r / nullif(n, 0) AS confiance, n AS effectif,
    (r + z * z / 2 - z * sqrt(r * (n - r) / nullif(n, 0) + z * z / 4)) / (n + z * z) AS borne_basse,
    (r + z * z / 2 + z * sqrt(r * (n - r) / nullif(n, 0) + z * z / 4)) / (n + z * z) AS borne_haute
  FROM notes, z
)
SELECT * FROM (SELECT territoire, mois, count(*) AS acteurs FROM "Acteurs" GROUP BY ALL)
FULL JOIN (SELECT territoire, mois, count(*) AS dialogues FROM "Dialogues" GROUP BY ALL) USING (territoire, mois)
FULL JOIN parts USING (territoire, mois)
ORDER BY territoire, mois`);
  await db.run(`COPY indicateurs TO '${path.join(out, "indicateurs.parquet")}' (FORMAT parquet)`);
  const rows = async (sql) => (await db.runAndReadAll(sql)).getRowObjectsJson();
  const computed = await rows("SELECT * FROM indicateurs");
  for (const territory of new Set(computed.map((r) => r.territoire))) {
    const own = computed.filter((r) => r.territoire === territory);
    const book = XLSX.utils.book_new();
    XLSX.utils.book_append_sheet(book, XLSX.utils.json_to_sheet(own), "Indicateurs");
    for (const name of ["Acteurs", "Relations"]) {
      const last = await rows(`SELECT * FROM ${quote(name)} WHERE territoire = '${territory}' AND mois = '${own.at(-1).mois}'`);
      XLSX.utils.book_append_sheet(book, XLSX.utils.json_to_sheet(last), name);
    }
    XLSX.writeFile(book, path.join(out, territory + ".xlsx"), { compression: true });
  }
  console.log(files.length, "workbooks,", computed.length, "territory months");
}

main(...process.argv.slice(2));
