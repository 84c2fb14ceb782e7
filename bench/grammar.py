#!/usr/bin/env python3
"""Token masks of a JSON schema over Qwen's vocabulary, beside the grammar sampler of the libllama we link; one text, in turns.

usage: grammar.py [--tiny]
"""
import json
import subprocess
import sys

from figures import BINARY, ROOT, Figures, median_with_interval

VOCABULARY = ROOT / ".deps/packages/llama_cpp_python/vendor/llama.cpp/models/ggml-vocab-qwen2.gguf"


def main():
    repeats = 1 if "--tiny" in sys.argv else 7
    out = subprocess.run([BINARY.parent / "bench" / "grammar", VOCABULARY, str(repeats)], check=True, capture_output=True)
    result = json.loads(out.stdout)
    figures = Figures("grammar")
    judged = repeats > 1
    figures.add("every token of the text is allowed by both", "", result["right"], None, "true", result["right"])
    first, low, high = median_with_interval(result["first"])
    theirs, _, _ = median_with_interval(result["theirs"])
    figures.add("mask, first text of a schema, mean", "µs", first, theirs, "< 1000", first < 1000 if judged else None)
    figures.add("  its 95 % interval, low", "µs", low)
    figures.add("  its 95 % interval, high", "µs", high)
    figures.add("  states walked from end to end", "", result["walks"])
    figures.add("mask, later texts, mean", "µs", result["mean"], result["their_mean"], "< 1000",
                result["mean"] < 1000 if judged else None)
    figures.add("mask, later texts, p99", "µs", result["p99"], result["their_p99"])
    figures.add("  of it the mask alone, mean", "µs", result["made_mean"])
    figures.add("  of it the mask alone, p50", "µs", result["made_p50"])
    figures.add("  of it the mask alone, p99", "µs", result["made_p99"])
    figures.add("one token, mean", "µs", result["single"], result["their_single"])
    figures.add("compile this schema", "µs", result["compile"])
    figures.add("compile 120 kB of tools", "ms", result["tools_compile"] / 1000)
    figures.add("  states", "", result["tools_states"])
    figures.add("forced bytes of the text", "share", result["forced"])
    figures.finish()


if __name__ == "__main__":
    main()
