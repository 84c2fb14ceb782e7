#!/usr/bin/env python3
"""A TCP proxy before an HTTP backend that breaks what passes through it: by a script, or by chance from a seed.

One request per connection: the proxy asks the backend to close, so each request of a client that keeps connections gets a
fault of its own. What it did is counted in `injected`. As a program:

    fault_proxy.py --upstream 127.0.0.1:11434 --seed 7 --chance reset=0.02 --chance status=0.02 [--retry-after 1]

prints "listening on http://127.0.0.1:PORT" and, at SIGTERM, its counts as JSON.

Kinds, by when they strike (after: bytes of the body that get through before; None: drawn from the seed):
  at the connection    refuse (reset at once)  hang (takes the request, never answers)
  in place of a reply  status (with Retry-After)  garbage (no HTTP)  html  bad_json  nan  half_head
                       huge_line (one line of `size` bytes)  gzip_bomb (`size` bytes of zeros, packed)
                       interim (`size` times 100 Continue, then the reply)
  within a reply       reset  cut (closed as if it were over)  stall  drip (`piece` bytes each `pause` seconds)
                       longer, shorter (Content-Length is not what comes)
down() and up() close and open the port itself; partition() and heal() let nothing through and lose nothing.
"""
import argparse
import collections
import gzip
import json
import random
import select
import signal
import socket
import struct
import sys
import threading
from typing import NamedTuple, Optional

MOST_HEAD = 64 << 10
MOST_BODY = 64 << 20
INSTEAD = ("status", "garbage", "html", "bad_json", "nan", "half_head", "huge_line", "gzip_bomb")
WITHIN = ("reset", "cut", "stall", "drip", "longer", "shorter")
KINDS = ("refuse", "hang", "interim") + INSTEAD + WITHIN


class Fault(NamedTuple):
    kind: str  # One of KINDS, or "none".
    after: Optional[int] = None
    pause: float = 0.01
    piece: int = 7
    status: int = 503
    retry_after: Optional[int] = None  # Seconds.
    size: int = 1 << 20


NONE = Fault("none")


class Gone(Exception):
    """One of the two sides has ended, or the proxy has."""


class FaultProxy:
    """`script`: faults for the first requests, in the order they come. After it `chances`, (fault, probability) pairs."""

    def __init__(self, upstream, script=(), chances=(), seed=0, port=0):
        self.upstream = upstream  # (host, port), or the path of a Unix socket.
        self.script = collections.deque(script)
        self.chances = list(chances)
        self.random = random.Random(seed)
        self.injected = collections.Counter()  # By kind; "none" are the requests left alone.
        self.silences = 0  # Connections on which nothing was sent from then on.
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.link = threading.Event()
        self.link.set()
        self.connections = set()
        self.port = port
        self.listener = None
        self.up()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def up(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self.listener = listener
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def down(self):
        """Nobody listens any more: connections are refused by the system. Those that are open stay."""
        listener, self.listener = self.listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)  # Wakes accept().
            listener.close()

    def partition(self):
        self.link.clear()

    def heal(self):
        self.link.set()

    def close(self):
        self.ended.set()
        self.link.set()
        self.down()
        with self.lock:
            open_now = list(self.connections)
        for connection in open_now:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @property
    def requests(self):
        return sum(self.injected.values())

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def draw(self):
        """The fault of the next request. What is left open is drawn here, so that a seed repeats it."""
        with self.lock:
            fault = self.script.popleft() if self.script else self.by_chance()
            self.injected[fault.kind] += 1
            return fault if fault.after is not None else fault._replace(after=self.random.randrange(1, 400))

    def by_chance(self):
        drawn = self.random.random()
        for fault, probability in self.chances:
            drawn -= probability
            if drawn < 0:
                return fault
        return NONE

    def serve(self, client):
        with self.lock:
            self.connections.add(client)
        try:
            self.answer(client)
        except (OSError, Gone):
            pass
        finally:
            with self.lock:
                self.connections.discard(client)
            client.close()

    def answer(self, client):
        self.wait_for_link()
        head = read_head(client)
        if not head:
            return  # Opened ahead and never used.
        fault = self.draw()
        if fault.kind == "refuse":
            return reset(client)
        request = read_request(client, head)
        if fault.kind == "hang":
            return self.wait_for_end(client)
        if fault.kind in INSTEAD:
            return self.send_instead(client, fault)
        if fault.kind == "interim":
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * fault.size)
        with self.connect() as upstream:
            upstream.sendall(request)
            self.relay(client, upstream, fault)

    def connect(self):
        if isinstance(self.upstream, str):
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(self.upstream)
            return upstream
        return socket.create_connection(self.upstream, timeout=60)

    def send_instead(self, client, fault):
        whole = made_up(fault, self.random)
        if fault.kind == "huge_line":  # In pieces: nobody has to hold it.
            client.sendall(whole)
            for _ in range(0, fault.size, 1 << 16):
                client.sendall(b"x" * (1 << 16))
        else:
            client.sendall(whole)

    def relay(self, client, upstream, fault):
        head = read_head(upstream)
        if fault.kind in ("longer", "shorter"):
            head = with_other_length(head, 10 if fault.kind == "longer" else -10)
        self.wait_for_link()
        client.sendall(head)
        passed = 0
        for piece in self.pieces(client, upstream):
            if fault.kind in ("reset", "cut", "stall") and passed + len(piece) >= fault.after:
                client.sendall(piece[:fault.after - passed])
                return self.strike(client, upstream, fault.kind)
            passed += len(piece)
            self.send(client, piece, fault)
        if fault.kind in ("reset", "stall"):  # The body was shorter than that.
            self.strike(client, upstream, fault.kind)

    def strike(self, client, upstream, kind):
        if kind == "reset":
            upstream.close()
            reset(client)
        if kind == "stall":
            self.wait_for_end(client)

    def send(self, client, piece, fault):
        self.wait_for_link()
        if fault.kind != "drip":
            return client.sendall(piece)
        for i in range(0, len(piece), fault.piece):
            client.sendall(piece[i:i + fault.piece])
            if self.ended.wait(fault.pause):
                raise Gone

    def pieces(self, client, upstream):
        """What the backend sends until it closes; a client that closes first closes the backend's connection, too."""
        while True:
            ready, _, _ = select.select([client, upstream], [], [])
            if upstream in ready:
                piece = upstream.recv(1 << 16)
                if not piece:
                    return
                yield piece
            elif not client.recv(1 << 16):
                raise Gone

    def wait_for_link(self):
        self.link.wait()
        if self.ended.is_set():
            raise Gone

    def wait_for_end(self, client):
        """Until the client gives up, or the proxy is closed, which shuts the connection."""
        with self.lock:
            self.silences += 1
        while client.recv(1 << 16):
            pass


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_head(connection):
    """Up to the empty line, byte for byte no more: what follows is the body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        seen = connection.recv(4096, socket.MSG_PEEK)
        if not seen or len(head) > MOST_HEAD:
            if head:
                raise Gone
            return b""
        end = (head[-3:] + seen).find(b"\r\n\r\n")
        take = len(seen) if end < 0 else end + 4 - len(head[-3:])
        head += connection.recv(take)
    return head


def fields(head):
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}


def read_request(client, head):
    """The whole request as the backend gets it: to be answered on a connection of its own."""
    told = fields(head)
    if "100-continue" in told.get("expect", "").lower():
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    left = int(told.get("content-length", "0"))
    if left > MOST_BODY or "transfer-encoding" in told:
        raise Gone
    body = bytearray()
    while len(body) < left:
        piece = client.recv(min(1 << 16, left - len(body)))
        if not piece:
            raise Gone
        body += piece
    kept = [line for line in head[:-4].split(b"\r\n") if not line.lower().startswith((b"connection:", b"expect:"))]
    return b"\r\n".join(kept) + b"\r\nConnection: close\r\n\r\n" + bytes(body)


def with_other_length(head, by):
    lines = head[:-4].split(b"\r\n")
    for i, line in enumerate(lines):
        if line.lower().startswith(b"content-length:"):
            lines[i] = b"Content-Length: %d" % max(0, int(line.split(b":")[1]) + by)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def reply(status, body, *more):
    head = [f"HTTP/1.1 {status} Injected", "Connection: close", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def made_up(fault, rng):
    if fault.kind == "status":
        more = [f"Retry-After: {fault.retry_after}"] if fault.retry_after is not None else []
        body = json.dumps({"error": {"message": f"injected {fault.status}", "type": "injected"}}).encode()
        return reply(fault.status, body, "Content-Type: application/json", *more)
    if fault.kind == "garbage":
        return rng.randbytes(min(fault.size, 4096))
    if fault.kind == "html":
        return reply(200, b"<!doctype html><title>Sign in</title><p>Please sign in.", "Content-Type: text/html")
    if fault.kind == "bad_json":
        return reply(200, b'{"choices":[{"message":{"content":"hal', "Content-Type: application/json")
    if fault.kind == "nan":
        return reply(200, b'{"choices":[{"index":NaN,"message":{"content":1e999}}]}', "Content-Type: application/json")
    if fault.kind == "half_head":
        return b"HTTP/1.1 200 OK\r\nContent-Ty"
    if fault.kind == "gzip_bomb":
        body = gzip.compress(b"\0" * fault.size)
        return reply(200, body, "Content-Type: application/json", "Content-Encoding: gzip")
    return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n\r\ndata: "  # huge_line


def chance(text):
    kind, _, probability = text.partition("=")
    if kind not in KINDS:
        raise argparse.ArgumentTypeError(f"{kind}: one of {', '.join(KINDS)}")
    return kind, float(probability)


def main():
    parser = argparse.ArgumentParser(description="Breaks what passes between a client and an HTTP backend.")
    parser.add_argument("--upstream", required=True, help="HOST:PORT, or the path of a Unix socket")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--chance", type=chance, action="append", default=[], metavar="KIND=PROBABILITY")
    parser.add_argument("--retry-after", type=int)
    args = parser.parse_args()
    host, colon, port = args.upstream.rpartition(":")
    upstream = args.upstream if "/" in args.upstream or not colon else (host, int(port))
    chances = [(Fault(kind, retry_after=args.retry_after), probability) for kind, probability in args.chance]
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    proxy = FaultProxy(upstream, chances=chances, seed=args.seed, port=args.port)
    print(f"listening on {proxy.address}", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    proxy.close()
    print(json.dumps({"requests": proxy.requests, "injected": dict(proxy.injected)}))


if __name__ == "__main__":
    sys.exit(main())
