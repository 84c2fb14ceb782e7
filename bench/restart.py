#!/usr/bin/env python3
"""P2: a known document after a restart: restore and one step against a cold prefill, first token of a short question; as
the client's clock has it, from the request to the whole reply.

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
    seconds = {"cold": [], "question": [], "step": []}
    restored = []
    args = ["--context", context, "--kv-folder", f"{folder}/kv", "--kv-bytes", 16 << 30]
    for at in range(rounds):
        text = "You answer from the document.\n\n" + document(words, 7000 + at)
        for name, question in (("cold", QUESTION), ("question", QUESTION + " Briefly.")):
            server = ours(path, folder, *args)
            reply = server.chat(text, question, 1)
            server.stop()
            seconds[name].append(reply["seconds"])
        restored.append(reply["timings"]["restored"])
        # A short question is a restore and a step over its tokens and the template's. The same with the document in the
        # cache is that step, and the same question again is a step over one token.
        server = ours(path, folder, *args)
        first, tokens, token = (server.chat(text, question, 1) for question in (".", "?", "?"))
        server.stop()
        restored.append(first["timings"]["restored"])
        seconds["step"].append(first["seconds"] - tokens["seconds"] + token["seconds"])
        progress({name: round(values[-1], 3) for name, values in seconds.items()}, "restored", restored[-1],
                 [(r["timings"]["prompt_n"], round(r["seconds"], 3)) for r in (first, tokens, token)])
    figures.add(f"tokens restored, {words} words", "tokens", min(restored), None, "> 0", min(restored) > 0)
    for name, what, target in (("question", "first token of an 18-token question", 30), ("step", "restore and one step", 60)):
        if name == "step" and not targets:
            continue  # A difference of three times: on the small model it may come out below zero.
        ratio = statistics.median(w / c for w, c in zip(seconds[name], seconds["cold"]))
        figures.add(f"{what} against cold, {words} words", "s", statistics.median(seconds[name]),
                    statistics.median(seconds["cold"]), f"<= 1/{target}" if targets else None,
                    ratio <= 1 / target if targets else None, ratio)


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
