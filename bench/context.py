#!/usr/bin/env python3
"""Fitting a conversation of 160,000 tokens, and one prompt of as many, into a window of 131,072: with the counts of its texts
kept (every turn but the first of a long chat) and without (the engine counts them all); and whether what is counted is ever
under what the engine computes for a prompt.

usage: context.py [--tiny] [--shape tiny|0.6b]
"""
import argparse
import json
import subprocess
import tempfile

from chat_servers import model, small_model
from figures import BINARY, ROOT, Figures


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tiny", action="store_true")
    arguments.add_argument("--shape", default="tiny")
    arguments = arguments.parse_args()
    figures = Figures("context")
    with tempfile.TemporaryDirectory(prefix="docmind-context-") as folder:
        path = small_model(folder) if arguments.tiny else model(arguments.shape)
        command = [BINARY.parent / "bench" / "context", BINARY.parent, path, folder, "160000", "1" if arguments.tiny else "9",
                   *sorted((ROOT / "docs").glob("*.md"))]
        rows = [json.loads(line) for line in subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()]
    prompts = [row for row in rows if "counted" in row]
    least = min(row["counted"] - row["computed"] for row in prompts)
    figures.add("counted above computed, least of %d prompts" % len(prompts), "tokens", least, target=">= 0", met=least >= 0)
    figures.add("  the most", "tokens", max(row["counted"] - row["computed"] for row in prompts))
    for row in rows:
        if "what" not in row:
            continue
        name = f"{row['what']}, {row['original']:,} tokens in {row['messages']:,} messages"
        fits = row["final"] <= 122880
        figures.add(f"{name}: left", "tokens", row["final"], target="<= 122,880", met=fits)
        met = None if arguments.tiny else row["warm_ms"] < 100
        figures.add("  counts kept, median", "ms", row["warm_ms"], target="< 100", met=met)
        figures.add("  counts kept, worst", "ms", row["warm_worst_ms"])
        figures.add("  nothing counted before, median", "ms", row["cold_ms"])
    figures.finish()


if __name__ == "__main__":
    main()
