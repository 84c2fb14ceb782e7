#!/usr/bin/env python3
"""Ingest of three Debian manuals beside LlamaIndex's pipeline (pypdf, SentenceSplitter 512/50, the same MiniLM).

--pairs N: interleaved runs of each (default 3). --tiny: one small file, no peer; what CI runs.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from figures import BINARY, ROOT, Figures, peer_python
from harness import manuals


def ours(data, *args):
    start = time.perf_counter()
    out = subprocess.run([BINARY, "--data", data, *args, "--json"], check=True, capture_output=True).stdout
    return time.perf_counter() - start, json.loads(out)


def parse_seconds(folder):
    """Our parser role alone on each PDF, a process for each, as ingest runs it."""
    start = time.perf_counter()
    for path in sorted(folder.glob("*.pdf")):
        with open(path, "rb") as document:
            subprocess.run([BINARY, "parse", "--name", path.name], stdin=document, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def hundred_pages():
    """About 100 pages of real text: the plain-text forms of two manuals."""
    import gzip
    text = b"".join(gzip.open(p).read() for p in ("/usr/share/doc/debian-policy/policy.txt.gz",
                                                   "/usr/share/developers-reference/developers-reference.txt.gz"))
    return text.decode()[: 100 * 3000]


def inserted_sentence(work):
    """How many chunks one sentence inserted on page 3 of 100 embeds again."""
    path = work / "hundred.txt"
    text = hundred_pages()
    path.write_text(text)
    _, first = ours(work / "inserted", "ingest", str(path))
    at = text.index(". ", 2 * 3000 + 1500) + 2
    path.write_text(text[:at] + "A sentence that was not here before stands in this place now. " + text[at:])
    _, second = ours(work / "inserted", "ingest", str(path))
    return second["embedded"], first["chunks"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pairs", type=int, default=3)
    arguments.add_argument("--tiny", action="store_true")
    arguments = arguments.parse_args()
    figures = Figures("ingest")
    with tempfile.TemporaryDirectory(prefix="docmind-bench-") as folder:
        work = pathlib.Path(folder)
        if arguments.tiny:
            cold, summary = ours(work / "data", "ingest", str(ROOT / "README.md"))
            figures.add("tiny ingest", "s", cold, met=summary["documents"] == 1)
            figures.finish()
        manuals(work / "pdf")
        python, runs = peer_python(), []
        for pair in range(arguments.pairs):
            cold, summary = ours(work / f"data{pair}", "ingest", str(work / "pdf"))
            warm, again = ours(work / f"data{pair}", "ingest", str(work / "pdf"))
            assert again["unchanged"] == 3, again
            parse = parse_seconds(work / "pdf")
            peer = json.loads(subprocess.run([python, ROOT / "bench" / "peers" / "llamaindex_ingest.py", work / "pdf"],
                                             check=True, capture_output=True, env={**os.environ}).stdout.splitlines()[-1])
            runs.append((cold, warm, parse, peer))
        med = lambda f: statistics.median(f(r) for r in runs)
        figures.add("cold total", "s", med(lambda r: r[0]), med(lambda r: r[3]["cold_total_s"]))
        warm_ratio = med(lambda r: r[3]["warm_total_s"] / r[1])
        figures.add("warm total", "s", med(lambda r: r[1]), med(lambda r: r[3]["warm_total_s"]), "<= 1/40 of the peer",
                    warm_ratio >= 40)
        parse_ratio = med(lambda r: r[3]["parse_s"] / r[2])
        figures.add("parsing, times faster than pypdf", "x", parse_ratio, None, ">= 5", parse_ratio >= 5)
        embedded, chunks = inserted_sentence(work)
        figures.add(f"chunks embedded after one inserted sentence (of {chunks})", "chunks", embedded, None, "<= 10",
                    embedded <= 10)
    figures.finish()


if __name__ == "__main__":
    main()
