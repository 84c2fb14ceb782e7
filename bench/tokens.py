#!/usr/bin/env python3
"""D4: tokens of 40 questions of two or three parts (tests/data/part_questions.tsv) about this project's documents, each part
written by the chat model: at the same time from one shared prompt (as answers are made), and one after the other.

usage: tokens.py [--tiny]

Every way sends the same prompts and asks for equally long answers. "Sent" is what a server without a prefix cache computes.
The model is a small one with random weights and one token a byte: its text means nothing, so the answers are not looked at
(ask.threshold is 0, so that it is asked every question). Two ways to ask: of the document alone (it is shown whole, and shared by all
questions about it), and of the whole library (the passages found are shared by the parts of one question).
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

from chat_servers import small_model
from figures import BINARY, ROOT, Figures, progress
from server import OPENER, Server

NEW = 16


def questions(tiny):
    lines = (ROOT / "tests" / "data" / "part_questions.tsv").read_text().splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    return rows[:1] if tiny else rows


def asked(address, document, question):
    body = {"question": question, **({"filter": {"documents": [str(ROOT / document)]}} if document else {})}
    request = urllib.request.Request(address + "/api/ask", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with OPENER.open(request, timeout=600) as reply:
        return json.load(reply)["tokens"]


def totals(folder, rows, parallel, whole):
    """(sent, computed, written) of all questions, on a server of its own that has read nothing yet."""
    data = pathlib.Path(folder) / f"data-{parallel}-{whole}"
    settings = {"DOCMIND_ASK__MAX_TOKENS": str(NEW), "DOCMIND_ASK__MAX_PARALLEL_CALLS": str(parallel),
                "DOCMIND_ASK__THRESHOLD": "0", "DOCMIND_CACHE__ENABLED": "false"}
    os.environ.update(settings)
    documents = sorted({ROOT / document for document, _ in rows})
    subprocess.run([BINARY, "--data", data, "ingest", *documents], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    server = Server([BINARY, "--data", data, "serve", "--port", "0", "--model", small_model(data / "model")]).wait_ready()
    try:
        counts = [asked(server.address, document if whole else None, question) for document, question in rows]
    finally:
        server.process.terminate()
        server.process.wait(60)
    return [sum(count[key] for count in counts) for key in ("prompt", "computed", "completion")]


def main():
    tiny = "--tiny" in sys.argv
    figures = Figures("tokens")
    rows = questions(tiny)
    with tempfile.TemporaryDirectory(prefix="docmind-tokens-") as folder:
        for whole, name in ((True, "asked of one document"), (False, "asked of the library")):
            sent, computed, written = totals(folder, rows, 3, whole)
            progress(f"{name}: {len(rows)} questions, sent {sent}, computed {computed}, written {written}")
            alone = totals(folder, rows, 1, whole)
            if alone[0] != sent or alone[2] != written:
                progress(f"one after the other it sent {alone[0]} and wrote {alone[2]}")
            fewer = 100 * (1 - computed / sent)
            figures.add(f"computed, at the same time, {name}", "tokens", computed, sent)
            figures.add(f"computed, one after the other with prefix cache, {name}", "tokens", alone[1], alone[0])
            least = 40 if tiny else 50  # One question of two parts shares less than half.
            figures.add(f"fewer than one after the other without, {name}", "%", fewer, None, f">= {least}", fewer >= least)
    figures.finish()


if __name__ == "__main__":
    main()
