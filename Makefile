## make            build/in_o365.so, and which glibc it needs
## make run        the plugin at work on a simulated Microsoft 365, without a tenant
## make test       all tests; in a Fluent Bit too, where there is one
## make lint       gofmt, go vet, staticcheck, shellcheck, govulncheck, and make rules
## make rules      checks and tries the alert rules; wants promtool
## make bench      what a GB of records costs, against a plugin written the usual way
## make dashboard  draws the dashboard's picture from ten minutes of real metrics; wants prometheus
## make image      a container image with Fluent Bit and the plugin
## make clean      removes build/
##
## make run, make test, make bench and make dashboard look for Fluent Bit in FLUENT_BIT, on PATH and in
## /opt/fluent-bit/bin.

# Pinned here rather than in go.mod, whose module graph is that of the plugin.
staticcheck := honnef.co/go/tools/cmd/staticcheck@v0.8.2
govulncheck := golang.org/x/vuln/cmd/govulncheck@v1.8.0

.PHONY: build run test lint vulncheck rules bench dashboard image clean help

# netgo and osusergo keep the C library's resolver out, which would need a
# newer one. Symbols with a version tell the oldest that will do.
build:
	CGO_ENABLED=1 go build -buildmode=c-shared -tags netgo,osusergo -trimpath -o build/in_o365.so ./plugin
	@objdump -T build/in_o365.so | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1 | sed 's|^|build/in_o365.so needs |' >&2

run: build
	@go run ./test/demo

# The library is pure Go; the race detector is not. It has nothing to watch in
# tests of the plugin in other processes, and they need their time. Nor does the
# test cache know what those processes are made of.
test: build
	CGO_ENABLED=0 go test ./o365/...
	CGO_ENABLED=1 go test -race $$(go list ./... | grep -v '/test/host$$\|/test/e2e$$\|/test/bench$$')
	CGO_ENABLED=1 go test -v -count 1 -p 1 -timeout 20m ./test/host ./test/bench ./test/e2e

lint: vulncheck rules
	@out=$$(gofmt -d .); test -z "$$out" || { printf '%s\n' "$$out"; exit 1; }
	go vet ./...
	go run $(staticcheck) ./...
	shellcheck .ci/run

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
