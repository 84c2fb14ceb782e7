#!/usr/bin/env python3
"""What many kept answers cost: beginning with 10,000 of them, in the embedded cache, in a Redis beside it and in one that is a
millisecond away; and keeping one more when there are 1,000 and 100,000.

usage: kept-answers.py [--tiny]
"""
import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time

from figures import BENCH, Figures, progress

MILLISECOND_AWAY = 0.0005  # Each way.


@contextlib.contextmanager
def redis(folder):
    """The port of a Redis that keeps nothing."""
    port = free_port()
    server = subprocess.Popen(["/usr/bin/redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
                              stdout=subprocess.DEVNULL)
    try:
        while subprocess.run(["/usr/bin/redis-cli", "-p", str(port), "ping"], capture_output=True).stdout != b"PONG\n":
            time.sleep(0.05)
        yield port
    finally:
        server.kill()
        server.wait()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def far_away(port):
    """The port of what passes everything on to that one, and back, later."""
    loop = asyncio.new_event_loop()

    async def pass_on(reader, writer):
        while piece := await reader.read(1 << 16):
            loop.call_later(MILLISECOND_AWAY, writer.write, piece)
        loop.call_later(MILLISECOND_AWAY, writer.close)

    async def connected(reader, writer):
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, there_writer), pass_on(there_reader, writer), return_exceptions=True)

    server = loop.run_until_complete(asyncio.start_server(connected, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def measured(answers, keeps, *ports):
    with tempfile.TemporaryDirectory(prefix="docmind-kept-") as folder:
        command = [BENCH / "kept_answers", str(answers), str(keeps), folder, *map(str, ports)]
        out = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        progress(answers, ports, out)
        return out


def main():
    tiny = "--tiny" in sys.argv
    begin, few, many = (100, 50, 500) if tiny else (10_000, 1_000, 100_000)
    keeps = 20 if tiny else 1_000
    figures = Figures("kept-answers")

    def add(name, unit, ours, peer=None, most=None):
        figures.add(name, unit, ours, peer, most and f"<= {most} x", None if tiny or not most else ours <= most * peer)

    with tempfile.TemporaryDirectory(prefix="docmind-redis-") as folder:
        here = measured(begin, 1)["begin_seconds"]
        with redis(folder) as port:
            beside = measured(begin, 1, port)["begin_seconds"]
        with redis(folder) as port, far_away(port) as far:
            away = measured(begin, 1, port, far)["begin_seconds"]
        add(f"beginning with {begin}, embedded", "s", here)
        add(f"beginning with {begin}, in a Redis beside it", "s", beside, here, 3)
        add(f"beginning with {begin}, in a Redis 1 ms away", "s", away, here, 5)
        for where in ("embedded", "Redis"):
            one, other = [], []
            for count, into in ((few, one), (many, other)):
                with redis(folder) as port:
                    into.append(measured(count, keeps, *([port] if where == "Redis" else [])))
            for share in ("keep_p50", "keep_p99"):
                add(f"keeping one beside {many}, {where}, {share[5:]}", "µs", other[0][share], one[0][share],
                    3 if share == "keep_p50" else None)
    figures.finish()


if __name__ == "__main__":
    main()
