#!/usr/bin/env python3
"""Fills the demo of a running Cairn with a bit of everything that a migration may meet, and prints what it answers afterwards.

    fill.py http://127.0.0.1:8080 > before.json

`make.sh` beside this calls it. It needs Python alone.
"""

import base64
import json
import sys
import urllib.error
import urllib.request

BASE = sys.argv[1]
EMAIL, PASSWORD = "demo@example.com", "demo-password"
BASIC = "Basic " + base64.b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()

PEOPLE = (
    "name,company,email,phone,notes,categories,Shoe size,Likes\n"
    "Ada Upgrade,Analytical,ada@upgrade.example,+1 555 0100,first,Upgrade ::: Old,39.5,tea\n"
    "Bob Upgrade,,bob@upgrade.example,,,Upgrade,44,coffee\n"
    "Cyd Upgrade,Dance,,+1 555 0102,,,,\n"
    ",,,,nobody,,,\n"
)
MERGED = "name,email,phone,title,Likes\nAda Upgrade,ada@upgrade.example,+1 555 9999,Countess,coffee\nBob Upgrade,bob@upgrade.example,+1 555 0101,Clerk,\n"
LEADS = (
    "name,email,value,probability,moreInfo,categories\n"
    "Dora Upgrade,dora@upgrade.example,5000.25,0.5,a lead,Upgrade\n"
    "Ada Upgrade,ada@upgrade.example,12.5,0.25,of a known person,\n"
)
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Somebody//Else//EN
BEGIN:VEVENT
UID:one@upgrade.example
DTSTART;TZID=Europe/Vienna:20260302T090000
DTEND;TZID=Europe/Vienna:20260302T100000
RRULE:FREQ=WEEKLY;COUNT=4
SUMMARY:Standup
END:VEVENT
BEGIN:VEVENT
UID:two@upgrade.example
DTSTART;VALUE=DATE:20260504
SUMMARY:Day off
DESCRIPTION:all day
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def send(method, path, body=None, content_type="text/plain", headers=None):
    request = urllib.request.Request(BASE + path, data=body, method=method)
    request.add_header("Authorization", BASIC)
    if body is not None:
        request.add_header("Content-Type", content_type)
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


def graphql(document, /, **variables):
    answer = json.loads(send("POST", "/graphql", json.dumps({"query": document, "variables": variables}).encode(), "application/json"))
    if "errors" in answer:
        sys.exit(f"{document}: {answer['errors']}")
    return answer["data"]


def mutate(name, result, /, **values):
    kind = name[0].upper() + name[1:] + "Input"
    return graphql(f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {result} }} }}", input=values)[name]


def bring(section, text, **options):
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return json.loads(send("POST", f"/import/{section}?{query}", text.encode()))


def main():
    mutate("createCustomField", "customField { id }", target="PERSON", name="Shoe size", type="NUMBER")
    mutate("createCustomField", "customField { id }", target="PERSON", name="Likes", type="CHOICE", options=["tea", "coffee"])
    mutate("createCustomField", "customField { id }", target="TRANSACTION", name="Signed", type="DATE")

    first = bring("people", PEOPLE, format="csv")
    assert (first["created"], first["failed"]) == (3, 1), first
    merged = bring("people", MERGED, format="csv", duplicates="replace")
    assert merged["updated"] == 2, merged
    leads = bring("leads", LEADS, format="csv", duplicates="merge")
    assert leads["created"] == 2, leads
    calendar = bring("calendar", CALENDAR, format="icalendar")
    assert calendar["created"] == 2, calendar
    undone = bring("people", "name,email\nEve Undone,eve@upgrade.example\n", format="csv")
    send("POST", f"/imports/{undone['id']}/undo", b"")
    redone = bring("people", "name,email\nFay Redone,fay@upgrade.example\n", format="csv")
    send("POST", f"/imports/{redone['id']}/undo", b"")
    send("POST", f"/imports/{redone['id']}/redo", b"")
    planned = bring("people", "name,email\nGus Planned,gus@upgrade.example\n", format="csv", mode="plan")

    ada = graphql('{ people(view: {search: "ada@upgrade.example"}) { nodes { id version } } }')["people"]["nodes"][0]
    mutate("updatePerson", "person { id }", id=ada["id"], notes="edited since")
    gone = mutate("createPerson", "person { id }", name="In The Trash", email="trash@upgrade.example")["person"]["id"]
    mutate("deletePerson", "deletedId", id=gone)
    event = mutate("createEvent", "event { id }", title="Call Ada", startsAt="2026-06-01T10:00:00Z", associations=[ada["id"]])["event"]["id"]
    message = mutate("createMessage", "message { id }", title="Hello", body="Dear Ada\nyours", associations=[ada["id"]])["message"]["id"]
    label = mutate("createLabel", "label { id }", name="upgrade-star")["label"]["id"]
    mutate("addLabel", "labels { id }", items=[ada["id"], event, message], labels=["upgrade-star"])
    assert label
    transaction = graphql('{ transactions(stage: LEAD, view: {search: "dora@upgrade.example"}) { nodes { id } } }')["transactions"]["nodes"][0]["id"]
    mutate("moveTransaction", "transaction { id }", id=transaction, stage="OPPORTUNITY")
    template = mutate("createEventTemplate", "eventTemplate { id }", name="Upgrade series", items=[{"title": "Ask again", "offset": "+1 Week"}])
    mutate("fireEventTemplate", "eventCount", template=template["eventTemplate"]["id"], on={"person": ada["id"]})
    mutate("createUser", "user { id }", name="Rae Reader", email="rae@upgrade.example", password="a good password", role="READER")
    feed = mutate("createFeed", "url", name="Everything", section="calendar", format="icalendar")
    webhook = mutate("createWebhook", "url", name="Forms")
    token = mutate("createApiToken", "token", name="upgrade")
    send("POST", "/api.php", b"login_email=demo%40example.com&login_password=demo-password&create=lead&name=Old+Script&email=old%40upgrade.example", "application/x-www-form-urlencoded")

    answers = {
        "feed": feed["url"][feed["url"].index("/feeds/"):],
        "webhook": webhook["url"][webhook["url"].index("/webhook/"):],
        "token": token["token"],
        "planned": planned["id"],
        "merged": merged["id"],
        "undone": undone["id"],
        "redone": redone["id"],
    }
    # What must answer the same after every migration.
    answers["exports"] = {
        section: json.loads(send("GET", f"/export/{section}.json"))
        for section in ("people", "leads", "opportunities", "customers", "archives", "calendar", "messages")
    }
    answers["receipts"] = {
        name: json.loads(send("GET", f"/imports/{receipt['id']}"))
        for name, receipt in (("first", first), ("merged", merged), ("leads", leads), ("calendar", calendar), ("undone", undone), ("redone", redone), ("planned", planned))
    }
    answers["undo"] = json.loads(send("POST", f"/imports/{merged['id']}/undo?preview=1", b""))
    json.dump(answers, sys.stdout, ensure_ascii=False, indent=0, sort_keys=True)


main()
