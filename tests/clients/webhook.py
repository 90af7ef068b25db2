"""A Python script that leaves records at a webhook and reads them. Usage: python3 webhook.py http://127.0.0.1:8080/webhook/SECRET"""

import json
import platform
import sys
import urllib.error
import urllib.parse
import urllib.request


def call(body=None, query="", **headers):
    request = urllib.request.Request(sys.argv[1] + query, body, headers)
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def same(what, expected, found):
    if found != expected:
        sys.exit(f"python: {what} is {found!r} and not {expected!r}")


person = {"name": "Zoë Python - Smith & <Sons>", "email": "zoe@python.example", "categories": ["Fair", "Press"]}
lead = person | {"name": "Max Python", "email": "max@python.example", "value": 1234.5, "probability": ".25", "moreinfo": ""}
message = {"title": "Python", "body": "Grüße\n[association:Zoë Python - Smith & <Sons>]"}
same("the answer to a person", b"Success", call(json.dumps(person).encode(), **{"Content-Type": "application/json"}))
same("the answer to a lead", b"Success", call(urllib.parse.urlencode({"json": json.dumps(lead)}).encode()))
same("the answer to a message", b"Success", call(urllib.parse.urlencode(message).encode()))
found = json.loads(call(query="?searchpeople=true&search=zoe%20python"))
same("who is found", [person["name"]], [each["name"] for each in found])
same("their categories", "Fair\nPress", found[0]["categories"])
found = json.loads(call(urllib.parse.urlencode({"search": "max python"}).encode()))
same("the lead", ("lead", "1234.5000", "0.2500"), tuple(found[0][key] for key in ("type", "value", "probability")))
try:
    call(b"city=Ulm")
    sys.exit("python: a person without a name is made")
except urllib.error.HTTPError as error:
    same("the status of a refusal", 400, error.code)
print(f"python {platform.python_version()}: 3 left, 2 read back with json")
