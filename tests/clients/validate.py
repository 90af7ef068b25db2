#!/usr/bin/env python3
"""Judges files that Cairn has written, each by its extension, with parsers that are not ours.

    python3 -m venv venv && venv/bin/pip install -r tests/clients/requirements.txt
    venv/bin/python tests/clients/validate.py export.vcf calendar.ics messages.rss people.xlsx people.csv

A line for each file says what is in it; the first fault of a file stands in its line, and the program then ends with 1. The rules
of RSS are those of the RSS Advisory Board and of the W3C's validator, which is no package, so that they are looked at here.
"""

import csv
import io
import re
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

ATOM = "{http://www.w3.org/2005/Atom}"
RFC_822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d{2}:\d{2}:\d{2} ([+-]\d{4}|GMT)"
)


class Fault(Exception):
    """What is wrong with a file."""


def require(condition, fault):
    if not condition:
        raise Fault(fault)


def cards(path):
    import vobject

    text = path.read_bytes().decode("utf-8")
    count = 0
    for card in vobject.readComponents(text):
        require(card.name == "VCARD", f"there is a {card.name}")
        card.validate(raiseException=True)
        count += 1
    require(count == text.count("BEGIN:VCARD\r\n"), f"vobject sees {count} cards")
    folded(text)
    return f"{count} cards"


def calendar(path):
    import icalendar
    import vobject

    text = path.read_bytes().decode("utf-8")
    folded(text)
    parsed = icalendar.Calendar.from_ical(text)
    require(not parsed.errors, f"icalendar complains: {parsed.errors}")
    for name in ("PRODID", "VERSION"):
        require(name in parsed, f"there is no {name}")
    require(parsed.subcomponents, "there is no component (RFC 5545 section 3.6)")
    events = parsed.walk("VEVENT")
    zones = {str(zone["TZID"]) for zone in parsed.walk("VTIMEZONE")}
    seen = set()
    for event in events:
        require(not event.errors, f"icalendar complains: {event.errors}")
        for name in ("UID", "DTSTAMP", "DTSTART"):
            require(name in event, f"an event has no {name}")
        uid = str(event["UID"])
        require(uid not in seen, f"two events are called {uid}")
        seen.add(uid)
        start, end = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else None
        if end is not None:
            require(type(start) is type(end), f"{uid} begins and ends in different ways")
            require(end > start, f"{uid} does not end after it begins")
        for name in ("DTSTART", "DTEND"):
            zone = event[name].params.get("TZID") if name in event else None
            # The library says UTC of times that end in Z.
            require(zone in (None, "UTC") or zone in zones, f"{uid}: nothing defines the zone {zone}")
        for alarm in event.walk("VALARM"):
            require("ACTION" in alarm and "TRIGGER" in alarm, f"{uid} has an alarm without ACTION or TRIGGER")
    refresh = parsed.get("REFRESH-INTERVAL")
    if refresh is not None:
        require(refresh.params.get("VALUE") == "DURATION", "REFRESH-INTERVAL has no VALUE=DURATION (RFC 7986)")
    for component in vobject.readComponents(text):
        component.validate(raiseException=True)
    return f"{len(events)} events"


def folded(text):
    """Lines of at most 75 bytes that end in CR LF, without control characters."""
    require(text.endswith("\r\n") or not text, "the last line does not end")
    for number, line in enumerate(text.split("\r\n"), 1):
        require(len(line.encode()) <= 75, f"line {number} is longer than 75 bytes")
        control = re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line)
        require(control is None, f"line {number} has a control character")


def feed(path):
    import feedparser

    document = path.read_bytes()
    root = ElementTree.fromstring(document)
    require(root.tag == "rss" and root.get("version") == "2.0", "the root is not rss 2.0")
    channels = root.findall("channel")
    require(len(channels) == 1, f"there are {len(channels)} channels")
    channel = channels[0]
    for name in ("title", "link", "description"):
        found = channel.findall(name)
        require(len(found) == 1 and (found[0].text or "").strip(), f"the channel needs one {name}")
    absolute(channel.findtext("link"))
    own = [link for link in channel.findall(f"{ATOM}link") if link.get("rel") == "self"]
    require(len(own) == 1, f"there are {len(own)} atom:link with rel=self")
    absolute(own[0].get("href"))
    require(own[0].get("type") == "application/rss+xml", "atom:link has another type")
    for name in ("pubDate", "lastBuildDate"):
        dated(channel.findtext(name))
    items, seen = channel.findall("item"), set()
    for number, item in enumerate(items, 1):
        where = f"item {number}"
        for name in ("title", "description", "link", "guid", "pubDate", "author"):
            require(len(item.findall(name)) <= 1, f"{where} has {name} twice")
        require(
            any((item.findtext(name) or "").strip() for name in ("title", "description")),
            f"{where} has neither title nor description",
        )
        guid = item.find("guid")
        require(guid is not None and guid.text, f"{where} has no guid")
        require(guid.text not in seen, f"{where} repeats the guid {guid.text}")
        seen.add(guid.text)
        if guid.get("isPermaLink") != "false":
            absolute(guid.text)
        dated(item.findtext("pubDate"))
        absolute(item.findtext("link"))
        author = item.findtext("author")
        require(author is None or re.match(r"[^\s@]+@[^\s@]+", author), f"{where}: the author is no e-mail address")
        for enclosure in item.findall("enclosure"):
            absolute(enclosure.get("url"))
            require(re.fullmatch(r"\d+", enclosure.get("length") or ""), f"{where}: an enclosure has no length")
            require("/" in (enclosure.get("type") or ""), f"{where}: an enclosure has no type")
    parsed = feedparser.parse(document, response_headers={"content-type": "application/rss+xml; charset=utf-8"})
    require(not parsed.bozo, f"feedparser complains: {parsed.get('bozo_exception')}")
    require(parsed.version == "rss20", f"feedparser takes it for {parsed.version!r}")
    require(len(parsed.entries) == len(items), f"feedparser sees {len(parsed.entries)} items of {len(items)}")
    return f"{len(items)} items"


def absolute(address):
    if address is not None:
        parts = urlsplit(address)
        require(parts.scheme in ("http", "https") and parts.netloc, f"`{address}` is no absolute address")
        require(re.fullmatch(r"[!-~]+", address), f"`{address}` has characters that an address cannot have")


def dated(text):
    require(text is None or RFC_822.fullmatch(text), f"`{text}` is no date of RFC 822 with four digits of the year")


def workbook(path):
    import openpyxl

    with zipfile.ZipFile(path) as archive:
        broken = archive.testzip()
        require(broken is None, f"the part {broken} is damaged")
    book = openpyxl.load_workbook(path)
    rows, header = 0, None
    for sheet in book.worksheets:
        lines = sheet.iter_rows()
        names = [cell.value for cell in next(lines, ())]
        require(all(names), f"{sheet.title}: a column has no name")
        require(header in (None, names), f"{sheet.title} has another header")
        header = names
        for line in lines:
            require(len(line) <= len(names), f"{sheet.title}: row {line[0].row} is too long")
            for cell in line:
                require(cell.data_type != "f", f"{sheet.title}: {cell.coordinate} is a formula")
                long = isinstance(cell.value, str) and len(cell.value.encode("utf-16-le")) // 2 > 32_767
                require(not long, f"{sheet.title}: {cell.coordinate} is too long for Excel")
            rows += 1
    return f"{rows} rows"


def table(path):
    text = path.read_bytes().decode("utf-8-sig")
    csv.field_size_limit(1 << 30)
    lengths = [len(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True)]
    require(lengths, "there is no header")
    odd = next((number for number, length in enumerate(lengths, 1) if length != lengths[0]), None)
    require(odd is None, f"row {odd} has not {lengths[0]} fields")
    return f"{len(lengths) - 1} rows of {lengths[0]} fields"


JUDGES = {".vcf": cards, ".ics": calendar, ".rss": feed, ".xlsx": workbook, ".csv": table}


def main(arguments):
    if not arguments:
        sys.exit(f"usage: validate.py FILE...\nfiles may end in {' '.join(JUDGES)}")
    failed = False
    for path in map(Path, arguments):
        judge = JUDGES.get(path.suffix)
        try:
            require(judge, f"nobody judges files that end in `{path.suffix}`")
            print(f"ok    {path}: {judge(path)}")
        except Exception as fault:  # A parser of others may raise anything, and each means that the file is bad.
            failed = True
            kind = "" if isinstance(fault, Fault) else f"{type(fault).__name__}: "
            print(f"BAD   {path}: {kind}{fault}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
