#!/usr/bin/env python3
"""docmind and a real llama-server in two network namespaces: the link goes down, packets vanish, names are not resolved.
usage: partitions.py; needs root and iproute2, else it says so and ends; exits 1 when a target is missed.

Namespace A has docmind and this program, B the llama-server at 10.77.0.2, a veth pair between them. Names are asked of
a resolver of ours in A, by /etc/netns/A/resolv.conf."""
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time

from servers import LlamaServer, Product, wait_for
from proxies import PATIENCE, Caller, Footprint, Scene, broken, cut_stream, scene_before
from figures import Figures

HERE, THERE = "10.77.0.1", "10.77.0.2"
NAME = "model.test"


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def enter():
    """Makes both namespaces and runs this program again within A."""
    a, b = f"docmind-a-{os.getpid()}", f"docmind-b-{os.getpid()}"
    if os.geteuid() != 0 or not shutil.which("ip") or subprocess.run(["ip", "netns", "add", a], capture_output=True).returncode:
        print("skipped: network namespaces need root and iproute2")
        sys.exit(0)
    names = pathlib.Path("/etc/netns") / a
    try:
        ip("netns", "add", b)
        ip("-n", a, "link", "add", "va", "type", "veth", "peer", "name", "vb", "netns", b)
        for namespace, link, address in ((a, "va", HERE), (b, "vb", THERE)):
            ip("-n", namespace, "address", "add", f"{address}/30", "dev", link)
            ip("-n", namespace, "link", "set", link, "up")
            ip("-n", namespace, "link", "set", "lo", "up")
        names.mkdir(parents=True)
        (names / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        return subprocess.run(["ip", "netns", "exec", a, sys.executable, __file__, a, b]).returncode
    finally:
        shutil.rmtree(names, ignore_errors=True)
        for namespace in (a, b):
            subprocess.run(["ip", "netns", "delete", namespace], capture_output=True)


class Resolver:
    """Answers each question for an A record with THERE, or with the error `code` (RFC 1035): at once, after `delay`
    seconds, or never (None)."""

    def __init__(self):
        self.delay, self.code, self.questions = 0.0, 0, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            question, whom = self.socket.recvfrom(1500)
            self.questions += 1
            if self.delay is not None:
                threading.Timer(self.delay, self.answer, (question, whom)).start()

    def answer(self, question, whom):
        end = question.index(b"\0", 12) + 5  # The name, its type, its class.
        is_a = question[end - 4:end - 2] == b"\0\1" and self.code == 0
        record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(THERE) if is_a else b""
        self.socket.sendto(question[:2] + b"\x81" + bytes([0x80 | self.code]) + b"\0\1\0" + bytes([is_a]) + b"\0\0\0\0" + question[12:end] + record, whom)


def partitions(figures, a, b, server):
    ways = {
        "link down": (("-n", a, "link", "set", "va", "down"), ("-n", a, "link", "set", "va", "up")),
        "link down at the other end": (("-n", b, "link", "set", "vb", "down"), ("-n", b, "link", "set", "vb", "up")),
        "blackhole there": (("-n", a, "route", "add", "blackhole", THERE), ("-n", a, "route", "del", "blackhole", THERE)),
        "blackhole back": (("-n", b, "route", "add", "blackhole", HERE), ("-n", b, "route", "del", "blackhole", HERE)),
    }
    for name, (strike, heal) in ways.items():
        with scene_before(server.url, "--set", f"backends.allow_remote={THERE}") as scene:
            cut_stream(figures, name, scene.caller, lambda: ip(*strike), lambda: ip(*heal))
            broken(figures, name, scene, lambda: ip(*strike), lambda: ip(*heal))


@contextlib.contextmanager
def named(server):
    """docmind that reaches the server by a name."""
    with Product() as product:
        process, address = product.serve("--set", f"vllm.url=http://{NAME}:{server.port}", "--set",
                                         f"backends.allow_remote={NAME}", *PATIENCE)
        yield Scene(product, process, address, Caller(product, address))


def names(figures, server):
    resolver = Resolver()
    with named(server) as scene:
        scene.caller.learn()
        resolver.delay = None
        outcomes = collections.Counter(scene.caller.outcome(i)[0] for i in range(100))
        figures.add("resolver silent after a name was known: right answers", "", outcomes["right"], target="100",
                    met=outcomes["right"] == 100)
    for what, delay, code in (("5 s slow", 5.0, 0), ("silent", None, 0), ("fails (SERVFAIL)", 0.0, 2),
                              ("knows no such name (NXDOMAIN)", 0.0, 3)):
        resolver.delay, resolver.code = delay, code
        with named(server) as scene:
            unresolved(figures, f"resolver {what}", scene, resolver)


def unresolved(figures, name, scene, resolver):
    footprint = Footprint(scene.process)
    over, took = threading.Event(), []

    def look():
        """Others are served meanwhile."""
        while not over.wait(0.05):
            began = time.monotonic()
            status, _ = scene.product.get(scene.address, "/health/live")
            took.append(time.monotonic() - began if status == 200 else float("inf"))

    looker = threading.Thread(target=look)
    looker.start()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        def one(i):
            began = time.monotonic()
            scene.caller.ask(i)
            return time.monotonic() - began
        calls = list(pool.map(one, range(20)))
    most = footprint.now()[0]
    over.set()
    looker.join()
    # Three attempts of 5 s for a connection, with up to 1 and 2 s between them.
    figures.add(f"{name}: an answer or its refusal, longest of 20 at once", "s", max(calls), target="18", met=max(calls) <= 18)
    figures.add(f"{name}: /health/live meanwhile, longest of {len(took)}", "s", max(took), target="< 1", met=max(took) < 1)
    figures.add(f"{name}: threads after the calls", "", most)
    resolver.delay, resolver.code = 0.0, 0
    began = time.monotonic()
    wait_for(lambda: scene.caller.ask(0)[0] == 200 or time.sleep(0.05))
    seconds = time.monotonic() - began
    figures.add(f"{name}: answers again after healing", "s", seconds, target="10", met=seconds <= 10)
    time.sleep(6)  # Those that still ask for the name give up.
    footprint.judge(figures, name)


def main(a, b):
    figures = Figures("partitions")
    server = LlamaServer(slots=8)
    server.host, server.prefix = THERE, ("ip", "netns", "exec", b)
    try:
        server.start()
        partitions(figures, a, b, server)
        names(figures, server)
    finally:
        server.stop()
    figures.finish()


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) == 3 else sys.exit(enter())
