# make up: a cluster of three masters with a replica each on ports 7000 to 7005; make down stops it, its data stay.
# make test: installs what the tests need (redis-server, redis-tools and tcl, as root on Debian) and runs them all.
# make soak HOURS=8: random schedules of faults, with new seeds, for so many hours. SIM_SEED, SIM_LOG and more: jepsen/sim/campaign_test.go.
.PHONY: up down build test lint race sim soak bench
build: ; go build -trimpath -o bin/ ./cmd/...
up: build ; ./bin/redoubt-cluster up
down: build ; ./bin/redoubt-cluster down
# The random schedules come last and alone: they take all processors, and other tests measure real time.
test: build ; ./scripts/deps.sh && go test -count=1 -timeout 30m ./... && SIM_VIRTUAL=2 go test -v -count=1 -timeout 30m -run TestRandomSchedules ./jepsen/sim
lint: ; ./scripts/lint.sh
race: ; go test -race -timeout 30m ./resp/... ./fsm/... ./shardgroup/... ./metaraft/... ./cmd/redoubt-server/...
sim: ; go test -count=1 -timeout 30m ./jepsen/sim/...
soak: ; SIM_HOURS=$(or $(HOURS),1) go test -v -count=1 -timeout 0 -run TestRandomSchedules ./jepsen/sim
bench: build ; ./bin/redoubt-bench
