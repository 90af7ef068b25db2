#!/usr/bin/env bash
# vobject cuts a web site of a vCard at its first comma, and writes the separators of values that it does not know anew.
#
# Versions: vobject 0.9.9 with python-dateutil 2.9.0.post0, pytz 2025.2 and six 1.17.0. This installs them in a folder of their own, has
# them read and write a small card, and fails where it sees something else than what is written here.
#
# A URL of a vCard is one URI, in which a comma is a character like others: the value is of the type uri, which has no list and no escapes
# (RFC 2426 sections 3.6.8 and 5, RFC 6350 section 6.7.8), and RFC 3986 section 2.2 has the comma among the characters of a URI. vobject takes
# every value of a card for a list of texts unless it knows better, and keeps the first (vobject/vcard.py, VCardTextBehavior.decode). So
# a link to a map, `…/@48.2,16.4`, comes out as `…/@48.2`, in 3.0 and in 4.0 alike, with no word. What is built on it, such as khard, writes
# the card with what is left.
#
# The same behaviour escapes `;` in what it does not know: `X-THING:name;value` comes out as `X-THING:name\;value`, one value of two.
#
# Reports that are near to it, of lists of texts of which the tail is lost: skarim/vobject#138 and #140. None of URLs was found.
#
# What Cairn does: it writes a comma in a URL as `%2C` and the values of custom fields percent-encoded, without `;` and `,`; and reads what
# vobject has made of the form that it wrote before (formats/src/builtin/vcard/own.rs).
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check \
    vobject==0.9.9 python-dateutil==2.9.0.post0 pytz==2025.2 six==1.17.0
cat > "$folder/read_and_write.py" <<'PYTHON'
import vobject

for version in ("3.0", "4.0"):
    card = "\r\n".join([
        "BEGIN:VCARD",
        f"VERSION:{version}",
        "FN:Ann Example",
        "N:Example;Ann;;;",
        "URL:https://example.com/map/@48.2,16.4",
        "X-THING:name;value",
        "END:VCARD",
        "",
    ])
    for line in vobject.readOne(card).serialize().splitlines():
        if line.startswith(("URL", "X-THING")):
            print(version, line)
PYTHON
seen="$("$folder/python/bin/python" "$folder/read_and_write.py")"
expected='3.0 URL:https://example.com/map/@48.2
3.0 X-THING:name\;value
4.0 URL:https://example.com/map/@48.2
4.0 X-THING:name\;value'
echo "$seen"
if [ "$seen" != "$expected" ]; then
    echo "vobject does something else than this file says" >&2
    exit 1
fi
