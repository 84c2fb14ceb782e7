#!/usr/bin/env python3
"""The suite of every store of vectors on a real Qdrant, whose address is in QDRANT_URL (and its key in QDRANT_API_KEY).

Each test has collections of its own, docmind_test_NUMBER_things, and deletes them. Without an address it says that it was
skipped, and passes: nothing is proven then."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
if not os.environ.get("QDRANT_URL"):
    print("skipped: QDRANT_URL names no Qdrant, and none is on the registries used here; what CI has is its engine behind "
          "a stand-in for its server (tests/servers/qdrant.py)")
    sys.exit(0)
subprocess.run([ROOT / "dev", "build", "dev", "vectors_qdrant_test"], check=True)
sys.exit(subprocess.run([ROOT / "build-dev/vectors_qdrant_test", "--gtest_filter=QdrantReal*"], cwd=ROOT).returncode)
