#!/usr/bin/env bash
# Requests that are as dear as the limits let them be, and some just above, on this machine only: how long each takes, how much memory
# the server holds meanwhile, and whether /live goes on to answer.
#
#   tests/bench/hostile.sh [PROGRAM [TABLE…]]
#
# Needs python3, curl and target/release/cairn (PROGRAM names another). A table is a module in tests/bench/hostile/ with a list ROWS;
# all of them run if none is named. Prints a line for each row: the median and the longest of ten requests one after the other, the
# longest of forty by eight clients at once, the peak of the server's RssAnon, the longest answer of /live meanwhile, and what was
# answered. Says at the end which aims were missed: 50 ms for a refusal, 300 MB, 100 ms for /live.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cairn=${1:-$here/../../target/release/cairn}
address=127.0.0.1:18084 admin=127.0.0.1:18085
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -r "$folder"' EXIT
export CAIRN_DATABASE=sqlite://$folder/hostile.db

"$cairn" account create bench --name Bench --email bench@example.com --password-stdin <<<"a bench password" >/dev/null
"$cairn" serve --listen "$address" --admin-listen "$admin" >"$folder/log" 2>&1 &
server=$!
until curl --silent --fail "http://$admin/ready" >/dev/null; do sleep 0.2; done
python3 "$here/hostile/run.py" "$address" "$admin" "$server" "${@:2}"
