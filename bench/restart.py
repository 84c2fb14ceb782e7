#!/usr/bin/env python3
"""P2: a known document after a restart: restore and one step against a cold prefill, first token of a short question.

usage: restart.py [--tiny] [--rounds N] [--words 4000,8000]
"""
import argparse
import statistics
import tempfile

from chat_servers import document, model, ours, small_model
from figures import Figures, progress

QUESTION = "In one sentence, what does this report say about the energy market, and where?"


def measure(figures, path, folder, words, rounds, targets):
    context = (2 if targets else 8) * words + 2048  # The small model has a token a byte.
    cold, warm, restored = [], [], []
    for at in range(rounds):
        text = "You answer from the document.\n\n" + document(words, 7000 + at)
        args = ["--context", context, "--kv-folder", f"{folder}/kv", "--kv-bytes", 16 << 30]
        server = ours(path, folder, *args)
        reply = server.chat(text, QUESTION, 1)
        cold.append(reply["timings"]["prompt_ms"])
        server.stop()
        server = ours(path, folder, *args)
        reply = server.chat(text, QUESTION + " Briefly.", 1)
        warm.append(reply["timings"]["prompt_ms"])
        restored.append(reply["timings"]["restored"])
        server.stop()
        progress({"cold ms": round(cold[-1]), "warm ms": round(warm[-1]), "restored": restored[-1]})
    ratio = statistics.median(w / c for w, c in zip(warm, cold))
    figures.add(f"tokens restored, {words} words", "tokens", min(restored), None, "> 0", min(restored) > 0)
    figures.add(f"first token of a known document against cold, {words} words", "ms", statistics.median(warm),
                statistics.median(cold), "<= 1/30" if targets else None, ratio <= 1 / 30 if targets else None, ratio)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tiny", action="store_true")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--words", default="4000,8000")
    arguments = arguments.parse_args()
    figures = Figures("restart")
    with tempfile.TemporaryDirectory(prefix="docmind-restart-") as folder:
        if arguments.tiny:
            measure(figures, small_model(folder), folder, 400, 1, False)
        else:
            for words in map(int, arguments.words.split(",")):
                measure(figures, model("0.6b"), folder, words, arguments.rounds, True)
    figures.finish()


if __name__ == "__main__":
    main()
