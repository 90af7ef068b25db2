#!/usr/bin/env bash
# People as CSV over HTTP against the database's own tools reading the same joined columns in the same order (export/*.sql):
# sqlite3 -csv and psql \copy, wall time of both in turn, in one run; then the other formats, and the memory of the server.
#
#   tests/bench/export.sh [ROWS…]          (by default 100000 1000000)
#
# Needs python3, curl, sqlite3, PostgreSQL and target/release/cairn, or the one that CAIRN names. The PostgreSQL is a private one
# with its default settings but for 256 MB of buffers; ENGINES="sqlite" leaves it out. PORT (by default 18080) and the one after
# it must be free. The figures of CSV are the best of three; memory is what the server has at most, above what it has before, in MB.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cairn=${CAIRN:-$here/../../target/release/cairn}
engines=${ENGINES:-sqlite postgres}
port=${PORT:-18080}
[ $# -gt 0 ] || set -- 100000 1000000
folder=$(mktemp -d)
server=$folder/server
programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
programs=${programs:-$(dirname "$(readlink -f "$(command -v initdb)")")}
as_postgres=()
[ "$(id -u)" != 0 ] || as_postgres=(runuser -u postgres --)
serving=
stop() {
    [ -z "$serving" ] || kill "$serving"
    [ ! -f "$server/data/postmaster.pid" ] || "${as_postgres[@]}" "$programs/pg_ctl" -D "$server/data" -m immediate stop >/dev/null
    rm -rf "$folder"
}
trap stop EXIT

start_postgres() {
    chmod 755 "$folder"
    mkdir -m 700 "$server"
    [ "$(id -u)" != 0 ] || chown postgres "$server"
    (
        cd "$server"
        "${as_postgres[@]}" "$programs/initdb" -D "$server/data" -A trust -U postgres -E UTF8 --locale=C >/dev/null
        "${as_postgres[@]}" "$programs/pg_ctl" -D "$server/data" -l "$server/log" -w start >/dev/null \
            -o "-k '$server' -c listen_addresses= -c shared_buffers=256MB -c max_wal_size=4GB"
    )
}

# A database with an account of so many people, and a server on it: fill ENGINE ROWS
fill() {
    url=sqlite://$folder/$2.db
    if [ "$1" = postgres ]; then
        "$programs/createdb" -h "$server" -U postgres --template=template0 "export$2"
        url="postgres://postgres@localhost:5432/export$2?host=$server"
    fi
    "$cairn" migrate up --database "$url" >/dev/null
    "$cairn" account create bench --name Bench --email bench@example.com --password-stdin --database "$url" \
        <<<"a bench password" >/dev/null
    python3 "$here/import/people.py" "$folder/people.csv" "$2"
    "$cairn" import people "$folder/people.csv" --database "$url" >/dev/null 2>&1
    if [ "$1" = postgres ]; then
        "$programs/psql" -X -q -h "$server" -U postgres -c 'VACUUM ANALYZE' -c CHECKPOINT "export$2"
    fi
    "$cairn" serve --listen "127.0.0.1:$port" --admin-listen "127.0.0.1:$((port + 1))" --database "$url" >"$folder/serving" 2>&1 &
    serving=$!
    until curl --silent --fail "http://127.0.0.1:$((port + 1))/ready" >/dev/null; do
        kill -0 "$serving" || { cat "$folder/serving" >&2; serving=; exit 1; }
        sleep 0.2
    done
    local login='{"query": "mutation { login(input: { email: \"bench@example.com\", password: \"a bench password\" }) { accessToken } }"}'
    token=$(curl --silent --fail -H 'Content-Type: application/json' -d "$login" "http://127.0.0.1:$port/graphql" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["data"]["login"]["accessToken"])')
}

by_hand() {
    if [ "$1" = postgres ]; then
        "$programs/psql" -X -q -h "$server" -U postgres -f "$here/export/postgres.sql" "export$2" >"$folder/hand.csv"
    else
        sed "s|@FILE@|$folder/hand.csv|" "$here/export/sqlite.sql" | sqlite3 "$folder/$2.db"
    fi
}

download() {
    curl --silent --show-error --fail -H "Authorization: Bearer $token" -o "$folder/ours" "http://127.0.0.1:$port/export/$1"
}

# The seconds of the fastest of so many runs: best RUNS COMMAND…
best() {
    local fastest= runs=$1
    shift
    for _ in $(seq "$runs"); do
        local start=$EPOCHREALTIME
        "$@"
        local took
        took=$(awk -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN { print end - start }')
        fastest=$(awk -v one="${fastest:-1e9}" -v other="$took" 'BEGIN { print one < other ? one : other }')
    done
    echo "$fastest"
}

# The memory of the server in KB, now and at most since it was asked to forget: resident VmRSS|VmHWM
resident() {
    awk -v name="$1:" '$1 == name { print $2 }' "/proc/$serving/status"
}

for engine in $engines; do
    [ "$engine" = sqlite ] || start_postgres
    for rows in "$@"; do
        fill "$engine" "$rows"
        sleep 2
        idle=$(resident VmRSS)
        hand=$(best 3 by_hand "$engine" "$rows")
        ours=$(best 3 download people.csv)
        found=$(python3 -c 'import csv, sys; csv.field_size_limit(1 << 30); print(*(sum(1 for _ in csv.reader(open(name, newline=""))) - 1 for name in sys.argv[1:]))' "$folder/hand.csv" "$folder/ours")
        [ "${found% *}" = "${found#* }" ] || { echo "the rows by hand and of ours are $found" >&2; exit 1; }
        awk -v engine="$engine" -v rows="$rows" -v hand="$hand" -v ours="$ours" -v idle="$idle" -v peak="$(resident VmHWM)" 'BEGIN {
            printf "%-8s  %7d people  csv    by hand %6.2f s  cairn %6.2f s  ratio %.2f  %3d MB above %d\n",
                engine, rows, hand, ours, hand / ours, (peak - idle) / 1024, idle / 1024 }'
        for format in json vcf xlsx google.csv ndjson; do
            echo 5 >"/proc/$serving/clear_refs"
            idle=$(resident VmRSS)
            took=$(best 1 download "people.$format")
            awk -v engine="$engine" -v rows="$rows" -v format="$format" -v took="$took" -v idle="$idle" -v peak="$(resident VmHWM)" 'BEGIN {
                printf "%-8s  %7d people  %-10s %6.2f s  %3d MB above %d\n", engine, rows, format, took, (peak - idle) / 1024, idle / 1024 }'
        done
        kill "$serving"
        wait "$serving" || true
        serving=
        rm -f "$folder"/*.db "$folder"/*.db-*
    done
done
