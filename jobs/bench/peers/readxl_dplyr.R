# The bare means of the job with readxl, dplyr and openxlsx: Rscript readxl_dplyr.R INBOX OUT
#
# Every workbook is read, its sheets are stacked by name with territory and month, the last declaration of a key
# stands, three figures are made for each territory and month, and written with all rows: one workbook per
# territory and one CSV file per table. No check, no finding, no history, no interval but Wilson's.
suppressPackageStartupMessages({
  library(readxl)
  library(dplyr)
  library(openxlsx)
})

args <- commandArgs(TRUE)
inbox <- args[1]
out <- args[2]
dir.create(out, recursive = TRUE, showWarnings = FALSE)
keys <- list(
  Acteurs = 1, Relations = 1:4, Dialogues = 1, Freins = 1, Attentes = 1, Principes = 1:3,
  Engagements = 1, Projets = 1, Ressources = 1, Effets = 1, `Célébrations` = 1
)

# A title without the mark of those that are required.
title <- function(cells) sub("\u00a0*", "", cells, fixed = TRUE)

# The rows of each sheet under its titles, behind territory and month; nothing of a file that is none.
read_book <- function(path) {
  tryCatch({
    sheets <- excel_sheets(path)
    cover <- suppressMessages(read_excel(path, "Accueil", col_names = FALSE, col_types = "text", .name_repair = "minimal"))
    labels <- title(cover[[1]])
    territory <- cover[[2]][match("Identifiant du territoire", labels)]
    month <- cover[[2]][match("Mois du classeur", labels)]
    if (grepl("^[0-9]+$", month)) month <- format(as.Date(as.numeric(month), origin = "1899-12-30"), "%Y-%m")
    tables <- list()
    for (name in intersect(names(keys), sheets)) {
      rows <- suppressMessages(read_excel(path, name, col_types = "text", .name_repair = "minimal"))
      if (ncol(rows) < 2 || anyDuplicated(names(rows))) next
      names(rows) <- title(names(rows))
      rows <- rows[rowSums(!is.na(rows)) > 0, ]
      tables[[name]] <- bind_cols(territoire = rep(territory, nrow(rows)), mois = rep(substr(month, 1, 7), nrow(rows)), rows)
    }
    tables
  }, error = function(e) list())
}

paths <- sort(list.files(inbox, "\\.xlsx$", recursive = TRUE, full.names = TRUE))
books <- parallel::mclapply(paths, read_book, mc.cores = parallel::detectCores())
tables <- list()
for (name in names(keys)) {
  rows <- bind_rows(lapply(books, function(book) book[[name]]))
  key <- c("territoire", "mois", names(rows)[2 + keys[[name]]])
  tables[[name]] <- rows[!duplicated(rows[key], fromLast = TRUE), ]
  write.csv(tables[[name]], file.path(out, paste0(name, ".csv")), row.names = FALSE, na = "")
}

actors <- count(tables$Acteurs, territoire, mois, name = "acteurs")
talks <- count(tables$Dialogues, territoire, mois, name = "dialogues")
z <- 1.959964
share <- tables$Relations |>
  mutate(note = suppressWarnings(as.numeric(.data[["Confiance (1 à 5)"]]))) |>
  filter(!is.na(note)) |>
  group_by(territoire, mois) |>
  summarise(reussites = sum(note >= 4), effectif = n(), .groups = "drop") |>
  mutate(
    confiance = reussites / effectif,
    borne_basse = (reussites + z^2 / 2 - z * sqrt(reussites * (effectif - reussites) / effectif + z^2 / 4)) / (effectif + z^2),
    borne_haute = (reussites + z^2 / 2 + z * sqrt(reussites * (effectif - reussites) / effectif + z^2 / 4)) / (effectif + z^2)
  )
figures <- actors |>
  full_join(talks, c("territoire", "mois")) |>
  full_join(share, c("territoire", "mois")) |>
  arrange(territoire, mois)
write.csv(figures, file.path(out, "indicateurs.csv"), row.names = FALSE, na = "")

invisible(parallel::mclapply(split(figures, figures$territoire), function(own) {
  last <- max(own$mois)
  of <- function(rows) filter(rows, territoire == own$territoire[1], mois == last)
  write.xlsx(
    list(Indicateurs = own, Acteurs = of(tables$Acteurs), Relations = of(tables$Relations)),
    file.path(out, paste0(own$territoire[1], ".xlsx"))
  )
}, mc.cores = parallel::detectCores()))
cat(length(paths), "workbooks,", nrow(figures), "territory months\n")
