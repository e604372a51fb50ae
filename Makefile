## make            build/in_o365.so, hardened, and which glibc it needs
## make run        the plugin at work on a simulated Microsoft 365, without a tenant
## make test       all tests; in a Fluent Bit too, where there is one
## make azurite    Azurite from npm in build/, for the tests of Azure Blob Storage, which are skipped without
## make duckdb     DuckDB likewise, for the test that reads an archive
## make lint       gofmt, go vet, staticcheck, shellcheck, govulncheck, and make rules
## make hardened   checks that in build/in_o365.so; part of make
## make reproduce  builds a copy of the sources elsewhere and compares the two objects
## make rules      checks and tries the alert rules; wants promtool
## make soak       one process through everything that can go wrong, for SOAK=1h; again with the SEED that it prints
## make bench      what a GB of records costs, against a plugin written the usual way
## make dashboard  draws the dashboard's picture from ten minutes of real metrics; wants prometheus
## make image      a container image with Fluent Bit and the plugin
## make clean      removes build/
##
## make run, make test, make soak, make bench and make dashboard look for Fluent Bit in FLUENT_BIT, on PATH and in
## /opt/fluent-bit/bin.

# Pinned here rather than in go.mod, whose module graph is that of the plugin.
staticcheck := honnef.co/go/tools/cmd/staticcheck@v0.8.2
govulncheck := golang.org/x/vuln/cmd/govulncheck@v1.8.0

.PHONY: build object hardened reproduce run test library hosts azurite duckdb soak lint vulncheck rules bench dashboard image clean help

# The object to build, and further build tags with commas between: tests set both.
out := build/in_o365.so
tags :=
# The newest version of glibc that the object may ask for: GLIBC_2.34, say. Which
# one it does ask for depends on where it is built; the image and CI set this.
glibc :=

# How long make soak takes, and what its events follow from: any number; empty for
# one of its own.
SOAK ?= 1h
SEED ?=

build: object
	@$(MAKE) --no-print-directory hardened
	@needs=$$(objdump -T $(out) | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1) && echo "$(out) needs $$needs" >&2 && \
	newest=$$(printf '%s\n' "$$needs" $(glibc) | sort -V | tail -n 1) && \
	case "$(glibc)" in ''|"$$newest") ;; *) echo "$(out) needs $$needs, which is newer than $(glibc)" >&2; exit 1 ;; esac

# netgo and osusergo keep the C library's resolver out, which would need a
# newer one. Symbols with a version tell the oldest that will do. The object
# depends on the sources and the toolchain only: not on the folder, which
# -trimpath cuts from Go and C alike, nor on the state of a git checkout.
#
# The flags are in the environment rather than in the plugin's cgo directives,
# since those would not reach the C of the Go runtime and of dependencies. A
# compiler that has another level of FORTIFY built in warns unless that is
# undone first.
#
# It is a target without the checks because an older plugin, which test/bench
# builds, might not pass them.
object: export CGO_ENABLED := 1
object: export CGO_CFLAGS := -O2 -g -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
object: export CGO_LDFLAGS := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
object:
	go build -buildmode=c-shared -tags netgo,osusergo$(tags:%=,%) -trimpath -buildvcs=false -o $(out) ./plugin

# What the flags leave in the object. Full RELRO is GNU_RELRO with BIND_NOW.
# FORTIFY calls the C library's checks. Of the stack protectors, only the strong
# one guards o365_ticker_ack, which has no array but a variable whose address it
# hands on. Nothing writable is executable, code included while it is loaded
# (TEXTREL), and no folder is searched for libraries. test/host tries the check.
hardened:
	@shown=$$(readelf -W -l -d --dyn-syms $(out) && objdump --disassemble=o365_ticker_ack $(out)) || exit 1; \
	for mark in GNU_RELRO '(FLAGS).* BIND_NOW' 'GNU_STACK .* RW  *0x' '<__stack_chk_fail' 'UND __[a-z]*f_chk'; do \
		echo "$$shown" | grep -q "$$mark" || { echo "$(out) is not hardened: readelf and objdump show no '$$mark'" >&2; exit 1; }; \
	done; \
	for mark in ' RWE ' '(TEXTREL)' 'FLAGS.* TEXTREL' '(RPATH)' '(RUNPATH)'; do \
		! echo "$$shown" | grep -q "$$mark" || { echo "$(out) is not hardened: readelf shows '$$mark'" >&2; exit 1; }; \
	done

# With a cache of its own, since objects from the cache would be equal anyway.
reproduce: build
	@copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT && cp -r go.mod go.sum Makefile o365 plugin "$$copy" && \
	GOCACHE=$$copy/cache $(MAKE) --no-print-directory -C "$$copy" build out=in_o365.so && \
	cmp "$$copy/in_o365.so" $(out) && echo "$(out) is the same from another folder"

run: build
	@go run ./test/demo

# The tests of the library and those of the plugin in other processes, which mostly
# wait, run beside each other.
test: build
	@$(MAKE) --no-print-directory -j2 -Oline library hosts

# The library is pure Go, and the tags are those of the object; the race detector
# needs cgo.
library:
	CGO_ENABLED=0 go vet ./o365/...
	CGO_ENABLED=1 go test -race -tags netgo,osusergo $$(go list ./... | grep -v '/test/host$$\|/test/e2e$$\|/test/bench$$')

# The race detector has nothing to watch in other processes. Nor does the test cache
# know what those are made of.
hosts:
	CGO_ENABLED=1 go test -v -count 1 -p 2 -timeout 20m ./test/e2e ./test/host ./test/bench

# Nothing of its 450 packages runs while they are installed. It is in build/ since
# whatever reads all files of the project would read theirs as well.
azurite duckdb: %: build/%/node_modules/.package-lock.json

build/%/node_modules/.package-lock.json: test/%/package.json test/%/package-lock.json
	mkdir -p $(dir $(@D))
	cp $^ $(dir $(@D))
	npm ci --prefix $(dir $(@D)) --ignore-scripts --no-audit --no-fund
	touch $@

# It builds the plugin itself.
soak:
	SOAK=$(SOAK) SEED=$(SEED) CGO_ENABLED=1 go test -v -count 1 -timeout 0 -run '^TestSoak$$' ./test/e2e

lint: vulncheck rules
	@out=$$(gofmt -d .); test -z "$$out" || { printf '%s\n' "$$out"; exit 1; }
	go vet ./...
	go run $(staticcheck) ./...
	shellcheck .ci/run findings/*.sh

# Its database is on the network, which may be closed.
vulncheck:
	@out=$$(go run $(govulncheck) ./... 2>&1) && echo "$$out" || case $$out in \
		*"fetching vulnerabilities"*) echo "govulncheck: skipped, its database can't be reached:"; echo "$$out" ;; \
		*) echo "$$out"; exit 1 ;; \
	esac

bench:
	go run ./test/bench
	go test -run '^$$' -bench . -benchmem ./o365/record ./o365/ledger

rules:
	promtool check config --lint=all --lint-fatal conf/monitoring/prometheus.yaml
	promtool test rules conf/monitoring/rules_test.yaml

dashboard: build
	go run ./test/monitoring

image:
	docker build -t fluent-bit-o365 .

clean:
	rm -rf build

help:
	@sed -n 's/^## \{0,1\}//p' Makefile
