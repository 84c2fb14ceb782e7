#!/usr/bin/env python3
"""100 clients with 30 % cancels: afterwards the engine holds what it held before, and nobody was left without an answer.

usage: soak.py [--tiny] [--minutes M]
Each client asks about one of 20 documents; three in ten hang up in the middle of their stream; one that is told to come back
later (429) does. Sequences, reserved cells and running texts must return to none, memory to what it was after the warm-up.
"""
import argparse
import collections
import http.client
import json
import pathlib
import random
import tempfile
import threading
import time

from chat_servers import document, model, ours, small_model
from figures import Figures, progress


def metrics(server):
    connection = server.connection()
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line and line[0] != "#"}


def resident(process):
    for line in pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no Pss")


def client(server, words, seed, end, outcomes):
    rng = random.Random(seed)
    while time.monotonic() < end:
        leaves_after = rng.randrange(1, 20) if rng.random() < 0.3 else None
        body = {"messages": [{"role": "system", "content": document(words, rng.randrange(20))},
                             {"role": "user", "content": f"Question {rng.random()}?"}],
                "max_tokens": rng.randrange(5, 40), "temperature": 1, "ignore_eos": True, "stream": True}
        connection = server.connection()
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status == 429:
                outcomes["429"] += 1
                time.sleep(min(float(response.headers["Retry-After"]), 2) * rng.random())
                continue
            if response.status != 200:
                outcomes[str(response.status)] += 1
                continue
            seen, done = 0, False
            for line in response:
                seen += line.startswith(b"data: ")
                done = done or line.startswith(b"data: [DONE]")
                if leaves_after is not None and seen >= leaves_after:
                    break
            outcomes["left" if leaves_after is not None and not done else "whole" if done else "cut"] += 1
        except (OSError, http.client.HTTPException) as error:
            outcomes[type(error).__name__] += 1
        finally:
            connection.close()


def soak(server, words, clients, seconds):
    outcomes = collections.Counter()
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=client, args=(server, words, seed, end, outcomes)) for seed in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def settled(server):
    """The counts once nothing runs or waits any more."""
    limit = time.monotonic() + 60
    while True:
        now = metrics(server)
        idle = all(now[f'docmind_engine_texts{{state="{state}"}}'] == 0 for state in ("running", "waiting"))
        if idle or time.monotonic() > limit:
            return now
        time.sleep(0.1)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tiny", action="store_true")
    arguments.add_argument("--minutes", type=float, default=10)
    arguments = arguments.parse_args()
    seconds, clients, words = (3, 20, 60) if arguments.tiny else (60 * arguments.minutes, 100, 300)
    figures = Figures("soak")
    with tempfile.TemporaryDirectory(prefix="docmind-soak-") as folder:
        path = small_model(folder) if arguments.tiny else model("tiny")
        server = ours(path, folder, "--context", 8192, "--kv-folder", f"{folder}/kv", "--kv-bytes", 1 << 28)
        soak(server, words, clients, seconds / 10)  # The warm-up: buffers, arenas, kept beginnings.
        settled(server)
        before = resident(server.process)
        outcomes = soak(server, words, clients, seconds)
        after, memory = settled(server), resident(server.process)
        server.stop()
    progress(dict(outcomes))
    ended = outcomes["whole"] + outcomes["left"]
    figures.add("answers whole or left by their client", "answers", ended)
    odd = sum(outcomes.values()) - ended - outcomes["429"]
    figures.add("answers cut, refused otherwise, or lost", "answers", odd, None, "0", odd == 0)
    figures.add("left in the middle", "share", outcomes["left"] / max(1, ended))
    for name, key in (("texts running", 'docmind_engine_texts{state="running"}'),
                      ("texts waiting", 'docmind_engine_texts{state="waiting"}'),
                      ("cells reserved", 'docmind_engine_cells{state="reserved"}')):
        figures.add(f"{name} at the end", "count", after[key], None, "0", after[key] == 0)
    held, kept = (after[f'docmind_engine_cells{{state="{state}"}}'] for state in ("held", "kept"))
    figures.add("cells held that nobody keeps", "cells", held - kept, None, "0", held == kept)
    figures.add("memory after against before", "MiB", memory, before, None if arguments.tiny else "<= 1.05",
                None if arguments.tiny else memory <= 1.05 * before)
    figures.finish()


if __name__ == "__main__":
    main()
