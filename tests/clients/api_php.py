"""A Python script as the legacy API has them: urllib out, ElementTree in. Usage: python3 api_php.py http://127.0.0.1:8080"""

import platform
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree


def post(**fields):
    login = {"login_email": "admin@acme.example", "login_password": "correct horse"}
    body = urllib.parse.urlencode(login | fields).encode()
    with urllib.request.urlopen(sys.argv[1] + "/api.php", body) as answer:
        return answer.read()


def same(what, expected, found):
    if found != expected:
        sys.exit(f"python: {what} is {found!r} and not {expected!r}")


kinds = ["lead", "opportunity", "customer", "archive", "person", "event", "message"]
read = 0
for kind in kinds:
    name = f"Zoë python {kind} - Smith & <Sons>"
    record = dict(
        name=name, title=name, email=f"{kind}@python.example", address="1 Main St\nSuite 5", value="$1,234.50",
        probability="25%", year="2026", month="5", day="8", body="Grüße & <b>",
    )
    same(f"the answer to create={kind}", b"Success", post(create=kind, **record))
    found = ElementTree.fromstring(post(get=kind, search=f"python {kind}")).findall(kind)
    same(f"the number of each {kind}", 1, len(found))
    expected = {
        "event": {"date": "May 8th", "title": name},
        "message": {"title": name, "body": "Grüße & <b>"},
        "person": {"name": name, "address": "1 Main St\nSuite 5"},
    }.get(kind, {"name": name, "value": "1234.5000", "probability": "0.2500"})
    for element, text in expected.items():
        same(element, text, found[0].findtext(element))
    read += 1
print(f"python {platform.python_version()}: {len(kinds)} created, {read} read back with ElementTree")
