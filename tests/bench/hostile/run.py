"""Sends the rows of the tables to a server and prints what each took; tests/bench/hostile.sh starts the server.

A table is a module beside this one with a list ROWS of dictionaries: `name`; `query` and perhaps `variables`, of a GraphQL request;
`signed_in`, whether it bears a token; `code`, that of the first error, or None; `refused`, whether it must be answered within 50 ms.
"""

import importlib
import json
import pathlib
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

ADDRESS, ADMIN, SERVER = sys.argv[1:4]
HERE = pathlib.Path(__file__).parent
TABLES = sys.argv[4:] or sorted(path.stem for path in HERE.glob("*.py") if path.stem != "run")
IN_A_ROW, AT_ONCE, CLIENTS = 10, 40, 8
REFUSAL_MS, MEMORY_MB, LIVE_MS = 50, 300, 100


def post(body, token):
    """Milliseconds and the answer of one request."""
    connection = HTTPConnection(ADDRESS, timeout=120)
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    begun = time.perf_counter()
    connection.request("POST", "/graphql", body, headers)
    answer = connection.getresponse().read()
    taken = (time.perf_counter() - begun) * 1000
    connection.close()
    return taken, json.loads(answer)


class Watch:
    """Samples the memory of the server, and asks whether it is alive, until it is left."""

    def __enter__(self):
        self.peak = self.live = 0.0
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=work) for work in (self.weigh, self.ask)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def weigh(self):
        while not self.ended.wait(0.005):
            status = pathlib.Path(f"/proc/{SERVER}/status").read_text()
            kib = next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon"))
            self.peak = max(self.peak, int(kib) / 1024)

    def ask(self):
        while not self.ended.wait(0.01):
            begun = time.perf_counter()
            connection = HTTPConnection(ADMIN, timeout=120)
            connection.request("GET", "/live")
            connection.getresponse().read()
            connection.close()
            self.live = max(self.live, (time.perf_counter() - begun) * 1000)


def code_of(answer):
    errors = answer.get("errors") or [{}]
    return errors[0].get("extensions", {}).get("code")


def run(row, token):
    """Prints the line of a row and returns the aims that it missed."""
    body = json.dumps({"query": row["query"], "variables": row.get("variables", {})}).encode()
    token = token if row["signed_in"] else None
    with Watch() as watch:
        single = [post(body, token) for _ in range(IN_A_ROW)]
        with ThreadPoolExecutor(CLIENTS) as clients:
            together = list(clients.map(lambda _: post(body, token), range(AT_ONCE)))
    median, longest = statistics.median(taken for taken, _ in single), max(taken for taken, _ in single)
    crowded = max(taken for taken, _ in together)
    codes = {code_of(answer) for _, answer in single + together}
    print(
        f"{row['name']:46} {len(body) / 1024:7.1f} KiB  {median:7.1f} {longest:7.1f} {crowded:8.1f} ms  "
        f"{watch.peak:6.0f} MB  /live {watch.live:6.1f} ms  {', '.join(sorted(map(str, codes)))}",
        flush=True,
    )
    missed = []
    if codes - {row["code"], "UNAVAILABLE"}:
        missed.append(f"answered {codes}, not {row['code']}")
    if row["refused"] and median > REFUSAL_MS:
        missed.append(f"refused after {median:.0f} ms")
    if watch.peak > MEMORY_MB:
        missed.append(f"{watch.peak:.0f} MB")
    if watch.live > LIVE_MS:
        missed.append(f"/live after {watch.live:.0f} ms")
    return [f"{row['name']}: {what}" for what in missed]


def main():
    login = 'mutation { login(input: { email: "bench@example.com", password: "a bench password" }) { accessToken } }'
    token = post(json.dumps({"query": login}).encode(), None)[1]["data"]["login"]["accessToken"]
    missed = []
    for table in TABLES:
        print(f"\n{table}: request, median, longest, longest of {CLIENTS} at once, RssAnon, /live, code")
        for row in importlib.import_module(table).ROWS:
            missed += run(row, token)
    print("\n" + ("\n".join(["Missed:", *missed]) if missed else "All aims were met."))
    sys.exit(bool(missed))


main()
