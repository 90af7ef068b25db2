#!/usr/bin/env python3
"""Whether the time of a refusal tells who exists: wrong passwords of users and of nobody, at a running Cairn.

    tests/bench/sign_in_time.py http://127.0.0.1:8080 known@example.com [ROUNDS]

Each round sends one wrong password for the known address and one for an unknown one, in turn, each from an address of its own, so that
neither is slowed down: start Cairn with CAIRN_TRUSTED_PROXIES=127.0.0.1. As an e-mail address is slowed after 30 failures an hour
from anywhere, 30 rounds are the most; restart with an empty table of attempts for more. Prints the medians in milliseconds, how far
they are apart, and the spread (the median distance from the median) that this has to be held against.
"""
import statistics
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

base, known = sys.argv[1], sys.argv[2]
rounds = min(int(sys.argv[3]) if len(sys.argv) > 3 else 28, 28)


def refused(email, address):
    form = {"login_email": email, "login_password": f"wrong {time.time_ns()}", "get": "people"}
    request = urllib.request.Request(f"{base}/api.php", urllib.parse.urlencode(form).encode())
    request.add_header("X-Forwarded-For", address)
    began = time.perf_counter()
    with urllib.request.urlopen(request) as answer:
        answer.read()
        taken = (time.perf_counter() - began) * 1000
        assert answer.headers["X-Cairn-Code"] == "UNAUTHENTICATED", answer.headers
    return taken


# The first unknown user costs a hash that is kept.
refused(f"first{time.time_ns()}@example.com", "198.18.0.1")
times = {known: [], "nobody": []}
for number in range(rounds):
    address = f"198.18.{time.time_ns() % 200 + 1}.{number + 1}"
    pair = [(known, known), ("nobody", f"nobody{time.time_ns()}@example.com")]
    for name, email in pair if number % 2 else reversed(pair):
        times[name].append(refused(email, address))
medians = {name: statistics.median(values) for name, values in times.items()}
for name, values in times.items():
    spread = statistics.median(abs(value - medians[name]) for value in values)
    print(f"{name:24} median {medians[name]:7.2f} ms  spread {spread:6.2f} ms  {len(values)} requests")
print(f"apart by {abs(medians[known] - medians['nobody']):.2f} ms")
