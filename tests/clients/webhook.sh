#!/bin/sh
# curl as people type it. Usage: sh webhook.sh http://127.0.0.1:8080/webhook/SECRET
set -eu
same() { [ "$2" = "$3" ] || { echo "curl: $1 is $3 and not $2" >&2; exit 1; }; }
same 'the answer to a person' Success "$(curl -fsS "$1" --json '{"name": "Zoë Curl - Smith & <Sons>", "categories": ["Fair"]}')"
same 'the answer to a lead' Success "$(curl -fsS "$1" -d '{"name": "Max Curl", "value": "100", "probability": ".25", "moreinfo": ""}')"
same 'the answer to a message' Success "$(curl -fsSG "$1" --data-urlencode 'title=Curl' --data-urlencode 'body=Hello')"
curl -fsS "$1?searchpeople=true&search=zoe+curl" | grep -q '^\[{"key":"person_[0-9a-f]*","name":"Zoë Curl - Smith & <Sons>",'
curl -fsS "$1" -d 'search=max curl' | grep -q '"value":"100.0000","probability":"0.2500"'
same 'the status of a refusal' 400 "$(curl -sS -o /dev/null -w '%{http_code}' "$1" -d city=Ulm)"
echo "$(curl --version | head -n 1 | cut -d ' ' -f 1,2): 3 left, 2 read back with grep"
