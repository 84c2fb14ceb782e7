#!/usr/bin/env python3
"""The cache server beside Redis: GET and SET on kept connections, the same load from the same program (load.cc).

Redis runs as it comes (a snapshot now and then), as the target has it, and beside it with what promises the same as
ours: its append-only file, written before it answers and synced every second, survives a kill. Ours commits every SET to its file before it
answers, as it always does. Rounds are interleaved; figures are medians. --connections N (default 64), --requests N a
run, --bytes N a value, --rounds N; --tiny: one small run without the peer. Also: SET into a full cache, the start with a
warm file, what compression saves, what making room takes.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request

from figures import BENCH, BINARY, ROOT, Figures, median_with_interval, progress

LOAD = BENCH / "load"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url):
    with OPENER.open(url, timeout=60) as reply:
        return reply.read()


class Ours:
    kind = "http"

    def __init__(self, folder, *settings):
        self.started = time.perf_counter()
        sets = [word for one in settings for word in ("--set", one)]
        self.process = subprocess.Popen([BINARY, "--data", folder, *sets, "cache-server", "--port", "0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().split()[-1]
        self.port = self.address.rsplit(":", 1)[1]
        get(self.address + "/health")
        self.up = time.perf_counter() - self.started

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Redis:
    kind = "redis"

    def __init__(self, folder, *settings):
        folder.mkdir()
        program = shutil.which("redis-server") or "/usr/bin/redis-server"
        with subprocess.Popen(["/usr/bin/python3", "-c", "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); "
                               "print(s.getsockname()[1])"], stdout=subprocess.PIPE, text=True) as free:
            self.port = free.stdout.read().strip()
        self.process = subprocess.Popen([program, "--port", self.port, "--bind", "127.0.0.1",
                                         "--dir", folder, *settings], stdout=subprocess.DEVNULL)
        for _ in range(500):
            if subprocess.run([LOAD, "redis", self.port, "set", "1", "1", "1", "1"], capture_output=True).returncode == 0:
                return
            time.sleep(0.01)
        raise SystemExit("redis-server does not start; is the Debian package installed? ./dev setup does it")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def load(server, what, a, connections=None):
    ran = subprocess.run([LOAD, server.kind, server.port, what, str(a.requests), str(connections or a.connections),
                          str(a.keys), str(a.bytes)], capture_output=True, text=True)
    if ran.returncode != 0:
        raise SystemExit(f"{server.kind} {what}: {ran.stdout}{ran.stderr}")
    return json.loads(ran.stdout)


def rounds(figures, servers, a):
    """Rates and latencies of all servers, beside each other; the first is ours, the second the one of the target."""
    for what in ("get", "set"):
        runs = {name: [] for name in servers}
        for _ in range(a.rounds):
            for name, server in servers.items():
                runs[name].append(load(server, what, a))
        median = lambda name, key: median_with_interval([run[key] for run in runs[name]])[0]
        ours, *peers = servers
        label = f"{what}, {a.connections} connections"
        rate = median(ours, "requests_per_second")
        if not peers:
            figures.add(label, "/s", rate)
        for peer in peers:
            target = peer == peers[0]
            beside = median(peer, "requests_per_second")
            figures.add(f"{label}, beside {peer}", "/s", rate, beside, ">= 0.5 of it" if target else None,
                        rate >= 0.5 * beside if target else None)
            figures.add(f"{label}, beside {peer}: p99", "us", median(ours, "p99_us"), median(peer, "p99_us"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--keys", type=int, default=10_000)
    parser.add_argument("--bytes", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tiny", action="store_true")
    a = parser.parse_args()
    if a.tiny:
        a.requests, a.keys, a.rounds, a.connections = 2_000, 100, 1, 8
    figures = Figures("cache-server")
    with tempfile.TemporaryDirectory(prefix="docmind-bench-") as folder:
        folder = pathlib.Path(folder)
        os.environ["XDG_RUNTIME_DIR"] = str(folder)
        servers = {"ours": Ours(folder / "rounds")}
        if not a.tiny:
            servers["Redis"] = Redis(folder / "redis")
            servers["Redis, append-only file"] = Redis(folder / "aof", "--appendonly", "yes", "--appendfsync", "everysec")
        for server in servers.values():
            load(server, "fill", a)
        progress("filled")
        rounds(figures, servers, a)
        for server in servers.values():
            server.stop()

        # A full file: its start, its room, its compression.
        a.keys, a.bytes = (200, 4096) if a.tiny else (100_000, 1024)
        warm = Ours(folder / "warm")
        load(warm, "fill", a)
        stats = json.loads(get(warm.address + "/stats"))
        figures.add("compression, of text without sense", "x", stats["compression_ratio"])
        warm.stop()
        starts = []
        for _ in range(1 if a.tiny else 5):
            warm = Ours(folder / "warm")
            starts.append(warm.up)
            warm.stop()
        up = median_with_interval(starts)[0]
        figures.add(f"start with {a.keys:,} entries in the file", "s", up, None, None if a.tiny else "< 0.5 s",
                    None if a.tiny else up < 0.5)
        small = Ours(folder / "small", "cache_server.max_entries=" + str(a.keys // 2))
        filled = load(small, "fill", a)
        figures.add("set, with every second one making room", "/s", filled["requests_per_second"])
        stats = json.loads(get(small.address + "/stats"))
        small.stop()
        figures.add("making room: p99", "us", stats["eviction_p99_seconds"] * 1e6)
        assert stats["entries"] <= a.keys // 2 and stats["evicted"] >= a.keys // 2, stats
    figures.finish()


if __name__ == "__main__":
    main()
