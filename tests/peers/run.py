#!/usr/bin/env python3
"""The peers tier: every benchmark that runs a real other program beside ours, and comparisons with real others. Fails if
one misses a target or differs."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WITH_PEERS = ["embed", "ingest", "ranking", "plain", "fanout", "gap"]
COMPARED = ["supervisor", "backends", "switching", "kills", "idle", "proxies", "partitions", "offline",
            "managed_vllm", "managed_ollama", "embeddings", "qdrant", "clients", "frameworks"]

missed = []
for name in WITH_PEERS:
    print(f"== bench {name}", flush=True)
    if subprocess.run([sys.executable, ROOT / "bench" / f"{name}.py"]).returncode != 0:
        missed.append(name)
for name in COMPARED:
    print(f"== compare {name}", flush=True)
    if subprocess.run([sys.executable, ROOT / "tests/peers" / f"{name}.py"]).returncode != 0:
        missed.append(name)
print(f"{len(WITH_PEERS) + len(COMPARED) - len(missed)} passed, {len(missed)} failed")
sys.exit(bool(missed))
