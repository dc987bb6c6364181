#!/usr/bin/env bash
# Installs what the tests compare with: redis-server, redis-cli, redis-check-rdb and tclsh, as Debian packages.
set -eu
missing=
for tool in redis-server redis-cli redis-check-rdb tclsh; do
  command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null || { echo "missing:$missing; install redis-server, redis-tools and tcl, then run again" >&2; exit 1; }
sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
# The package would start a server on port 6379: forbid that while it is being installed.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
  $sudo chmod 755 "$policy"
  trap '$sudo rm -f "$policy"' EXIT
fi
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq redis-server redis-tools tcl >/dev/null
