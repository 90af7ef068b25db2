#!/usr/bin/env bash
# What api.php costs beside the GraphQL operation that does the same, on this machine only: microseconds of the server's CPU a
# request, for create=lead and get=lead with credentials that were seen lately.
#
#   tests/bench/legacy.sh postgres://user@127.0.0.1/an_empty_database [SECONDS [CONNECTIONS]]
#   tests/bench/legacy.sh sqlite:///tmp/an_empty.db
#
# Needs wrk, curl, python3 and target/release/cairn (CAIRN names another). Prints a line for each: GraphQL, the documents of
# compat-api/queries with an access token; api.php, the form with e-mail address and password; and how many times as much it costs.
# The two take turns, each three times, and the medians count.
set -euo pipefail
database=${1:?the URL of an empty database} seconds=${2:-5} connections=${3:-8}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cairn=${CAIRN:-$here/../../target/release/cairn}
address=127.0.0.1:18082
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -r "$folder"' EXIT
export CAIRN_DATABASE=$database

"$cairn" account create bench --name Bench --email bench@example.com --password-stdin <<<"a bench password" >/dev/null
python3 - >"$folder/leads.csv" <<'PYTHON'
print("name,company,email,phone,value,probability")
for n in range(2000):
    print(f"Person {n},Company {n % 100},person{n}@example.com,555-{n:04},{n},0.25")
PYTHON
"$cairn" import leads "$folder/leads.csv" >/dev/null

"$cairn" serve --listen "$address" --admin-listen 127.0.0.1:18083 >"$folder/log" 2>&1 &
server=$!
until curl --silent --fail http://127.0.0.1:18083/ready >/dev/null; do sleep 0.2; done
login='{"query":"mutation { login(input: { email: \"bench@example.com\", password: \"a bench password\" }) { accessToken } }"}'
TOKEN=$(curl --silent --fail "http://$address/graphql" -H 'content-type: application/json' -d "$login" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["data"]["login"]["accessToken"])')

# The requests: @NUMBER@ makes each created person another one.
credentials='login_email=bench%40example.com&login_password=a+bench+password'
person='"name":"New @NUMBER@","company":"ACME","email":"new@NUMBER@@example.com","phone":"555-0100"'
document() { python3 -c 'import json, sys; print(json.dumps(open(sys.argv[1]).read()))' "$here/../../compat-api/queries/$1.graphql"; }
declare -A body
body[api.php-create]="$credentials&create=lead&name=New+@NUMBER@+-+ACME&email=new@NUMBER@%40example.com&phone=555-0100&value=5000&probability=.25"
body[graphql-create]="{\"query\":$(document create_transaction),\"variables\":{\"input\":{\"stage\":\"LEAD\",\"value\":\"5000\",\"probability\":\"0.25\",\"person\":{$person},\"personMatch\":\"MERGE\"}}}"
body[api.php-get]="$credentials&get=lead&search=company+42"
body[graphql-get]="{\"query\":$(document get_transactions),\"variables\":{\"stage\":\"LEAD\",\"search\":\"company 42\",\"first\":200}}"

cat >"$folder/request.lua" <<'LUA'
local file = assert(io.open(os.getenv("BODY"), "rb"))
local body, sent, began = file:read("*a"), 0, os.getenv("BEGAN")
file:close()
wrk.method = "POST"
wrk.headers["Content-Type"] = os.getenv("CONTENT_TYPE")
if os.getenv("TOKEN") then wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN") end
function request()
    sent = sent + 1
    return wrk.format(nil, nil, nil, (body:gsub("@NUMBER@", began .. "x" .. sent)))
end
function done(summary)
    io.write(string.format("%d %d\n", summary.requests, summary.errors.status + summary.errors.timeout + summary.errors.read))
end
LUA

cpu_ticks() {
    sed 's/.*) //' "/proc/$server/stat" | awk '{ print $12 + $13 }'
}

# Prints the microseconds of one request.
measure() {
    local door=$1 action=$2 url before requests errors
    printf '%s' "${body[$door-$action]}" >"$folder/body"
    export BODY=$folder/body BEGAN=$RANDOM$RANDOM
    if [ "$door" = graphql ]; then
        url=http://$address/graphql
        export CONTENT_TYPE=application/json TOKEN
    else
        url=http://$address/api.php
        export CONTENT_TYPE=application/x-www-form-urlencoded
        export -n TOKEN
    fi
    local load=(wrk --threads 1 --connections "$connections" --timeout 10s --script "$folder/request.lua")
    "${load[@]}" --duration 1s "$url" >/dev/null
    BEGAN=$RANDOM$RANDOM
    before=$(cpu_ticks)
    read -r requests errors < <("${load[@]}" --duration "${seconds}s" "$url" | tail -1)
    [ "$errors" = 0 ] || { echo "$errors errors of $door $action" >&2; exit 1; }
    awk -v ticks=$(($(cpu_ticks) - before)) -v hertz="$(getconf CLK_TCK)" -v requests="$requests" \
        'BEGIN { printf "%d\n", ticks * 1e6 / hertz / requests }'
}

check() {
    local answer
    answer=$(curl --silent --fail "http://$address/api.php" -d "${body[api.php-$1]//@NUMBER@/0}")
    case $answer in Success | *'<name>Person'*) ;; *) echo "api.php $1: $answer" >&2; exit 1 ;; esac
    answer=$(curl --silent --fail "http://$address/graphql" -H 'content-type: application/json' -H "authorization: Bearer $TOKEN" \
        -d "${body[graphql-$1]//@NUMBER@/0}")
    case $answer in *'"errors"'*) echo "graphql $1: $answer" >&2; exit 1 ;; esac
}

for action in create get; do
    check "$action"
    : >"$folder/graphql" && : >"$folder/api.php"
    for _ in 1 2 3; do
        for door in graphql api.php; do measure "$door" "$action" >>"$folder/$door"; done
    done
    median() { sort -n "$folder/$1" | sed -n 2p; }
    awk -v action="$action" -v graphql="$(median graphql)" -v legacy="$(median api.php)" 'BEGIN {
        printf "%-6s  graphql %5d us  api.php %5d us  %.2fx\n", action, graphql, legacy, legacy / graphql }'
done
