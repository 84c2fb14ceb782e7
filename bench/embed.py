#!/usr/bin/env python3
"""Embedding speed of `docmind engine` beside sentence-transformers: the same model, the same texts, nothing cut.

--pairs N: interleaved rounds of each (default 5). --texts N: texts per round (default 64). --tiny: a few texts and no
peer; what CI runs. Our figures are taken through the socket, JSON and base64 included.
"""
import argparse
import array
import base64
import gzip
import http.client
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time

from figures import BINARY, Figures, median_with_interval, peer_python

MODEL = BINARY.parent / "share/docmind/models/all-MiniLM-L6-v2.gguf"
WORDS = (20, 90, 160, 280)  # Lengths of the texts: a question, a paragraph, a chunk, a long chunk.
QUESTIONS = ("How do I report a bug in a package that is not installed?",
             "Which section of the policy says where a package keeps its log files?",
             "What is the difference between a native package and one with a Debian revision?")  # 12 to 20 tokens


class Engine:
    """The role, started as EngineChild starts it."""

    def __init__(self, folder, *args):
        self.path = str(pathlib.Path(folder) / "engine.sock")
        self.process = subprocess.Popen([BINARY, "engine", "--model", MODEL, "--socket", self.path, *args])
        start = time.perf_counter()
        while not self.healthy():
            time.sleep(0.005)
        self.start_seconds = time.perf_counter() - start

    def healthy(self):
        try:
            return self.request("GET", "/health") is not None
        except OSError:
            return False

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.path)
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        if reply.status != 200:
            raise OSError(text)
        return json.loads(text)

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def embed(self, texts):
        tokens, vectors = 0, []
        start, cpu = time.perf_counter(), self.cpu()
        for at in range(0, len(texts), 32):
            reply = self.request("POST", "/v1/embeddings", {"input": texts[at:at + 32], "encoding_format": "base64"})
            tokens += reply["usage"]["total_tokens"]
            vectors += [array.array("f", base64.b64decode(d["embedding"])) for d in reply["data"]]
        return {"tokens": tokens, "seconds": time.perf_counter() - start, "cpu": self.cpu() - cpu, "vectors": vectors}

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Peer:
    def __init__(self):
        script = pathlib.Path(__file__).parent / "peers" / "embed.py"
        self.process = subprocess.Popen([peer_python(), script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)

    def embed(self, texts):
        self.process.stdin.write(json.dumps(texts) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def manual_texts(count):
    words = gzip.open("/usr/share/doc/debian-policy/policy.txt.gz").read().decode().split()
    texts, at = [], 3000
    for i in range(count):
        length = WORDS[i % len(WORDS)]
        texts.append(" ".join(words[at:at + length]))
        at += length
    return texts


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pairs", type=int, default=5)
    arguments.add_argument("--texts", type=int, default=64)
    arguments.add_argument("--tiny", action="store_true")
    arguments = arguments.parse_args()
    figures = Figures("embed")
    texts = manual_texts(8 if arguments.tiny else arguments.texts)
    with tempfile.TemporaryDirectory(prefix="docmind-bench-") as folder:
        engine = Engine(folder)
        figures.add("engine ready after", "s", engine.start_seconds)
        counts = engine.request("POST", "/tokenize", {"texts": texts})["counts"]
        texts = [t for t, n in zip(texts, counts) if n <= 510]  # The peer would cut off the rest.
        engine.embed(texts[:4])
        if arguments.tiny:
            ours = engine.embed(texts)
            figures.add("embedding", "tokens/s", ours["tokens"] / ours["seconds"])
        else:
            peer = Peer()
            compare(figures, engine, peer, texts, arguments.pairs)
            one_question(figures, engine, peer)
        engine.stop()
    figures.finish()


def compare(figures, engine, peer, texts, pairs):
    peer.embed(texts[:4])
    rounds = [(engine.embed(texts), peer.embed(texts)) for _ in range(pairs)]
    speed = lambda run, clock: run["tokens"] / run[clock]
    for clock, name in (("seconds", "embedding"), ("cpu", "embedding per second of processor time")):
        ratio, low, high = median_with_interval([speed(a, clock) / speed(b, clock) for a, b in rounds])
        ours = median_with_interval([speed(a, clock) for a, _ in rounds])[0]
        theirs = median_with_interval([speed(b, clock) for _, b in rounds])[0]
        target = (">= 0.75 x", ratio >= 0.75) if clock == "seconds" else (None, None)
        figures.add(f"{name} ({low:.2f} to {high:.2f})", "tokens/s", ours, theirs, *target, ratio=ratio)
    cosines = [sum(x * y for x, y in zip(a, b)) for a, b in zip(rounds[0][0]["vectors"], rounds[0][1]["vectors"])]
    mean = sum(cosines) / len(cosines)
    figures.add(f"cosine to the peer's vectors, mean (least {min(cosines):.4f})", "", mean, target=">= 0.999",
                met=mean >= 0.999)


def one_question(figures, engine, peer, rounds=150):
    """Alone, one after another, in turns with the peer's; both ask a program that is warm."""
    turns = [(engine.embed([text])["seconds"], peer.embed([text])["seconds"]) for text in QUESTIONS * (rounds // len(QUESTIONS))]
    ours, theirs = (sorted(1000 * seconds for seconds in side) for side in zip(*turns))
    for name, at in (("p50", len(ours) // 2), ("p99", len(ours) * 99 // 100)):
        target = ("<= 3.5 ms", ours[at] <= 3.5) if name == "p50" else (None, None)
        figures.add(f"one question, {name}", "ms", ours[at], theirs[at], *target, ratio=ours[at] / theirs[at])


if __name__ == "__main__":
    main()
