#!/usr/bin/env bash
# The Python package icalendar reads times by the IANA's zone of a name, though the file defines another zone of that name.
#
# Versions: icalendar 7.3.2 from PyPI. This installs it into a temporary folder, runs it, and fails where it sees something else than
# what is written here.
#
# TZID names the VTIMEZONE of the same file, and only a name with a slash in front is one of a global registry (RFC 5545 section
# 3.2.19). The file below, which is valid, calls New York's rules `EST` and London's `GMT`, as programs do that name a zone by its
# abbreviation. icalendar looks the names up in its own database first and never gets to the definitions, so that both are an hour
# off in summer; the third, whose name nobody else has, is right. So are all three in ical.js 2.2.1.
#
# What Cairn does: the definition of the file counts, and the IANA's zone only where the file has none
# (formats/src/builtin/icalendar/zone.rs).
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check icalendar==7.3.2

cat > "$folder/show.py" <<'PYTHON'
from datetime import timezone

from icalendar import Calendar


def zone(name, winter, summer, rules):
    part = "BEGIN:{0}\r\nDTSTART:20070101T020000\r\nTZOFFSETFROM:{1}\r\nTZOFFSETTO:{2}\r\nRRULE:FREQ=YEARLY;{3}\r\nEND:{0}\r\n"
    parts = part.format("DAYLIGHT", winter, summer, rules[0]) + part.format("STANDARD", summer, winter, rules[1])
    return f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{parts}END:VTIMEZONE\r\n"


def event(name):
    lines = f"UID:{name}@example.com\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID={name}:20260715T100000\r\nSUMMARY:{name}\r\n"
    return f"BEGIN:VEVENT\r\n{lines}END:VEVENT\r\n"


new_york = ("BYMONTH=3;BYDAY=2SU", "BYMONTH=11;BYDAY=1SU")
london = ("BYMONTH=3;BYDAY=-1SU", "BYMONTH=10;BYDAY=-1SU")
zones = zone("EST", "-0500", "-0400", new_york) + zone("GMT", "+0000", "+0100", london) + zone("Office", "-0500", "-0400", new_york)
events = event("EST") + event("GMT") + event("Office")
text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Finding//EN\r\n{zones}{events}END:VCALENDAR\r\n"
for found in Calendar.from_ical(text).walk("VEVENT"):
    print(found["SUMMARY"], found["DTSTART"].dt.astimezone(timezone.utc).strftime("%H:%MZ"))
PYTHON

seen="$("$folder/venv/bin/python" "$folder/show.py")"
# By the definitions of the file it is 14:00Z, 09:00Z and 14:00Z.
expected="EST 15:00Z
GMT 10:00Z
Office 14:00Z"
echo "$seen"
if [ "$seen" != "$expected" ]; then
    echo "This is not what was seen before:" >&2
    echo "$expected" >&2
    exit 1
fi
