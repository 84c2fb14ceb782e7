#!/usr/bin/env python3
"""P1: five agents on one document at the same time, beside llama-server -np 5 and -np 1, on the same file.

usage: fanout.py [--tiny] [--rounds N] [--words 1000,4000] [--new 32,150] [--shape 0.6b]
Each round has a new document. Warm: the same system message was completed once before our engine was started again.
"""
import argparse
import statistics
import tempfile

from chat_servers import computed, document, fan_out, llama_server, model, ours
from figures import Figures, progress



def measure(figures, path, folder, words, new, rounds, targets):
    context = max(16384, 8 * words)  # llama-server -np 5 holds the document five times.
    peers = {"-np 5": ["-np", 5, "-c", context, "-kvu", "--cache-ram", 8192],
             "-np 1": ["-np", 1, "-c", context, "--cache-ram", 8192]}
    walls = {name: [] for name in ["cold", "warm", *peers]}
    counts = []
    kv = f"{folder}/kv-{words}-{new}"
    for at in range(rounds):
        text = document(words, 100 * words + at)
        server = ours(path, folder, "--context", context, "--kv-folder", kv)
        wall, replies = fan_out(server, text, new)
        walls["cold"].append(wall)
        prompt = replies[0]["usage"]["prompt_tokens"]
        shared = max(r["timings"]["cache_n"] for r in replies)
        counts.append((computed(replies), shared + sum(r["usage"]["prompt_tokens"] - shared for r in replies)))
        server.stop()  # What is shared is saved at the latest now.
        server = ours(path, folder, "--context", context, "--kv-folder", kv)
        walls["warm"].append(fan_out(server, text, new, marker=", again")[0])
        server.stop()
        for name, args in peers.items():
            server = llama_server(path, folder, *args)
            walls[name].append(fan_out(server, text, new)[0])
            server.stop()
        progress({name: round(values[-1], 2) for name, values in walls.items()}, f"prompt {prompt}")
    where = f"{words} words x {new}"
    ratio = max(made / least for made, least in counts)
    figures.add(f"computed / (document + agents' own), {where}", "tokens", counts[0][0], counts[0][1], "<= 1.15",
                ratio <= 1.15)
    for ours_name, peer, target in (("cold", "-np 5", 0.35), ("cold", "-np 1", 0.9), ("warm", "-np 1", 0.5)):
        ratio = statistics.median(a / b for a, b in zip(walls[ours_name], walls[peer]))
        met = ratio <= target if targets else None
        figures.add(f"wall {ours_name} against {peer}, {where}", "s", statistics.median(walls[ours_name]),
                    statistics.median(walls[peer]), f"<= {target}" if targets else None, met, ratio)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tiny", action="store_true")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--words", default="1000,4000")
    arguments.add_argument("--new", default="32,150")
    arguments.add_argument("--shape", default="0.6b")
    arguments = arguments.parse_args()
    figures = Figures("fanout")
    with tempfile.TemporaryDirectory(prefix="docmind-fanout-") as folder:
        path = model("tiny" if arguments.tiny else arguments.shape)
        if arguments.tiny:
            measure(figures, path, folder, 300, 8, 1, False)
        else:
            for words in map(int, arguments.words.split(",")):
                for new in map(int, arguments.new.split(",")):
                    measure(figures, path, folder, words, new, arguments.rounds, (words, new) == (1000, 32))
    figures.finish()


if __name__ == "__main__":
    main()
