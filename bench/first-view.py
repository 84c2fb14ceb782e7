#!/usr/bin/env python3
"""The web interface's first view in Chromium, with an empty cache: when something stands there, when the largest thing does,
how many bytes came, compressed. What Lighthouse measures on a page, without its network that is throttled: this is loopback.

usage: first-view.py [--runs N] [--tiny]
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

from figures import BINARY, ROOT, Figures, median_with_interval
from server import Server

SCRIPT = pathlib.Path(__file__).parent / "first_view.mjs"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--tiny", action="store_true")
    a = parser.parse_args()
    figures = Figures("first-view")
    with tempfile.TemporaryDirectory(prefix="docmind-view-") as folder:
        server = Server([BINARY, "--data", pathlib.Path(folder, "data"), "serve", "--port", "0"]).wait_ready()
        try:
            node = ROOT / ".deps" / "node-bin" / "node"
            ran = subprocess.run([node, SCRIPT, server.address, "1" if a.tiny else str(a.runs)], capture_output=True, text=True)
            if ran.returncode != 0:
                raise SystemExit(ran.stderr)
            runs = [json.loads(line) for line in ran.stdout.splitlines()]
        finally:
            server.stop()
    for name, key in (("something stands there", "first"), ("the largest thing does", "largest"), ("page read", "interactive")):
        middle, low, high = median_with_interval([run[key] for run in runs])
        target = 1000 if key == "largest" else None
        figures.add(f"first view: {name} ({low:.0f} to {high:.0f})", "ms", middle, None, "<= 1000" if target else None,
                    middle <= target if target and not a.tiny else None)
    size = max(run["bytes"] for run in runs) / 1000
    figures.add("first view: bytes, compressed", "kB", size, None, "<= 300", size <= 300)
    figures.add("layout shift", "", max(run["shifted"] for run in runs), None, "0")
    figures.finish()


if __name__ == "__main__":
    main()
