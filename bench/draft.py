#!/usr/bin/env python3
"""P3, drafting: decoding with drafts against without, on a copy of a document with 10 % of its tokens replaced, and on free text.

usage: draft.py [--tiny] [--pairs N]
The copy is written by a model that really copies and edits by itself (peers/make_qwen3_gguf.py --copier), at the size of a
0.6B model; the free text by one with random weights, which repeats nothing on purpose, and by one that has four words.
"""
import argparse
import random
import statistics
import tempfile

from chat_servers import model, ours
from figures import Figures, median_with_interval, progress


def measure(figures, name, path, folder, pairs, prompt_of, new, target, **more):
    server = ours(path, folder, "--context", 4096)
    ratios, drafted, accepted, rates = [], 0, 0, {True: [], False: []}
    for at in range(pairs):
        made = {}
        server.complete(prompt_of(at), 1, drafting=False)  # Reads the prompt for both.
        for drafting in ((True, False) if at % 2 else (False, True)):
            reply = server.complete(prompt_of(at), new, drafting=drafting, **more)
            made[drafting], timings = reply["choices"][0]["text"], reply["timings"]
            rates[drafting].append(1000 * (timings["predicted_n"] - 1) / timings["predicted_ms"])
            drafted += timings["drafted"]
            accepted += timings["accepted"]
        # A drawn text may differ by the rounding of another batch; a greedy one may not.
        if "temperature" not in more and made[True] != made[False]:
            raise RuntimeError("drafts have changed what was written")
        ratios.append(rates[True][-1] / rates[False][-1])
        progress(f"{name} {at}: {ratios[-1]:.3f}")
    server.stop()
    median = median_with_interval(ratios)[0]
    figures.add(f"decode with drafts against without, {name}", "tokens/s", statistics.median(rates[True]),
                statistics.median(rates[False]), target and f">= {target}", None if target is None else median >= target, median)
    figures.add(f"drafted tokens that stood, {name}", "share", accepted / max(1, drafted), None)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tiny", action="store_true")
    arguments.add_argument("--pairs", type=int, default=5)
    arguments = arguments.parse_args()
    shape, pairs = ("tiny", 1) if arguments.tiny else ("0.6b", arguments.pairs)
    length, new = (100, 60) if arguments.tiny else (500, 400)

    def copy_of(at):
        document = random.Random(at).sample(range(1000, 9000), length)  # The edits are the tokens with a 0 at the end.
        return [151000, *document, 151001, document[0]]

    def free(at):
        return random.Random(at).choices(range(1000, 9000), k=50)

    figures = Figures("draft")
    with tempfile.TemporaryDirectory(prefix="docmind-draft-") as folder:
        measure(figures, "copy with 10 % edits", model(shape, copier=True), folder, pairs, copy_of, new,
                None if arguments.tiny else 2)
        # The second is the worst for drafts: what was seen comes again and again, and goes on otherwise.
        for name, bias in (("free text", {}), ("four words at random", {str(word): 100 for word in (1000, 2000, 3000, 4000)})):
            measure(figures, name, model(shape), folder, pairs, free, new // 4, None if arguments.tiny else 0.95,
                    temperature=1, seed=7, logit_bias=bias)
    figures.finish()


if __name__ == "__main__":
    main()
