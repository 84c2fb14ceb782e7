#!/usr/bin/env python3
"""P3: one request alone, prefill and decode, against llama-bench on the same file and threads, in interleaved pairs.

usage: plain.py [--tiny] [--pairs N] [--prompt 512] [--new 64]
"""
import argparse
import json
import random
import statistics
import subprocess
import tempfile

from chat_servers import THREADS, llama_tool, model, ours
from figures import Figures, median_with_interval, progress


def complete(server, prompt, new, keep=False):
    return server.complete(prompt, new, cache_prompt=keep)["timings"]


def rates_of(server, rng, prompt, new, tokens=range(1000, 9000)):
    """(tokens read, tokens written) a second, as llama-bench's: exactly so many read, and so many written from nothing."""
    reading = complete(server, rng.choices(tokens, k=prompt), 1)
    writing = complete(server, [rng.choice(tokens)], new)
    return 1000 * reading["prompt_n"] / reading["prompt_ms"], 1000 * (writing["predicted_n"] - 1) / writing["predicted_ms"]


def llama_bench(path, prompt, new, *more):
    out = subprocess.run([llama_tool("llama-bench"), "-m", path, "-t", str(THREADS), "-p", str(prompt), "-n", str(new), "-r",
                          "1", "-fa", "1", "-o", "json", *map(str, more)], check=True, capture_output=True, text=True).stdout
    rows = json.loads(out)
    prefill = next(row["avg_ts"] for row in rows if row["n_gen"] == 0)
    decode = next(row["avg_ts"] for row in rows if row["n_prompt"] == 0)
    return prefill, decode


def full(figures, path):
    """What kept beginnings of others cost: libllama looks at every cell of the cache for each token."""
    with tempfile.TemporaryDirectory(prefix="docmind-plain-") as folder:
        server = ours(path, folder, "--context", 16384, "--draft", 0)
        rng = random.Random(1)
        rates = []
        for fill in (1, 9000):
            complete(server, [rng.randrange(1000, 9000) for _ in range(fill)], 1, keep=True)
            timings = complete(server, [rng.randrange(1000, 9000)], 64)
            rates.append(1000 * (timings["predicted_n"] - 1) / timings["predicted_ms"])
        server.stop()
    figures.add("decode beside 9,000 kept tokens of others, against none", "tokens/s", rates[1], rates[0])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tiny", action="store_true")
    arguments.add_argument("--pairs", type=int, default=20)
    arguments.add_argument("--prompt", type=int, default=512)
    arguments.add_argument("--new", type=int, default=64)
    arguments = arguments.parse_args()
    pairs = 2 if arguments.tiny else arguments.pairs
    figures = Figures("plain")
    path = model("tiny" if arguments.tiny else "0.6b")
    ratios = {"prefill": [], "decode": []}
    rates = {"prefill": [], "decode": [], "llama prefill": [], "llama decode": []}
    with tempfile.TemporaryDirectory(prefix="docmind-plain-") as folder:
        server = ours(path, folder, "--context", 4096, "--draft", 0)
        rng = random.Random(9000)
        for at in range(pairs):
            prefill, decode = rates_of(server, rng, arguments.prompt, arguments.new)
            theirs = llama_bench(path, arguments.prompt, arguments.new)
            for name, own, peer in (("prefill", prefill, theirs[0]), ("decode", decode, theirs[1])):
                ratios[name].append(own / peer)
                rates[name].append(own)
                rates["llama " + name].append(peer)
            progress(f"pair {at}: prefill {ratios['prefill'][-1]:.3f} decode {ratios['decode'][-1]:.3f}")
        server.stop()
    if not arguments.tiny:
        full(figures, path)
    for name, values in ratios.items():
        median, _, high = median_with_interval(values)
        met = None if arguments.tiny else high >= 0.98 and median >= 0.95
        figures.add(f"{name}, one request", "tokens/s", statistics.median(rates[name]),
                    statistics.median(rates["llama " + name]), "median >= 0.95, upper end >= 0.98", met, median)
    figures.finish()


if __name__ == "__main__":
    main()
