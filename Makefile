# The marketplace's commands; `make` alone lists them.
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export GOFLAGS := $(strip $(GOFLAGS) -buildvcs=false)
export PATH    := $(CURDIR)/bin/tools:$(PATH)

SERVICES := user product bidding
INSTALL  := GOBIN=$(CURDIR)/bin/tools go install

.PHONY: bench help run test test-race rules lint generate verify scripts up down docker-up migrate tools build clean vectors model mutants race-match

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## start the whole marketplace with one command; Ctrl-C stops it
	@scripts/ensure-postgres.sh
	@go build -o bin/marketplace ./cmd/marketplace
	@exec bin/marketplace up

test: ## every test with the race detector; prints time and coverage, fails below the floors
	@scripts/test.sh

test-race: test ## the same: make test always has the race detector on

rules: ## check that every rule of docs/rules.md has a test
	@go test -count=1 -run '^TestRules' -v ./internal/archtest | grep -v -e '^=== ' -e '^--- PASS' -e '^PASS' -e '^ok'

lint: bin/tools/golangci-lint ## look for mistakes and style
	@golangci-lint run ./... && echo "lint verdict=ok"

generate: bin/tools/buf bin/tools/protoc-gen-go bin/tools/protoc-gen-go-grpc bin/tools/sqlc ## make the code that is made from protos and SQL, and .env.example
	@buf generate
	@sqlc generate
	@go test -count=1 -run '^TestTheExampleOfSettings' ./internal/archtest -update >/dev/null

verify: ## make the generated code again and fail on a difference; check go.mod
	@scripts/verify.sh

scripts: build bin/tools/grpcurl ## run the test and demo scripts against a marketplace of their own
	@scripts/run_scripts.sh

up: ## start the services and what they need in containers
	docker compose up --build --detach --wait

down: ## stop the containers
	docker compose down

docker-up: ## start only PostgreSQL and Redis in containers
	docker compose up --detach --wait postgres redis

migrate: ## bring the database to this version's schema
	@scripts/ensure-postgres.sh
	@go build -o bin/marketplace ./cmd/marketplace
	@bin/marketplace migrate up

build: ## build bin/marketplace and the services
	@go build -o bin/marketplace ./cmd/marketplace
	@$(foreach s,$(SERVICES),go build -o bin/$(s)-service ./cmd/$(s)-service &&) echo "build verdict=ok"

clean: ## remove what was built, but neither the tools nor any data
	@find bin -maxdepth 1 -type f -delete 2>/dev/null || true
	@rm -rf coverage logs

tools: $(addprefix bin/tools/,buf protoc-gen-go protoc-gen-go-grpc sqlc migrate grpcurl golangci-lint) ## install the development tools into bin/tools, each once
	@echo "tools verdict=ok"

bin/tools/buf:                ; $(INSTALL) github.com/bufbuild/buf/cmd/buf@v1.75.0
bin/tools/protoc-gen-go:      ; $(INSTALL) google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
bin/tools/protoc-gen-go-grpc: ; $(INSTALL) google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.1
bin/tools/sqlc:               ; CGO_ENABLED=0 $(INSTALL) github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1
bin/tools/migrate:            ; $(INSTALL) -tags 'postgres pgx5' github.com/golang-migrate/migrate/v4/cmd/migrate@v4.20.1
bin/tools/grpcurl:            ; $(INSTALL) github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
bin/tools/golangci-lint:      ; $(INSTALL) github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

bench: ## durable orders a second beside an echo and single-row inserts; ROUNDS=n
	@scripts/ensure-postgres.sh
	@go run ./bench -rounds $(or $(ROUNDS),3)

vectors: ## the worked matching scenarios through the book and over gRPC; FILE=other.jsonl[.gz]
	@scripts/ensure-postgres.sh
	@go run ./test/vectors $(if $(FILE),-file $(FILE))

model: ## the book against a naive one that shares no code, a million random commands; COMMANDS=n
	@go test ./internal/bidding/book -v -count=1 -timeout 20m -run 'TestMATCH_004_ALongRandom' -args -commands=$(or $(COMMANDS),1000000) | grep -v '^ok\|^PASS\|^=\|^---'

# Each revision plants another third of them; three that follow each other plant all.
mutants: ## plant mistakes that break a rule, one after the other, and see the tests notice each; ONLY=name, FULL=1: all
	@scripts/ensure-postgres.sh
	@go run ./test/mutants $(if $(ONLY),-only $(ONLY),$(if $(FULL),,-share 3 -turn $$(git rev-list --count HEAD 2>/dev/null || echo 0)))

race-match: ## 64 callers race for one ask, and for one item of stock, in 16 markets at once
	@scripts/ensure-postgres.sh
	@go run ./test/race -rounds $(if $(FULL),50000,5000) -stock $(if $(FULL),5000,500)

.PHONY: rebuild rebuild-selftest
rebuild: ## trade at random and by FILE=sales.csv.gz, build everything anew from the journal alone, and compare; FULL=1
	@scripts/ensure-postgres.sh
	@go run ./test/rebuild -commands $(if $(FULL),300000,30000) $(if $(FILE),-sales $(FILE))

rebuild-selftest: ## the same with a journal that is changed on the way, which must be noticed
	@scripts/ensure-postgres.sh
	@go run ./test/rebuild -commands 3000 -spoil

.PHONY: linear
linear: ## record what concurrent clients ask for and are told, and look for one order that explains it; FULL=1
	@scripts/ensure-postgres.sh
	@go run ./test/linear $(if $(FULL),-histories 1000) $(if $(SEED),-seed $(SEED))

.PHONY: expiry
expiry: ## very many open orders end on time, and are announced a day before; FULL=1: a million
	@scripts/ensure-postgres.sh
	@go run ./test/expiry $(if $(FULL),-orders 1000000 -spread 60s)

.PHONY: soak
soak: ## take orders on tables that have millions of rows: as fast at the end, in memory that stays; FULL=1
	@scripts/ensure-postgres.sh
	@go run ./test/soak $(if $(FULL),-rows 10000000 -last 10m)

.PHONY: feed
feed: ## follow a market's feed through lost connections, and measure how soon a crowd is told; FULL=1
	@scripts/ensure-postgres.sh
	@go run ./test/feed $(if $(FULL),-steps 1000000 -cuts 100 -batch 1 -for 60s)

.PHONY: crash crash-selftest

# Of ten times that something is killed, three are PostgreSQL's turn.
CYCLES ?= $(if $(FULL),100,7)

crash: ## kill the marketplace and PostgreSQL while clients trade, and compare what they were told; CYCLES=n, FULL=1
	@scripts/ensure-postgres.sh
	@go build -o bin/marketplace ./cmd/marketplace
	@go build -o bin/crash ./test/chaos
	@exec bin/crash -process-kills $$(($(CYCLES) - $(CYCLES) * 3 / 10)) -postgres-kills $$(($(CYCLES) * 3 / 10)) $(if $(SEED),-seed $(SEED))

.PHONY: failover
failover: ## two nodes of the exchange under load: kill one, stop one, put one to sleep for 30 s; FULL=1
	@scripts/ensure-postgres.sh
	@go build -o bin/marketplace ./cmd/marketplace
	@go build -o bin/crash ./test/chaos
	@exec bin/crash -rate 2000 -node-kills $(if $(FULL),20,2) -node-leaves $(if $(FULL),20,2) -node-sleeps $(if $(FULL),6,1) $(if $(SEED),-seed $(SEED))

crash-selftest: ## the same with marketplaces that are broken on purpose, each of which must be caught
	@scripts/ensure-postgres.sh
	@go build -o bin/crash ./test/chaos
	@exec bin/crash -selftest

.PHONY: drills drills-selftest

drills: ## under load, the clock jumps, connections to the database are cut and its disk fills up; FULL=1
	@scripts/ensure-postgres.sh
	@go test -count=1 -run 'AClockThatJumps' ./internal/bidding/engine
	@go build -o bin/marketplace ./cmd/marketplace
	@go build -o bin/crash ./test/chaos
	@exec bin/crash -rate 2000 -cuts $(if $(FULL),200,25) -fills $(if $(FULL),6,2) $(if $(SEED),-seed $(SEED))

drills-selftest: ## the same with marketplaces that are broken on purpose, each of which must be caught
	@scripts/ensure-postgres.sh
	@go build -o bin/crash ./test/chaos
	@exec bin/crash -cuts 10 -fills 1 -selftest

.PHONY: authz authz-selftest

authz: ## every method as every caller, forged tokens, and how soon the end of a session counts; ROUNDS=n
	@scripts/ensure-postgres.sh
	@go build -o bin/marketplace ./cmd/marketplace
	@go build -o bin/authz ./test/authz
	@exec bin/authz $(if $(ROUNDS),-rounds $(ROUNDS))

authz-selftest: ## the same with marketplaces that are broken on purpose, each of which must be caught
	@scripts/ensure-postgres.sh
	@go build -o bin/authz ./test/authz
	@exec bin/authz -selftest

.PHONY: fsck fsck-selftest seed

seed: ## give a new marketplace four months of demo instead of three weeks; before the first make run
	@scripts/ensure-postgres.sh
	@go build -o bin/marketplace ./cmd/marketplace
	@bin/marketplace seed --demo

fsck: ## check everything that must hold in the database: accounts, stock, books, matches, the journal, events
	@scripts/ensure-postgres.sh
	@go build -o bin/marketplace ./cmd/marketplace
	@bin/marketplace fsck

fsck-selftest: ## plant every fault fsck knows into a marketplace of its own and see each found
	@scripts/ensure-postgres.sh
	@go build -o bin/marketplace ./cmd/marketplace
	@bin/marketplace fsck --selftest
