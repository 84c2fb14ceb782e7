#!/usr/bin/env python3
"""Line coverage by room from the profiles a test run left; usage: coverage.py BUILD_FOLDER [LEAST_PERCENT].

Sources only: tests and test doubles do not count. Fails below the least percentage in all.
"""
import collections
import json
import pathlib
import subprocess
import sys

build = pathlib.Path(sys.argv[1])
least = float(sys.argv[2]) if len(sys.argv) > 2 else 0
profiles = [str(p) for p in (build / "coverage").glob("*.profraw")]
binaries = [str(p) for p in sorted(build.glob("*_test"))]
if not profiles or not binaries:
    sys.exit(f"coverage: no profiles in {build}/coverage; run the tests of the asan-ubsan preset first")
merged = build / "coverage" / "all.profdata"
subprocess.run(["llvm-profdata-19", "merge", "-sparse", "-o", merged, *profiles], check=True)
objects = [argument for binary in binaries[1:] for argument in ("-object", binary)]
report = json.loads(subprocess.run(
    ["llvm-cov-19", "export", "-summary-only", "-instr-profile", merged, binaries[0], *objects],
    check=True, capture_output=True).stdout)
rooms = collections.defaultdict(lambda: [0, 0])
for file in report["data"][0]["files"]:
    name = file["filename"]
    if "/src/" not in name or name.endswith("_test.cc") or "/testing/" in name:
        continue
    room = name.split("/src/", 1)[1].rsplit("/", 1)[0]
    rooms[room][0] += file["summary"]["lines"]["covered"]
    rooms[room][1] += file["summary"]["lines"]["count"]
for room, (covered, lines) in sorted(rooms.items()):
    print(f"{room:14s} {covered:6d} of {lines:6d} lines  {100 * covered / max(lines, 1):5.1f} %")
covered, lines = (sum(r[i] for r in rooms.values()) for i in (0, 1))
percent = 100 * covered / max(lines, 1)
print(f"{'all':14s} {covered:6d} of {lines:6d} lines  {percent:5.1f} %  (at least {least:.0f} %)")
sys.exit(percent < least)
