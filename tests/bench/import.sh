#!/usr/bin/env bash
# Imports of people against the same files loaded by hand-written SQL (import/*.sql), which writes the same tables and
# indexes: rows a second of both in one run, on SQLite and on PostgreSQL, and the memory of Cairn.
#
#   tests/bench/import.sh [ROWS…]          (by default 10000 100000 1000000)
#
# Needs python3, sqlite3, PostgreSQL, GNU time and target/release/cairn, or the one that CAIRN names. For each number of
# rows: that many people go into an empty account, then a fifth as many, half of them known, into the same one. At last as
# many new ones go in through a server, and a client tells how long the first page of people takes meanwhile; that needs
# curl, PORT (by default 18080) and the one after it. The PostgreSQL is a private one with its default settings but for
# 256 MB of buffers and 4 GB of log between checkpoints, which serve both sides; ENGINES="sqlite" leaves it out.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cairn=${CAIRN:-$here/../../target/release/cairn}
engines=${ENGINES:-sqlite postgres}
port=${PORT:-18080}
[ $# -gt 0 ] || set -- 10000 100000 1000000
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

# The URL of a new database with an account and a user, and nobody in it: database ENGINE NAME.
database() {
    local url=sqlite://$folder/$2.db
    if [ "$1" = postgres ]; then
        "$programs/createdb" -h "$server" -U postgres --template=template0 "$2"
        url="postgres://postgres@localhost:5432/$2?host=$server"
    fi
    "$cairn" migrate up --database "$url" >/dev/null
    "$cairn" account create bench --name Bench --email bench@example.com --password-stdin --database "$url" \
        <<<"a bench password" >/dev/null
    echo "$url"
}

# What a client of a database can do to it before a measurement, alike for both sides.
settle() {
    [ "$1" != postgres ] || "$programs/psql" -h "$server" -U postgres -qc CHECKPOINT postgres
    sync
}

# Seconds, peak memory in KB and seconds of CPU time of a command, its output in a log: timed COMMAND…
timed() {
    /usr/bin/time -o "$folder/time" -f '%e %M %U %S' "$@" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; return 1; }
    cat "$folder/time"
}

by_hand() {
    if [ "$1" = postgres ]; then
        timed "$programs/psql" -X -q -h "$server" -U postgres -f "$here/import/postgres.sql" "$2" <"$3"
    else
        sed "s|@FILE@|$3|" "$here/import/sqlite.sql" >"$folder/sqlite.sql"
        timed sqlite3 "$folder/$2.db" <"$folder/sqlite.sql"
    fi
}

# People and rows of the journal, which tell whether both have done the same.
written() {
    local counts="SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM item_categories), (SELECT count(*) FROM import_records)"
    if [ "$1" = postgres ]; then
        "$programs/psql" -X -A -t -F ' ' -h "$server" -U postgres -c "$counts" "$2"
    else
        sqlite3 -separator ' ' "$folder/$2.db" "$counts"
    fi
}

# One file by both: measure ENGINE SIZE WHAT FILE ROWS
measure() {
    local hand ours
    settle "$1"
    hand=$(by_hand "$1" "hand$2" "$4")
    settle "$1"
    ours=$(timed "$cairn" import people "$4" --database "$(cat "$folder/url")")
    awk -v engine="$1" -v what="$3" -v rows="$5" -v hand="$hand" -v ours="$ours" 'BEGIN {
        split(hand, h); split(ours, o)
        # On PostgreSQL the server does most of the work.
        cpu = engine == "sqlite" ? sprintf("  CPU %.1f s and %.1f s", h[3] + h[4], o[3] + o[4]) : ""
        printf "%-8s  %7d rows %-10s  by hand %6.0f /s  cairn %6.0f /s  ratio %.2f  %4d MB%s\n",
            engine, rows, what, rows / h[1], rows / o[1], h[1] / o[1], o[2] / 1024, cpu }'
    echo "$1 by hand: $(written "$1" "hand$2"); cairn: $(written "$1" "ours$2")" >>"$folder/written"
}

# What readers notice of a file that comes in through the server: read_meanwhile ENGINE FILE
read_meanwhile() {
    settle "$1"
    "$cairn" serve --listen "127.0.0.1:$port" --admin-listen "127.0.0.1:$((port + 1))" --database "$(cat "$folder/url")" \
        >"$folder/serving" 2>&1 &
    serving=$!
    until curl --silent --fail "http://127.0.0.1:$((port + 1))/ready" >/dev/null; do
        kill -0 "$serving" || { cat "$folder/serving" >&2; serving=; exit 1; }
        sleep 0.2
    done
    printf '%-8s  %s\n' "$1" "$(python3 "$here/import/reads.py" "127.0.0.1:$port" "$2" "$serving")"
    kill "$serving"
    wait "$serving" || true
    serving=
}

case $engines in *postgres*) start_postgres ;; esac
for rows in "$@"; do
    python3 "$here/import/people.py" "$folder/new.csv" "$rows"
    python3 "$here/import/people.py" "$folder/known.csv" $((rows / 5)) $((rows / 10))
    python3 "$here/import/people.py" "$folder/more.csv" "$rows" 1
    for engine in $engines; do
        database "$engine" "hand$rows" >/dev/null
        database "$engine" "ours$rows" >"$folder/url"
        measure "$engine" "$rows" "new" "$folder/new.csv" "$rows"
        measure "$engine" "$rows" "half known" "$folder/known.csv" $((rows / 5))
        read_meanwhile "$engine" "$folder/more.csv"
        rm -f "$folder"/*.db "$folder"/*.db-*
    done
done
echo "people, categories of items and rows of the journal:"
cat "$folder/written"
