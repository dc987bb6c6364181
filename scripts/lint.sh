#!/usr/bin/env bash
# gofmt, vet and staticcheck over the whole module; prints what they find and fails if that is anything.
set -eu
cd "$(dirname "$0")/.."
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { printf 'not gofmt-ed:\n%s\n' "$unformatted"; exit 1; }
go vet ./...
go tool staticcheck ./...
