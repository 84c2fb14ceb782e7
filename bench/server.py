#!/usr/bin/env python3
"""Start of `docmind serve` and its idle memory, on an empty data directory and on the three Debian manuals.

--runs N: starts of each (default 9; the peer's, interleaved, a third of them). --tiny: one start, README, no peer; what
CI runs. Start is from exec to the line "listening on" and to 200 from /health/ready, which includes the model. Memory is
the sum of PSS of the server and of its engine. The peer is a server of LlamaIndex and aiohttp with the same model and
the same manuals (bench/peers/server.py), ready when it listens.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from figures import BINARY, ROOT, Figures, median_with_interval, peer_python
from harness import manuals

QUESTION = "How do I report a bug in a package?"
PEER = pathlib.Path(__file__).parent / "peers" / "server.py"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def status(url):
    try:
        with OPENER.open(url, timeout=60) as reply:
            reply.read()
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


def family(pid):
    """The process and all it started."""
    out = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            out += family(int(child))
    return out


def memory(pid):
    """(PSS, RSS) in MiB of each process of the family; RSS counts pages of the shared binary in each of them."""
    out = []
    for one in family(pid):
        rows = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()[1:])
        out.append(tuple(int(rows[key].split()[0]) / 1024 for key in ("Pss", "Rss")))
    return out


class Server:
    """Started; `listening` and `ready` are seconds from exec."""

    def __init__(self, command):
        start = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().split()[-1]
        self.listening = self.ready = time.perf_counter() - start
        self.start = start

    def wait_ready(self):
        while status(self.address + "/health/ready") != 200:
            time.sleep(0.001)
        self.ready = time.perf_counter() - self.start
        return self

    def ask(self, kind):
        if kind == "ask":
            request = urllib.request.Request(self.address + "/api/ask", json.dumps({"question": QUESTION, "cache": "bypass"}).encode(),
                                             {"Content-Type": "application/json"})
            OPENER.open(request, timeout=60).read()
        else:
            OPENER.open(self.address + "/api/search?q=" + urllib.parse.quote(QUESTION), timeout=60).read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.process.stdout.close()


def ours(data):
    return Server([BINARY, "--data", data, "serve", "--port", "0"]).wait_ready()


def seconds(figures, what, runs, peer_runs=(), target=None):
    """One figure of a start; the interval stands in its name."""
    middle, low, high = median_with_interval(runs)
    peer = median_with_interval(peer_runs)[0] if peer_runs else None
    met = middle <= target if target else None
    figures.add(f"{what} ({low:.3f} to {high:.3f})", "s", middle, peer, f"<= {target}" if target else None, met)


def measure_memory(figures, where, server, ask):
    """A second after it is ready (the index loads then), and a second after a question."""
    time.sleep(1)
    parts = memory(server.process.pid)
    figures.add(f"{where}: idle, server's PSS (RSS {parts[0][1]:.0f})", "MiB", parts[0][0])
    for pss, rss in parts[1:]:
        figures.add(f"{where}: idle, engine's PSS (RSS {rss:.0f})", "MiB", pss)
    if not ask:
        return sum(pss for pss, _ in parts)
    server.ask("ask")
    time.sleep(1)
    return sum(pss for pss, _ in memory(server.process.pid))


def starts(figures, where, data, store, arguments):
    runs, peers, peer_pss = [], [], None
    for run in range(arguments.runs):
        server = ours(data)
        runs.append(server)
        last = run == arguments.runs - 1
        if last:
            total = measure_memory(figures, where, server, ask=store is not None)
        server.stop()
        if not arguments.tiny and run % 3 == 0:
            peer = Server([peer_python(), PEER, store or data / "nothing"])
            peers.append(peer)
            if store:
                peer.ask("search")
                time.sleep(1)
            peer_pss = sum(pss for pss, _ in memory(peer.process.pid))
            peer.stop()
    seconds(figures, f"{where}: start to listening", [r.listening for r in runs], target=None if arguments.tiny else 0.5)
    seconds(figures, f"{where}: start to ready", [r.ready for r in runs], [p.ready for p in peers],
            None if arguments.tiny else 2)
    figures.add(f"{where}: {'after a question' if store else 'idle'}, PSS of both", "MiB", total, peer_pss,
                "<= 1/4 of the peer" if peer_pss else None, total <= peer_pss / 4 if peer_pss else None)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=9)
    arguments.add_argument("--tiny", action="store_true")
    arguments = arguments.parse_args()
    figures = Figures("server")
    with tempfile.TemporaryDirectory(prefix="docmind-bench-") as folder:
        work = pathlib.Path(folder)
        os.environ["XDG_RUNTIME_DIR"] = folder
        if arguments.tiny:
            arguments.runs = 1
            documents = [ROOT / "README.md"]
        else:
            documents = manuals(work / "pdf")
            subprocess.run([peer_python(), PEER, work / "store", "--build", work / "pdf"], check=True,
                           stderr=subprocess.DEVNULL)
        starts(figures, "empty", work / "empty", None, arguments)
        subprocess.run([BINARY, "--data", work / "data", "ingest", *documents, "--json"], check=True, capture_output=True)
        starts(figures, "manuals" if not arguments.tiny else "README", work / "data", work / "store", arguments)
    figures.finish()


if __name__ == "__main__":
    main()
