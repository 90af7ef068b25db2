#!/usr/bin/env bash
# Makes the filled databases that tests/e2e/upgrade.rs brings up to date: of a program of an earlier version, for both engines.
#
#     make.sh PROGRAM NAME       # PROGRAM is a `cairn` built from that version, NAME what its files are called
#
# Needs python3, gzip and the programs of PostgreSQL. What a released version has written is never made anew.
set -euo pipefail
program="$(realpath "$1")"
name="$2"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
chmod 711 "$work"
bin="$(dirname "$(ls -d /usr/lib/postgresql/*/bin/initdb | tail -1)")"
as_postgres() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; else "$@"; fi; }
server=
cairn=
end() {
    if [ -n "$cairn" ]; then kill -TERM "$cairn" 2>/dev/null || true; fi
    if [ -n "$server" ]; then as_postgres "$bin/pg_ctl" -D "$work/pg/data" -m fast stop >/dev/null || true; fi
    rm -rf "$work"
}
trap end EXIT

fill() { # fills one database by its URL
    (cd "$work" && exec env CAIRN_LOG=error "$program" --database "$1" serve --demo --listen 127.0.0.1:18080 --admin-listen 127.0.0.1:19090) >"$work/log" 2>&1 &
    cairn=$!
    until curl -fs http://127.0.0.1:19090/ready >/dev/null; do
        kill -0 "$cairn" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
        sleep 0.2
    done
    python3 "$here/fill.py" http://127.0.0.1:18080
    kill -TERM "$cairn"
    wait "$cairn" || true
    cairn=
}

fill "sqlite://$work/demo.db" >"$work/sqlite.json"
# A key that signs tokens is made anew at the next start.
python3 - "$work/demo.db" <<'PYTHON'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("DELETE FROM signing_keys")
database.execute("DELETE FROM refresh_tokens")
database.commit()
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
database.execute("VACUUM")
PYTHON
gzip -9 -n -c "$work/demo.db" >"$here/$name.sqlite.gz"
gzip -9 -n -c "$work/sqlite.json" >"$here/$name.sqlite.json.gz"

mkdir "$work/pg"
if [ "$(id -u)" = 0 ]; then chown postgres "$work/pg"; fi
as_postgres "$bin/initdb" -D "$work/pg/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >/dev/null
server=1
as_postgres "$bin/pg_ctl" -D "$work/pg/data" -o "-k $work/pg -c listen_addresses=" -w start >/dev/null
as_postgres "$bin/createdb" -h "$work/pg" -U postgres cairn
fill "postgres://postgres@localhost/cairn?host=$work/pg" >"$work/postgres.json"
as_postgres "$bin/psql" -q -h "$work/pg" -U postgres cairn -c "DELETE FROM signing_keys; DELETE FROM refresh_tokens"
# Without what only psql understands, and without roles and settings of this server.
as_postgres "$bin/pg_dump" -h "$work/pg" -U postgres --no-owner --no-privileges --inserts --rows-per-insert=100 cairn |
    grep -v -e '^\\' -e '^SET ' -e '^SELECT pg_catalog.set_config' -e '^--' -e '^$' >"$work/postgres.sql"
gzip -9 -n -c "$work/postgres.sql" >"$here/$name.postgres.sql.gz"
gzip -9 -n -c "$work/postgres.json" >"$here/$name.postgres.json.gz"
ls -l "$here/$name".*
