#!/usr/bin/env bash
# Five GraphQL requests under load on PostgreSQL, on this machine only: what a request costs the server in CPU time.
#
#   tests/bench/graphql.sh postgres://user@127.0.0.1/an_empty_database [SECONDS [CONNECTIONS]]
#
# Needs wrk, curl, python3 and target/release/cairn. Prints a line for each request: microseconds of the server's CPU,
# requests a second, the 99th percentile in milliseconds, errors; and the memory of the server. Each request is sent
# once before and must answer without errors.
set -euo pipefail
database=${1:?the URL of an empty PostgreSQL database} seconds=${2:-10} connections=${3:-32}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cairn=$here/../../target/release/cairn
address=127.0.0.1:18080
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -r "$folder"' EXIT
export CAIRN_DATABASE=$database

python3 "$here/graphql/people.py" "$folder/people.csv" "$folder/leads.csv"
"$cairn" account create bench --name Bench --email bench@example.com --password-stdin <<<"a bench password" >/dev/null
"$cairn" import people "$folder/people.csv" >/dev/null
"$cairn" import leads "$folder/leads.csv" >/dev/null
"$cairn" export people --format csv | cut -d, -f1 | tail -n +2 | shuf -n 5000 --random-source=<(yes) >"$folder/ids"

"$cairn" serve --listen "$address" --admin-listen 127.0.0.1:18081 >"$folder/log" 2>&1 &
server=$!
until curl --silent --fail http://127.0.0.1:18081/ready >/dev/null; do sleep 0.2; done
post() {
    curl --silent --fail-with-body "http://$address/graphql" -H 'content-type: application/json' "$@"
}
login='{"query":"mutation { login(input: { email: \"bench@example.com\", password: \"a bench password\" }) { accessToken } }"}'
TOKEN=$(post -d "$login" | python3 -c 'import json, sys; print(json.load(sys.stdin)["data"]["login"]["accessToken"])')
export TOKEN PEOPLE=$folder/ids

cpu_ticks() {
    sed 's/.*) //' "/proc/$server/stat" | awk '{ print $12 + $13 }'
}

for name in q1 q2 q3 q4 q5; do
    export QUERY=$here/graphql/$name.graphql VARIABLES=$here/graphql/$name.json
    python3 - "$(head -1 "$folder/ids")" >"$folder/once" <<'PYTHON'
import json, os, sys
variables = open(os.environ["VARIABLES"]).read().replace("@PERSON@", sys.argv[1]).replace("@NUMBER@", "0")
print(json.dumps({"query": open(os.environ["QUERY"]).read(), "variables": json.loads(variables)}))
PYTHON
    post -H "authorization: Bearer $TOKEN" -d "@$folder/once" | python3 -c '
import json, sys
answer = json.load(sys.stdin)
assert not answer.get("errors") and all(answer["data"].values()), answer'
    load=(wrk --threads 1 --connections "$connections" --timeout 10s --script "$here/graphql/request.lua")
    "${load[@]}" --duration 2s "http://$address/graphql" >/dev/null
    before=$(cpu_ticks)
    read -r requests rate slowest errors < <("${load[@]}" --duration "${seconds}s" "http://$address/graphql" | tail -1)
    spent=$(($(cpu_ticks) - before))
    memory=$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$server/status")
    awk -v name="$name" -v ticks="$spent" -v hertz="$(getconf CLK_TCK)" -v requests="$requests" -v rate="$rate" \
        -v slowest="$slowest" -v errors="$errors" -v memory="$memory" 'BEGIN {
        printf "%s  %5d us  %7.0f /s  p99 %6.1f ms  %d errors  %d MB\n",
            name, ticks * 1e6 / hertz / requests, rate, slowest, errors, memory }'
done
