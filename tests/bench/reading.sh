#!/usr/bin/env bash
# A small query while the dearest ones run that are accepted, on this machine only.
#
#   tests/bench/reading.sh [PROGRAM [DATABASE_URL]]
#
# Needs python3, curl and target/release/cairn (PROGRAM names another); DATABASE_URL names an empty PostgreSQL database, without it a
# SQLite file is made and thrown away. Imports PEOPLE people (20,000), then runs each of the dear queries twelve times at once for
# SECONDS_EACH (20) and prints the latency of the small query beside them, the peak of the server's RssAnon, and what was answered. Says
# at the end which aims were missed: p99 of the small query below one second, RssAnon below 300 MB.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cairn=${1:-$here/../../target/release/cairn}
address=127.0.0.1:18094 admin=127.0.0.1:18095
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -r "$folder"' EXIT
export CAIRN_DATABASE=${2:-sqlite://$folder/reading.db}

"$cairn" account create bench --name Bench --email bench@example.com --password-stdin <<<"a bench password" >/dev/null
serve() {
    "$cairn" serve --listen "$address" --admin-listen "$admin" >"$folder/log" 2>&1 &
    server=$!
    until curl --silent --fail "http://$admin/ready" >/dev/null; do sleep 0.2; done
}
serve
python3 "$here/reading/crowd.py" "$address" "$server" "${PEOPLE:-20000}" 0
# What the import has kept of memory is no matter of reading.
kill "$server"
wait "$server" || true
serve
python3 "$here/reading/crowd.py" "$address" "$server" 0 "${SECONDS_EACH:-20}"
