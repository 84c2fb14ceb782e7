#!/usr/bin/env python3
"""The engine on a card: prefill and decode beside llama-bench on the same card and file, and beside itself on the processor;
five agents on one document.

usage: gpu.py [--tiny] [--pairs N] [--prompt 512] [--new 128]
Needs neither network nor Python packages: the model is a random-weight Qwen3-0.6B that our importer reads. --tiny: a tiny
one, without llama-bench, on whatever there is. Where there is no card it says so and ends with 2.
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

from chat_servers import computed, document, fan_out, ours, small_model
from figures import BINARY, Figures, median_with_interval, progress
from plain import llama_bench, rates_of
import tiny_chat


def cards():
    listed = json.loads(subprocess.run([BINARY, "engine", "--devices"], check=True, capture_output=True).stdout)
    return [device["description"] for device in listed["devices"] if device["kind"] in ("gpu", "igpu")]


def alone(figures, path, folder, arguments):
    rates = {"card": [], "processor": [], "llama-bench": []}
    rng, tokens = random.Random(9000), range(10, 250)  # One of each byte; what more rows the model has is never read.
    servers = {"card": ours(path, folder, "--context", 4096, "--draft", 0),
               "processor": ours(path, folder, "--context", 4096, "--draft", 0, "--gpu-layers", 0)}
    for at in range(arguments.pairs):
        rates["card"].append(rates_of(servers["card"], rng, arguments.prompt, arguments.new, tokens))
        if at < 2:
            rates["processor"].append(rates_of(servers["processor"], rng, arguments.prompt, arguments.new, tokens))
        if not arguments.tiny:
            rates["llama-bench"].append(llama_bench(path, arguments.prompt, arguments.new, "-ngl", 999))
            progress(f"pair {at}:", rates["card"][-1], rates["llama-bench"][-1])
    for server in servers.values():
        server.stop()
    for part, name in enumerate(("prefill", "decode")):
        of = {where: [pair[part] for pair in pairs] for where, pairs in rates.items()}
        figures.add(f"{name}, card against processor", "tokens/s", statistics.median(of["card"]),
                    statistics.median(of["processor"]))
        if not arguments.tiny:
            median, _, high = median_with_interval([a / b for a, b in zip(of["card"], of["llama-bench"])])
            figures.add(f"{name}, one request", "tokens/s", statistics.median(of["card"]), statistics.median(of["llama-bench"]),
                        "median >= 0.95, upper end >= 0.98", high >= 0.98 and median >= 0.95, median)


def together(figures, path, folder, words):
    server = ours(path, folder, "--context", 16384)
    wall, replies = fan_out(server, document(words, 1), 32)
    server.stop()
    shared = max(reply["timings"]["cache_n"] for reply in replies)
    least = shared + sum(reply["usage"]["prompt_tokens"] - shared for reply in replies)
    figures.add("five agents on one document: wall", "s", wall)
    figures.add("computed / (document + agents' own)", "tokens", computed(replies), least, "<= 1.15",
                computed(replies) <= 1.15 * least)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tiny", action="store_true")
    arguments.add_argument("--pairs", type=int, default=20)
    arguments.add_argument("--prompt", type=int, default=512)
    arguments.add_argument("--new", type=int, default=128)
    arguments = arguments.parse_args()
    found = cards()
    progress("cards:", found or "none")
    if not found and not arguments.tiny:
        sys.exit(2)
    figures = Figures("gpu")
    with tempfile.TemporaryDirectory(prefix="docmind-gpu-", dir=os.environ.get("TMPDIR")) as folder:
        if arguments.tiny:
            arguments.pairs, arguments.prompt, arguments.new = 1, 64, 8
        path = small_model(folder, tiny_chat.TINY if arguments.tiny else tiny_chat.LARGE)
        alone(figures, path, folder, arguments)
        together(figures, path, folder, 20 if arguments.tiny else 1000)
    figures.finish()


if __name__ == "__main__":
    main()
