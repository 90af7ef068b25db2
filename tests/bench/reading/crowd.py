"""Asks a server for little while twelve others ask for much; tests/bench/reading.sh starts the server."""

import base64
import json
import pathlib
import statistics
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection

ADDRESS, SERVER, PEOPLE, SECONDS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
CROWD = 12
P99_MS, MEMORY_MB = 1_000, 300
SMALL = "{ people(first: 10) { nodes { id displayName email } } }"


def words(count):
    return " ".join(f"-{chr(97 + n // 26)}{chr(97 + n % 26)}q" for n in range(count))


def many(count, part):
    return " ".join(part(n) for n in range(count))


# Each costs a little less than the limit.
DEAR = {
    "a count without 32 words": ("query($s: String) { people(view: { search: $s }) { totalCount } }", words(32)),
    "40 counts without a word": (
        "query($s: String) { " + many(40, lambda n: f"c{n}: people(view: {{ search: $s }}, first: 1) {{ totalCount }}") + " }",
        words(1),
    ),
    "190 counts of a search": (
        "query($s: String!) { search(query: $s) { " + many(190, lambda n: f"c{n}: people(first: 1) {{ totalCount }}") + " } }",
        "person",
    ),
    "1,600 nested pages of one": (
        "query($s: String) { people(view: { search: $s }, first: 200) { nodes { "
        + many(8, lambda n: f"p{n}: transactions(first: 1) {{ nodes {{ id }} }}")
        + " } } }",
        "",
    ),
    "200 people with all their fields": (
        "query($s: String) { people(view: { search: $s }, first: 200) { nodes { "
        + many(12, lambda n: f"a{n}: notes b{n}: displayName c{n}: address d{n}: email ")
        + " categories { id name } customValues { value } labels { name } } } }",
        "",
    ),
}


def post(connection, query, token, search=None):
    """Milliseconds and the code of the answer."""
    body = json.dumps({"query": query, "variables": {"s": search}})
    begun = time.perf_counter()
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    connection.request("POST", "/graphql", body, headers)
    answer = json.loads(connection.getresponse().read())
    taken = (time.perf_counter() - begun) * 1000
    code = (answer.get("errors") or [{}])[0].get("extensions", {}).get("code")
    return taken, code, answer


def login():
    mutation = 'mutation { login(input: { email: "bench@example.com", password: "a bench password" }) { accessToken } }'
    return post(HTTPConnection(ADDRESS), mutation, None)[2]["data"]["login"]["accessToken"]


def fill(token):
    note = "Met at the fair and wants a call. " * 60
    rows = (f"Person {n},Company {n % 997},p{n}@example.com,City {n % 499},{note}{n},1000" for n in range(PEOPLE))
    body = "name,company,email,city,notes,value\n" + "\n".join(rows)
    connection = HTTPConnection(ADDRESS, timeout=900)
    credentials = base64.b64encode(b"bench@example.com:a bench password").decode()
    connection.request("POST", "/import/leads?format=csv", body.encode(), {"authorization": f"Basic {credentials}"})
    receipt = json.loads(connection.getresponse().read())
    assert receipt.get("created") == PEOPLE, f"{receipt.get('created')} of {PEOPLE} people were made"


def memory():
    status = pathlib.Path(f"/proc/{SERVER}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon"))) / 1024


def measure(query, search, token):
    """The latencies of the small query, the peak of memory, and the codes of the dear ones with their longest time."""
    ended, codes, times = threading.Event(), Counter(), []

    def ask():
        connection = HTTPConnection(ADDRESS, timeout=120)
        while not ended.is_set():
            taken, code, _ = post(connection, query, token, search)
            codes[str(code)] += 1
            times.append(taken)

    crowd = [threading.Thread(target=ask) for _ in range(CROWD)]
    for asking in crowd:
        asking.start()
    connection, small, peak = HTTPConnection(ADDRESS, timeout=120), [], 0
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        taken, code, answer = post(connection, SMALL, token)
        assert code is None, answer
        small.append(taken)
        peak = max(peak, memory())
        time.sleep(0.02)
    ended.set()
    for asking in crowd:
        asking.join()
    return sorted(small), peak, codes, max(times)


def main():
    token = login()
    if PEOPLE:
        fill(token)
    if not SECONDS:
        return
    missed = []
    alone = sorted(post(HTTPConnection(ADDRESS), SMALL, token)[0] for _ in range(100))
    print(f"{'alone':36} small: median {statistics.median(alone):7.1f}  p99 {alone[98]:8.1f} ms  {memory():6.0f} MB")
    for name, (query, search) in DEAR.items():
        small, peak, codes, longest = measure(query, search, token)
        p99 = small[min(len(small) - 1, len(small) * 99 // 100)]
        print(
            f"{name:36} small: median {statistics.median(small):7.1f}  p99 {p99:8.1f} ms of {len(small):4}  {peak:6.0f} MB"
            f"  dear: {longest:8.1f} ms at most, {dict(codes)}",
            flush=True,
        )
        if "LIMITED" in codes:
            missed.append(f"{name}: it is refused, and so no dear one")
        if p99 > P99_MS:
            missed.append(f"{name}: p99 {p99:.0f} ms")
        if peak > MEMORY_MB:
            missed.append(f"{name}: {peak:.0f} MB")
    print("\n" + ("\n".join(["Missed:", *missed]) if missed else "All aims were met."))
    sys.exit(bool(missed))


main()
