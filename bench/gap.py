#!/usr/bin/env python3
"""The gap between two tokens of a running stream while another request's long prompt is read, by depth, beside llama-server.

usage: gap.py [--tiny] [--rounds N]
A 3,000-token prompt on a 0.6B model, a 16,000-token one on the tiny one. Target: p95 <= 1 s on ours.
"""
import argparse
import json
import tempfile
import threading
import time

from chat_servers import document, llama_server, model, ours, small_model
from figures import Figures


def stream(server, new, times, stopped):
    """Notes when each token of a stream arrives, until told to stop."""
    connection = server.connection()
    body = {"messages": [{"role": "user", "content": "Write on."}], "max_tokens": new, "temperature": 1, "seed": 3,
            "ignore_eos": True, "stream": True}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    for line in response:
        if line.startswith(b"data: "):
            times.append(time.perf_counter())
        if stopped.is_set():
            break
    connection.close()


def gaps_while_reading(server, words, seed):
    """[(share of the prompt's time that has passed, seconds between two tokens)]"""
    times, stopped = [], threading.Event()
    writer = threading.Thread(target=stream, args=(server, 6000, times, stopped))
    writer.start()
    while len(times) < 10:
        time.sleep(0.01)
    start = time.perf_counter()
    server.chat("You answer from the document.\n\n" + document(words, seed), "What is it about?", 1)
    end = time.perf_counter()
    stopped.set()
    writer.join()
    inside = [t for t in times if start <= t <= end]
    return [((b - start) / (end - start), b - a) for a, b in zip([start, *inside], [*inside, end])]


def p95(gaps):
    ordered = sorted(gap for _, gap in gaps)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def measure(figures, shape, words, rounds, folder):
    path = model(shape) if shape else small_model(folder)
    context = words * 2 + 8192
    mine, theirs = [], []
    for at in range(rounds):
        server = ours(path, folder, "--context", context)
        mine += gaps_while_reading(server, words, at)
        server.stop()
        if shape is None:
            continue
        server = llama_server(path, folder, "-np", 2, "-c", context, "-kvu")
        theirs += gaps_while_reading(server, words, at)
        server.stop()
    if shape is None:
        figures.add("p95 gap", "s", p95(mine))
        return
    name = f"{words} words on {shape}"
    figures.add(f"p95 gap, {name}", "s", p95(mine), p95(theirs), "<= 1", p95(mine) <= 1)
    figures.add(f"longest gap, {name}", "s", max(gap for _, gap in mine), max(gap for _, gap in theirs))
    for part in range(4):
        of = [[(d, gap) for d, gap in gaps if part <= 4 * d < part + 1 or (part == 3 and d >= 1)] for gaps in (mine, theirs)]
        if all(of):
            figures.add(f"p95 gap in quarter {part + 1} of the prompt, {name}", "s", p95(of[0]), p95(of[1]))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tiny", action="store_true")
    arguments.add_argument("--rounds", type=int, default=2)
    arguments = arguments.parse_args()
    figures = Figures("gap")
    with tempfile.TemporaryDirectory(prefix="docmind-gap-") as folder:
        if arguments.tiny:
            measure(figures, None, 500, 1, folder)
        else:
            measure(figures, "0.6b", 3000, arguments.rounds, folder)
            measure(figures, "tiny", 16000, arguments.rounds, folder)
    figures.finish()


if __name__ == "__main__":
    main()
