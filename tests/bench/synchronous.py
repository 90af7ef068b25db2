#!/usr/bin/env python3
"""What it costs that SQLite waits for the disk: createPerson a second with sqlite.synchronous=FULL and NORMAL, in turns.

    tests/bench/synchronous.py [CAIRN [FOLDER [REQUESTS]]]

CAIRN is target/release/cairn by default. FOLDER is where the databases are made; the disk that it is on is what is measured. Both are
served at once, and take turns, five rounds of REQUESTS (200) each, by one client and by eight at once; the medians count.
"""
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

cairn = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2] / "target/release/cairn")
folder = sys.argv[2] if len(sys.argv) > 2 else "."
requests = int(sys.argv[3]) if len(sys.argv) > 3 else 200
create = "mutation($input: CreatePersonInput!) { createPerson(input: $input) { person { id } } }"


def post(connection, query, variables, token=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    connection.request("POST", "/graphql", json.dumps({"query": query, "variables": variables}), headers)
    answer = json.load(connection.getresponse())
    assert "errors" not in answer, answer
    return answer["data"]


class Served:
    def __init__(self, synchronous, path):
        environment = os.environ | {
            "CAIRN_DATABASE": f"sqlite://{path}/{synchronous}.db",
            "CAIRN_SQLITE__SYNCHRONOUS": synchronous,
            "CAIRN_LOG": "error",
        }
        account = ["account", "create", "bench", "--name", "Bench", "--email", "bench@example.com", "--password-stdin"]
        subprocess.run([cairn, *account], input=b"a bench password\n", env=environment, check=True, stdout=subprocess.DEVNULL)
        serve = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]
        self.process = subprocess.Popen([cairn, *serve], env=environment, stdout=subprocess.PIPE, text=True)
        self.address = re.search(r"http://([0-9.:]+)", self.process.stdout.readline())[1]
        login = "mutation($input: LoginInput!) { login(input: $input) { accessToken } }"
        credentials = {"input": {"email": "bench@example.com", "password": "a bench password"}}
        connection = http.client.HTTPConnection(self.address)
        self.token = post(connection, login, credentials)["login"]["accessToken"]
        self.rates = {}

    def round(self, clients):
        def work(client):
            connection = http.client.HTTPConnection(self.address)
            for number in range(requests // clients):
                person = {"name": f"Person {client} {number}", "email": f"{time.time_ns()}@{client}.example"}
                post(connection, create, {"input": person}, self.token)

        began = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            list(pool.map(work, range(clients)))
        taken = time.perf_counter() - began
        self.rates.setdefault(clients, []).append(requests // clients * clients / taken)


with tempfile.TemporaryDirectory(dir=folder) as path:
    served = {name: Served(name, path) for name in ["FULL", "NORMAL"]}
    try:
        for turn in range(5):
            for clients in [1, 8]:
                for one in served.values() if turn % 2 else reversed(served.values()):
                    one.round(clients)
        for clients in [1, 8]:
            full, normal = (statistics.median(one.rates[clients]) for one in served.values())
            print(f"{clients} clients: FULL {full:6.0f}/s  NORMAL {normal:6.0f}/s  FULL is {full / normal:.2f} of NORMAL")
    finally:
        for one in served.values():
            one.process.terminate()
            one.process.wait()
