"""The bare means of the job with pandas, openpyxl and xlsxwriter: python3 pandas_openpyxl.py INBOX OUT

Every workbook is read, its sheets are stacked by name with territory and month, the last declaration of a key
stands, three figures are made for each territory and month, and written with all rows: one workbook per
territory and one CSV file per table. No check, no finding, no history, no interval but Wilson's.
"""
import pathlib
import sys
from concurrent.futures import ProcessPoolExecutor

import openpyxl
import pandas as pd

TABLES = {
    "Acteurs": [0], "Relations": [0, 1, 2, 3], "Dialogues": [0], "Freins": [0], "Attentes": [0], "Principes": [0, 1, 2],
    "Engagements": [0], "Projets": [0], "Ressources": [0], "Effets": [0], "Célébrations": [0],
}


def title(cell):
    """A title without the mark of those that are required."""
    return str(cell).removesuffix("\u00a0*")


def read(path):
    """The rows of each sheet under its titles, behind territory and month; nothing of a file that is none."""
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # a dimension that the writer left behind would cut the rows
        cover = {title(row[0]): row[1] for row in book["Accueil"].iter_rows(max_col=2, values_only=True) if row}
        place = (str(cover["Identifiant du territoire"]), str(cover["Mois du classeur"])[:7])
    except Exception:
        return {}
    tables = {}
    for name in TABLES:
        if name not in book.sheetnames:
            continue
        rows = book[name].iter_rows(values_only=True)
        titles = [cell for cell in next(rows, ()) if cell is not None]
        if titles:
            width = len(titles)
            padded = ((row + (None,) * width)[:width] for row in rows if any(cell is not None for cell in row))
            tables[name] = (titles, [place + row for row in padded])
    return tables


def wilson(good, n):
    z = 1.959964
    middle = (good + z * z / 2) / (n + z * z)
    half = z * (good * (n - good) / n + z * z / 4) ** 0.5 / (n + z * z)
    return middle - half, middle + half


def figures(tables):
    """Actors declared, confidence of four or five with its interval, dialogues, by territory and month."""
    by = ["territoire", "mois"]
    actors = tables["Acteurs"].groupby(by).size().rename("acteurs")
    talks = tables["Dialogues"].groupby(by).size().rename("dialogues")
    told = tables["Relations"].assign(confiance=pd.to_numeric(tables["Relations"]["Confiance (1 à 5)"], errors="coerce")).dropna(subset="confiance")
    told = told.assign(confiant=told["confiance"] >= 4).groupby(by)["confiant"].agg(["sum", "count"])
    low, high = wilson(told["sum"], told["count"])
    share = pd.DataFrame({"confiance": told["sum"] / told["count"], "borne_basse": low, "borne_haute": high, "effectif": told["count"]})
    return pd.concat([actors, talks, share], axis=1).reset_index().sort_values(by)


def write(job):
    path, sheets = job
    with pd.ExcelWriter(path, engine="xlsxwriter") as book:
        for name, frame in sheets.items():
            frame.to_excel(book, sheet_name=name, index=False)


def main(inbox, out):
    paths = sorted(p for p in pathlib.Path(inbox).rglob("*.xlsx"))
    stacked = {name: [] for name in TABLES}
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        for tables in pool.map(read, paths, chunksize=4):
            for name, (titles, rows) in tables.items():
                columns = ["territoire", "mois"] + [title(t) for t in titles]
                stacked[name].append(pd.DataFrame(rows, columns=columns))
        tables = {}
        for name, frames in stacked.items():
            frame = pd.concat(frames, ignore_index=True)
            keys = ["territoire", "mois"] + [frame.columns[2 + i] for i in TABLES[name]]
            tables[name] = frame.drop_duplicates(keys, keep="last")
            tables[name].to_csv(out / f"{name}.csv", index=False)
        computed = figures(tables)
        computed.to_csv(out / "indicateurs.csv", index=False)
        jobs = []
        for territory, own in computed.groupby("territoire"):
            sheets = {"Indicateurs": own}
            for name in ("Acteurs", "Relations"):
                rows = tables[name]
                sheets[name] = rows[(rows["territoire"] == territory) & (rows["mois"] == own["mois"].max())]
            jobs.append((out / f"{territory}.xlsx", sheets))
        list(pool.map(write, jobs))
    print(len(paths), "workbooks,", len(computed), "territory months")


if __name__ == "__main__":
    main(*sys.argv[1:])
