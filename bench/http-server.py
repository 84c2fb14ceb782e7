#!/usr/bin/env python3
"""The HTTP server: what it answers a second and how long that takes, with 10,000 idle connections too; its idle memory and
its start.

usage: http-server.py [--rounds N] [--requests N] [--idle N] [--tiny]
The library is Debian's three manuals. Requests are sent by one program (load.cc) on kept connections, each with one under
way: health, search (200 questions in turn), a question whose answer is kept. The peer is aiohttp with
LlamaIndex over the same manuals, with the same model; rounds are interleaved. Idle connections have had one answer each.
Memory is the PSS of the server's own process, without its engine; start is from exec to "listening on".
"""
import argparse
import json
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.parse

from figures import BENCH, BINARY, ROOT, Figures, median_with_interval, peer_python, progress
from harness import manuals
from server import PEER, QUESTION, Server, memory, ours

LOAD = BENCH / "load"
SEARCHES = 200  # Different ones: each has to be embedded.


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def post(path, body):
    text = json.dumps(body)
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(text.encode())}\r\n\r\n{text}")


def searches():
    questions = [f"{QUESTION[:-1]} by {way}, part {number}?" for number in range(SEARCHES // 4)
                 for way in ("mail", "hand", "script", "phone")]
    return [get("/api/search?q=" + urllib.parse.quote(question)) for question in questions]


def port_of(server):
    return server.address.rsplit(":", 1)[1].strip("/")


def loading(server, given, requests, connections):
    running = subprocess.Popen([LOAD, "request", port_of(server), str(requests), str(connections)], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdin.write("\0".join(given))
    running.stdin.close()
    return running


def loaded(running):
    out, error = running.stdout.read(), running.stderr.read()
    if running.wait() != 0:
        raise SystemExit(f"load: {out}{error}")
    return json.loads(out)


def rates(figures, server, peer, a):
    for name, request, requests, at_peer in (("health", [get("/health/live")], a.requests, True),
                                             ("search", searches(), max(16, a.requests // 20), True),
                                             ("a kept answer", [post("/api/ask", {"question": QUESTION})], a.requests // 4, False)):
        theirs, mine = [], []
        for _ in range(a.rounds):
            mine.append(loaded(loading(server, request, requests, 16)))
            if peer and at_peer:
                theirs.append(loaded(loading(peer, request, max(16, requests // (4 if name == "health" else 20)), 16)))
        for key, unit in (("requests_per_second", "/s"), ("p50_us", "µs"), ("p99_us", "µs")):
            middle, low, high = median_with_interval([run[key] for run in mine])
            beside = median_with_interval([run[key] for run in theirs])[0] if theirs else None
            what = {"requests_per_second": "16 connections", "p50_us": "p50", "p99_us": "p99"}[key]
            figures.add(f"{name}, {what} ({low:,.0f} to {high:,.0f})", unit, middle, beside)


def connect(server, count):
    """Connections that have had one answer each."""
    out = []
    for _ in range(count):
        one = socket.create_connection(("127.0.0.1", int(port_of(server))))
        one.sendall(get("/health/live").encode())
        while not one.recv(65536).endswith(b"}"):
            pass
        out.append(one)
    return out


def many(figures, server, peer, a):
    added = {}
    for name, one in (("ours", server), ("peer", peer)):
        if one is None:
            continue
        before = memory(one.process.pid)[0][0]
        connections = connect(one, a.idle)
        if name == "ours":
            active = loading(one, searches(), 10_000_000, 100)
            probes = [loaded(loading(one, [get("/health/live")], 50, 1)) for _ in range(2 if a.tiny else 20)]
            if active.poll() is not None:
                raise SystemExit(f"the searching connections ended: {active.stderr.read()}")
            worst, low, high = median_with_interval([run["p99_us"] / 1000 for run in probes])
            figures.add(f"health beside {a.idle} idle and 100 searching connections, p99 ({low:.2g} to {high:.2g})", "ms", worst,
                        None, "<= 50", None if a.tiny else worst <= 50)
        added[name] = memory(one.process.pid)[0][0] - before
        if name == "ours":
            active.kill()
            active.wait()
        for connection in connections:
            connection.close()
    grown = added["ours"]
    figures.add(f"{a.idle} idle connections (ours with 100 searching ones): more memory", "MiB", max(grown, 0.001), added.get("peer"),
                "<= 200", None if a.tiny else grown <= 200)


def first_bytes(figures, server, a):
    """Of an answer as a stream, none of which is kept: the first byte, and the first words."""
    byte, words = [], []
    for number in range(5 if a.tiny else 40):
        body = {"model": "docmind", "stream": True,
                "messages": [{"role": "user", "content": f"{QUESTION[:-1]} number {number}?"}]}
        with socket.create_connection(("127.0.0.1", int(port_of(server)))) as one:
            start = time.perf_counter()
            one.sendall(post("/v1/chat/completions", body).encode())
            got = one.recv(65536)
            byte.append(1000 * (time.perf_counter() - start))
            while b'"content":"' not in got.replace(b'"content":""', b""):
                piece = one.recv(65536)
                if not piece:
                    raise SystemExit(f"no words came: {got}")
                got += piece
            words.append(1000 * (time.perf_counter() - start))
    for name, values in (("first byte", byte), ("first words, each checked", words)):
        middle, low, high = median_with_interval(values)
        figures.add(f"{name} of an answer as a stream ({low:.3g} to {high:.3g})", "ms", middle)


def idle(figures, server, started, a):
    """Of a server that nobody has asked anything."""
    middle, low, high = median_with_interval(started)
    figures.add(f"start ({low:.3f} to {high:.3f})", "s", middle, None, "<= 0.3", None if a.tiny else middle <= 0.3)
    time.sleep(1)
    pss = memory(server.process.pid)[0][0]
    figures.add("idle memory", "MiB", pss, None, "<= 60", None if a.tiny else pss <= 60)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--idle", type=int, default=10_000)
    parser.add_argument("--tiny", action="store_true")
    a = parser.parse_args()
    if a.tiny:
        a.rounds, a.requests, a.idle = 1, 40, 50
    figures = Figures("http-server")
    with tempfile.TemporaryDirectory(prefix="docmind-http-") as folder:
        work = pathlib.Path(folder)
        documents = [ROOT / "README.md"] if a.tiny else manuals(work / "pdf")
        subprocess.run([BINARY, "--data", work / "data", "ingest", *documents], check=True, capture_output=True)
        peer = None
        if not a.tiny:
            subprocess.run([peer_python(), PEER, work / "store", "--build", work / "pdf"], check=True, stderr=subprocess.DEVNULL)
            peer = Server([peer_python(), PEER, work / "store"])
        started = []
        for _ in range(a.rounds - 1):
            one = ours(work / "data")
            started.append(one.listening)
            one.stop()
        server = ours(work / "data")
        try:
            idle(figures, server, [*started, server.listening], a)
            progress("the library is there")
            rates(figures, server, peer, a)
            many(figures, server, peer, a)
            first_bytes(figures, server, a)
        finally:
            server.stop()
            if peer:
                peer.stop()
    figures.finish()


if __name__ == "__main__":
    main()
