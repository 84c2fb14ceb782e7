#!/usr/bin/env python3
"""What the agents' graph costs when its agents cost nothing, beside langgraph-supervisor with the same five in one run: a query,
a durable step, 10,000 queries at once, a restart with 1,000 open threads.

usage: agents.py [--tiny]
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from figures import BINARY, Figures, peer_python

PEER = pathlib.Path(__file__).parent / "peers" / "langgraph_overhead.py"


def main():
    tiny = "--tiny" in sys.argv
    figures = Figures("agents")
    with tempfile.TemporaryDirectory(prefix="docmind-agents-") as folder:
        out = subprocess.run([BINARY.parent / "bench" / "agents", folder, *(["100"] if tiny else [])], check=True,
                             capture_output=True).stdout
    ours = json.loads(out)
    peer = {} if tiny else json.loads(subprocess.run([peer_python(), PEER], check=True, capture_output=True).stdout)

    def add(name, key, share, target=None, of=None, unit="µs", scale=1):
        value = ours[key][share] / scale
        met = None if tiny or target is None else value <= target
        figures.add(name, unit, value, of, f"<= {target}" if target else None, met)

    for share in ("p50", "p99"):
        add(f"five agents, a question, {share}", "question", share, 100 if share == "p50" else None)
        add(f"five agents, a question with time limits, {share}", "question_with_time_limits", share)
        add(f"chain of three nodes, {share}", "chain", share)
        add(f"fan-out to five and join, {share}", "fan", share)
        add(f"supervisor and five agents, {share}", "supervisor", share, of=peer.get("plain", {}).get(share))
        add(f"supervisor and five agents, checkpoints in memory, {share}", "supervisor_memory", share,
            of=peer.get("memory", {}).get(share))
        add(f"supervisor and five agents, durable (fsync), {share}", "supervisor_durable", share)
        add(f"a durable step (one transaction, fsync), {share}", "durable_step", share)
    add("so many questions at once, wall", "burst", "wall", unit="ms", scale=1000)
    add("  one of them, p99", "burst", "p99")
    add("  peak memory of the process", "burst", "peak_rss_mib", unit="MiB", of=peer.get("peak_rss_mib"))
    figures.add("open threads that a restart finds", "threads", ours["reopened"]["threads"], None, "> 0",
                ours["reopened"]["threads"] > 0)
    add("  until each has said where it stands", "reopened", "wall", 5, unit="s", scale=1e6)
    figures.finish()


if __name__ == "__main__":
    main()
