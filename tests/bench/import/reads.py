"""What others notice of an import: reads.py ADDRESS FILE PID imports people from a CSV file through the server of that process at ADDRESS,
and asks it for the first page of people every 50 ms meanwhile. Prints how long the import took and how long the answers."""

import http.client
import json
import subprocess
import sys
import tempfile
import time

EVERY = 0.05
LOGIN = 'mutation { login(input: { email: "bench@example.com", password: "a bench password" }) { accessToken } }'
PAGE = "{ people(first: 50) { nodes { id name company email phone } } }"


def main():
    address, file, process = sys.argv[1:]
    connection = http.client.HTTPConnection(address, timeout=60)

    def ask(query, **headers):
        body, headers = json.dumps({"query": query}), {"content-type": "application/json", **headers}
        connection.request("POST", "/graphql", body, headers)
        answer = json.loads(connection.getresponse().read())
        if answer.get("errors"):
            raise ValueError(answer["errors"])
        return answer["data"]

    token = {"authorization": "Bearer " + ask(LOGIN)["login"]["accessToken"]}
    assert len(ask(PAGE, **token)["people"]["nodes"]) == 50
    began, times, errors = time.monotonic(), [], 0
    command = ["curl", "--silent", "--fail-with-body", "-H", f"authorization: {token['authorization']}"]
    command += ["-H", "content-type: text/csv", "-T", file, "-X", "POST", f"http://{address}/import/people"]
    # A receipt can be longer than a pipe holds.
    answer = tempfile.TemporaryFile()
    upload = subprocess.Popen(command, stdout=answer)
    while upload.poll() is None:
        asked = time.monotonic()
        try:
            ask(PAGE, **token)
        except (OSError, ValueError, http.client.HTTPException):
            errors += 1
            connection.close()
        times.append(time.monotonic() - asked)
        time.sleep(max(0, asked + EVERY - time.monotonic()))
    seconds = time.monotonic() - began
    answer.seek(0)
    receipt = json.load(answer)
    assert upload.returncode == 0, receipt
    status = dict(line.split(":", 1) for line in open(f"/proc/{process}/status", encoding="utf-8"))
    times.sort()
    place = lambda share: times[min(len(times) - 1, int(len(times) * share))] * 1e3
    print(
        f"{receipt['read']} rows imported in {seconds:.1f} s, {len(times)} pages read meanwhile: "
        f"p50 {place(0.5):.1f} ms, p99 {place(0.99):.1f} ms, max {times[-1] * 1e3:.1f} ms, {errors} errors, "
        f"{int(status['VmHWM'].split()[0]) // 1024} MB"
    )


main()
