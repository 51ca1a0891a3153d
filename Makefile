# Cairn's tasks. `make` lists them.

.DEFAULT_GOAL := help
GO ?= go

.PHONY: help build test check bench bench-peers bench-scale bench-postgres fuzz faults year soak vintages demo clean

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the cairn binary
	$(GO) build -o cairn .

# A test of jobs runs the whole program, which takes two cores by itself; they take the longest, and come first.
test: ## run the tests, in less than five minutes on two cores once they are built; make check runs those that take longer too
	$(GO) test -parallel $$((($$(getconf _NPROCESSORS_ONLN) + 1) / 2)) $(TESTFLAGS) ./jobs ./...

check: ## what must hold before a commit: format, vet, staticcheck, tests with the race detector, tidy modules
	@./.ci/check

bench: ## measure reading, loading, computing and exporting; readers beside excelize and inflating alone
	$(GO) test -run '^$$' -bench . -benchmem ./ingest ./jobs

bench-peers: build ## the whole job in turn with pandas, R and SheetJS scripts that do its bare means (PYTHON3, RSCRIPT, NODE, NODE_PATH)
	$(GO) run ./jobs/bench --cairn ./cairn peers

bench-postgres: build ## how many of the SQL files run unchanged on a PostgreSQL server, which it starts
	$(GO) run ./jobs/bench --cairn ./cairn postgres

bench-scale: build ## from nothing, with nothing new and with a new month, on 1, 3 and 10 years; a year of 100 and 1,250 territories
	$(GO) run ./jobs/bench --cairn ./cairn scale

fuzz: ## fuzz the parsers, FUZZTIME (default 30s) each
	@for f in $$(grep -rlE '^func Fuzz' --include '*_test.go' .); do \
		for name in $$(sed -nE 's/^func (Fuzz[A-Za-z]+)\(.*/\1/p' $$f); do \
			$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $${FUZZTIME:-30s} ./$$(dirname $$f) || exit 1; \
		done; done

# In the folder of the package: there go test prints what was tried and what was not, also when all is well.
faults: ## hurt the program in every way of the fault matrix (as root, or what needs root is skipped), and plant bugs that it must notice
	cd jobs/faults && $(GO) test -tags faults -count 1 -timeout 30m $(TESTFLAGS)

year: ## run MONTHS (default 12) of cairn serve on a fictional clock, with a stop and a lost database
	CAIRN_MONTHS=$${MONTHS:-12} $(GO) test -count 1 -timeout 1h -run '^TestYear$$' -v ./jobs

soak: ## CYCLES (default 500) looks of cairn serve with something new each, counting memory and open files
	CAIRN_CYCLES=$${CYCLES:-500} $(GO) test -count 1 -timeout 2h -run '^TestSoak$$' -v ./jobs

vintages: ## live a three-year demo again up to ten random days, and compare with what cairn says was known on each
	CAIRN_ASOF=36,10 $(GO) test -run TestAsKnownOnADay -timeout 60m -v ./jobs

demo: build ## make a fictional programme in build/demo and publish its reports
	@rm -rf build/demo
	./cairn demo build/demo
	./cairn run --workspace build/demo || [ $$? -eq 3 ]

pictures: demo ## render every report of the demo into build/pictures with LibreOffice and Chromium, and look for what is cut or empty
	CAIRN_PICTURES=$(CURDIR)/build/demo $(GO) test -count=1 -timeout 60m -run '^TestPictures$$' -v ./jobs

clean: ## remove what the other tasks made
	rm -rf cairn build
