#!/usr/bin/env python3
"""P3: one request alone, prefill and decode, against llama-bench on the same file and threads, in interleaved pairs.

usage: plain.py [--tiny] [--pairs N] [--prompt 512] [--new 64]
"""
import argparse
import json
import statistics
import subprocess
import tempfile

from chat_servers import THREADS, document, llama_tool, model, ours
from figures import Figures, median_with_interval, progress


def llama_bench(path, prompt, new):
    out = subprocess.run([llama_tool("llama-bench"), "-m", path, "-t", str(THREADS), "-p", str(prompt), "-n", str(new), "-r",
                          "1", "-fa", "1", "-o", "json"], check=True, capture_output=True, text=True).stdout
    rows = json.loads(out)
    prefill = next(row["avg_ts"] for row in rows if row["n_gen"] == 0)
    decode = next(row["avg_ts"] for row in rows if row["n_prompt"] == 0)
    return prefill, decode


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
        for at in range(pairs):
            # Plain decoding starts from a short prompt, as llama-bench does.
            reading = server.chat(document(arguments.prompt - 30, 9000 + at), "?", 1)["timings"]
            writing = server.chat(document(5, 9500 + at), "?", arguments.new)["timings"]
            prefill = 1000 * reading["prompt_n"] / reading["prompt_ms"]
            decode = 1000 * (writing["predicted_n"] - 1) / writing["predicted_ms"]
            theirs = llama_bench(path, arguments.prompt, arguments.new)
            for name, own, peer in (("prefill", prefill, theirs[0]), ("decode", decode, theirs[1])):
                ratios[name].append(own / peer)
                rates[name].append(own)
                rates["llama " + name].append(peer)
            progress(f"pair {at}: prefill {ratios['prefill'][-1]:.3f} decode {ratios['decode'][-1]:.3f}")
        server.stop()
    for name, values in ratios.items():
        median, _, high = median_with_interval(values)
        met = None if arguments.tiny else high >= 0.98 and median >= 0.95
        figures.add(f"{name}, one request", "tokens/s", statistics.median(rates[name]),
                    statistics.median(rates["llama " + name]), "median >= 0.95, upper end >= 0.98", met, median)
    figures.finish()


if __name__ == "__main__":
    main()
